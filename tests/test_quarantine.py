"""Plugins that crash, exit or hang while they are loaded: they cost one start, not all of them."""

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from _crashing import HANG, SEGFAULT, Starts
from _sites import Site, plugin, site_at

from plugframe import Host
from plugframe.errors import PluginBlockedError
from plugframe.policy.quarantine import marks
from plugframe.policy.quarantine.watching import Quarantine

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes are killed by signals here")
FINE = "from myapp import hookimpl\n\n@hookimpl\ndef render(page):\n    return page\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a folder with the application and a plugin that is fine."""
    with site_at(tmp_path / "site") as made:
        made.install(plugin("fine", FINE))
        yield made


@pytest.fixture
def starts(site: Site) -> Starts:
    """Return what starts the application."""
    return Starts(site)


def left(folder: str) -> list[str]:
    """Return the names of the marks that are there."""
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def states(starts: Starts) -> dict[str, str]:
    """Return each plugin's state as a new host decides it."""
    plugins = Host("myapp", path=[os.fspath(starts.site.folder)]).plugins
    return {name: plugins[name].state for name in plugins}


QUARANTINED = {"bad": "quarantined", "fine": "available"}


def test_a_segfault_at_import_costs_one_start_and_not_all(starts: Starts) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    assert starts.run()[0] == -signal.SIGSEGV
    for _ in range(2):
        assert starts.run()[:2] == (0, ["bad: quarantined", "fine: loaded"])


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param("import os; os._exit(7)", 7, id="exit"),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, id="out of memory"),
    ],
)
def test_whatever_else_ends_the_process_counts_too(starts: Starts, code: str, status: int) -> None:
    starts.site.install(plugin("bad", code))
    assert starts.run()[0] == status
    assert states(starts) == QUARANTINED


def test_a_crash_in_a_plugins_registration_counts_too(starts: Starts) -> None:
    code = f"from plugframe import hookimpl\n\n@hookimpl\ndef plugframe_register_classes(classes):\n    {SEGFAULT}\n"
    starts.site.install(plugin("bad", code))
    assert starts.run()[0] == -signal.SIGSEGV
    assert states(starts) == QUARANTINED


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_hang_that_somebody_kills_costs_one_start(starts: Starts, how: signal.Signals) -> None:
    starts.site.install(plugin("bad", HANG))
    assert starts.kill(how) == -how
    assert states(starts) == QUARANTINED


def test_the_first_call_of_a_hook_is_guarded_like_a_load(starts: Starts) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    call = "import myapp; print(myapp.host.hook.render(page='p'))"
    assert starts.run(call)[0] == -signal.SIGSEGV
    assert starts.run(call)[:2] == (0, ["['p']"])


@pytest.mark.parametrize(
    "code", ["1 / 0", "raise SystemExit(3)", "import nowhere", "def f():\n    f()\nf()", "raise MemoryError"]
)
def test_what_can_be_survived_is_only_broken(starts: Starts, quarantine_folder: str, code: str) -> None:
    starts.site.install(plugin("bad", code))
    assert starts.site.load("bad").state == "broken"
    assert left(quarantine_folder) == []
    assert states(starts)["bad"] == "available"


def test_a_quarantined_plugin_says_why_since_when_and_what_to_do(starts: Starts) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    with starts.popen() as crashed:
        crashed.communicate()
    host = starts.site.host
    decision = host.plugins["bad"].decision
    assert decision.state == "quarantined"
    assert f"process {crashed.pid} ended while loading it" in decision.reason
    (report,) = [result for result in host.report() if result.plugin.name == "bad"]
    assert (report.state, report.reason) == ("quarantined", decision.reason)
    assert "plugframe quarantine clear bad" in report.next_step
    with pytest.raises(ExceptionGroup) as raised:
        host.load("bad", strict=True)
    (error,) = raised.value.exceptions
    assert isinstance(error, PluginBlockedError)
    assert decision.reason in str(error)


def test_an_upgrade_is_tried_once(starts: Starts) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    starts.run()
    starts.site.uninstall("bad")
    starts.site.install(plugin("bad", SEGFAULT, version="1.1"))
    assert starts.run()[0] == -signal.SIGSEGV
    assert states(starts) == QUARANTINED


def test_an_upgrade_that_loads_forgets_what_was_before(starts: Starts, quarantine_folder: str) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    starts.run()
    starts.site.uninstall("bad")
    starts.site.install(plugin("bad", FINE, version="1.1"))
    assert [result.state for result in starts.site.host.load_all()] == ["loaded", "loaded"]
    assert left(quarantine_folder) == []


def test_other_files_under_the_same_version_are_tried(starts: Starts) -> None:
    tree = plugin("bad", target="acme_bad_parts.inner")
    parts = {"__init__.py": "", "inner.py": SEGFAULT}
    starts.site.install(tree, {"acme_bad_parts": parts})
    assert starts.run()[0] == -signal.SIGSEGV
    for changed in (
        {"acme_bad_parts": {"inner.py": FINE}},
        {"acme_bad_parts": {"__init__.py": "# of another build"}},
        {"acme_bad-1.0.dist-info": {"RECORD": "acme_bad_native.so,sha256=other,1\n"}},
    ):
        assert states(starts) == QUARANTINED
        starts.site.install(changed)
        assert states(starts)["bad"] == "available"
        starts.site.install(tree, {"acme_bad_parts": parts})


@pytest.mark.parametrize(
    ("kind", "name", "use"),
    [
        ("classes", "parts.Part", "myapp.host.classes.parts.Part"),
        ("callbacks", "part", "myapp.host.callbacks.slot('part', lambda: 1)()"),
        (
            "operations",
            "parts.cut.acme",
            "operation = myapp.host.operation('parts.cut')\n@operation\ndef cut(x: int) -> int: return x\ncut(1)",
        ),
    ],
)
def test_what_is_declared_apart_from_a_plugin_is_guarded_too(starts: Starts, kind: str, name: str, use: str) -> None:
    starts.site.install(plugin("bad", also={f"myapp.{kind}": {name: "acme_bad_parts:Part"}}))
    starts.site.install({"acme_bad_parts.py": SEGFAULT})
    assert starts.run(f"import myapp; {use}")[0] == -signal.SIGSEGV
    assert states(starts) == QUARANTINED
    assert starts.run(f"import myapp; {use}")[0] in (0, 1)  # Its slot is not bound, or it is not registered.


def test_a_plugin_that_is_imported_by_its_name_in_the_application_is_guarded_too(starts: Starts) -> None:
    root = "import myapp\nmyapp.host.namespace(__name__)\n"
    starts.site.install(plugin("bad", SEGFAULT), {"myplugins": {"__init__.py": root}})
    assert starts.run("from myplugins import bad")[0] == -signal.SIGSEGV
    assert states(starts) == QUARANTINED
    status, _, said = starts.run("from myplugins import bad")
    assert status == 1
    assert "quarantine clear bad" in said


def test_another_host_is_not_affected(starts: Starts) -> None:
    tree = plugin("bad", SEGFAULT, also={"other.plugins": {"bad": "acme_fine"}})
    starts.site.install(tree)
    starts.run()
    assert starts.site.host.plugins["bad"].state == "quarantined"
    assert Host("other", path=[os.fspath(starts.site.folder)]).plugins["bad"].state == "available"


def test_another_environment_is_not_affected(starts: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    starts.run()
    monkeypatch.setattr("sys.prefix", os.fspath(starts.site.folder))
    assert starts.site.host.plugins["bad"].state == "available"


def test_nothing_is_kept_or_read_where_it_is_off(
    starts: Starts, quarantine_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    assert starts.run(PLUGFRAME_QUARANTINE="off")[0] == -signal.SIGSEGV
    assert left(quarantine_folder) == []
    starts.run()
    assert states(starts) == QUARANTINED
    monkeypatch.setenv("PLUGFRAME_QUARANTINE", "off")
    assert states(starts)["bad"] == "available"


def test_a_plugin_that_is_loading_elsewhere_is_not_quarantined(starts: Starts) -> None:
    starts.site.install(plugin("bad", HANG))
    with starts.popen() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hanging\n"
        assert starts.site.host.plugins["bad"].state == "available"
        process.kill()
        process.communicate()
    starts.site.host.refresh()
    assert starts.site.host.plugins["bad"].state == "quarantined"


def test_of_plugins_that_load_each_other_the_inner_one_did_it(starts: Starts) -> None:
    outer = "import myapp\nmyapp.host.load('bad')\n" + FINE
    starts.site.install(plugin("bad", SEGFAULT), plugin("aaa", outer))
    assert starts.run()[0] == -signal.SIGSEGV
    assert starts.run()[:2] == (0, ["aaa: loaded", "bad: quarantined", "fine: loaded"])
    starts.site.uninstall("bad")
    starts.site.install(plugin("bad", FINE, version="1.1"))
    starts.run()
    # What was left of the outer one does not come back with the inner one's success.
    assert set(states(starts).values()) == {"available"}


def test_of_plugins_that_threads_load_at_once_all_are_suspects_and_named(starts: Starts) -> None:
    wait = "import sys, time\nwhile 'acme_bad' not in sys.modules:\n    time.sleep(0.01)\n"
    starts.site.install(plugin("slow", wait + HANG), plugin("bad", "import time; time.sleep(60)"))
    both = """
        import threading, myapp
        for name in ("bad", "slow"):
            threading.Thread(target=myapp.host.load, args=(name,)).start()
    """
    assert starts.kill(signal.SIGKILL, code=both) == -signal.SIGKILL
    plugins = starts.site.host.plugins
    assert {name: plugins[name].state for name in plugins} == {
        "bad": "quarantined", "fine": "available", "slow": "quarantined"
    }  # fmt: skip
    assert "it was loading slow too" in plugins["bad"].decision.reason


def test_a_process_that_ends_by_itself_while_a_thread_loads_accuses_nobody(
    starts: Starts, quarantine_folder: str
) -> None:
    starts.site.install(plugin("slow", HANG))
    code = """
        import sys, threading, time, myapp
        threading.Thread(target=myapp.host.load, args=("slow",), daemon=True).start()
        while "acme_slow" not in sys.modules:
            time.sleep(0.01)
    """
    assert starts.run(code)[0] == 0
    assert left(quarantine_folder) == []


def test_a_process_forked_while_loading_neither_keeps_nor_lifts_the_mark(
    starts: Starts, quarantine_folder: str
) -> None:
    code = f"""
        import os, time
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, b"here")
            time.sleep(1)
            os._exit(0)
        os.read(reader, 4)
        {SEGFAULT}
    """
    starts.site.install(plugin("bad", code))
    with starts.popen() as process:
        assert process.wait() == -signal.SIGSEGV
        (mark,) = marks.find()[0]
        assert (mark.plugin, mark.alive, mark.pid) == ("bad", False, process.pid)
        process.communicate()
    assert len(left(quarantine_folder)) == 1


def test_one_interruption_is_forgiven_and_two_in_a_row_are_a_hang(starts: Starts) -> None:
    starts.site.install(plugin("bad", HANG))
    for _ in range(2):
        assert states(starts)["bad"] == "available"
        assert starts.kill(signal.SIGINT, after=1.1) == -signal.SIGINT
    assert states(starts) == QUARANTINED
    assert "interrupted 2 times in a row" in starts.site.host.plugins["bad"].decision.reason


def interrupt(quarantine: Quarantine, host: Host, name: str) -> None:
    """Interrupt the loading of a plugin."""
    with pytest.raises(KeyboardInterrupt), quarantine.watch(host.plugins[name]):
        raise KeyboardInterrupt


def quarantine_of(host: Host, *, patience: float = 0.0) -> Quarantine:
    """Return a fresh look at the marks of a host's plugins."""
    return Quarantine(host.name, host.plugins.snapshot.environment, patience=patience)


def test_a_quick_interruption_leaves_nothing(site: Site, quarantine_folder: str) -> None:
    interrupt(quarantine_of(site.host, patience=60), site.host, "fine")
    assert left(quarantine_folder) == []


def test_a_success_forgets_interruptions(site: Site, quarantine_folder: str) -> None:
    host = site.host
    interrupt(quarantine_of(host), host, "fine")
    assert len(left(quarantine_folder)) == 1
    with quarantine_of(host).watch(host.plugins["fine"]):
        pass
    assert left(quarantine_folder) == []
    interrupt(quarantine_of(host), host, "fine")
    assert quarantine_of(host).reason(host.plugins["fine"].entry_point) == ""


def test_a_start_that_loads_nothing_makes_no_file(site: Site, quarantine_folder: str) -> None:
    list(site.host.plugins.values())
    site.host.report()
    assert not os.path.exists(quarantine_folder)


def test_a_plugin_without_code_of_its_own_makes_no_mark(site: Site, quarantine_folder: str) -> None:
    tree = plugin("parts", also={"myapp.classes": {"parts.Part": "acme_parts:Part"}})
    info = next(name for name in tree if name.endswith("dist-info"))
    site.install(tree, {info: {"entry_points.txt": "[myapp.classes]\nparts.Part = acme_parts:Part\n"}})
    assert site.load("acme-parts").state == "loaded"
    assert not os.path.exists(quarantine_folder)


def test_threads_that_load_and_look_at_once_accuse_nobody(site: Site, quarantine_folder: str) -> None:
    site.install(*(plugin(f"p{number}", FINE) for number in range(8)))
    host, stop, seen = site.host, threading.Event(), list[marks.Mark]()

    def look() -> None:
        while not stop.is_set():
            found, problems = marks.find()
            assert not problems
            seen.extend(mark for mark in found if not mark.alive)

    looking = threading.Thread(target=look)
    looking.start()
    quarantine = quarantine_of(host)
    for _ in range(20):
        for record in host.plugins.values():
            with quarantine.watch(record):
                pass
    stop.set()
    looking.join()
    assert seen == []
    assert left(quarantine_folder) == []


def test_marks_are_the_users_alone(site: Site, quarantine_folder: str) -> None:
    host = site.host
    with quarantine_of(host).watch(host.plugins["fine"]):
        (name,) = left(quarantine_folder)
        assert os.stat(os.path.join(quarantine_folder, name)).st_mode & 0o777 == 0o600
        assert os.stat(quarantine_folder).st_mode & 0o777 == 0o700


def test_without_a_setting_marks_are_in_the_users_state_folder(
    starts: Starts, tmp_path: Path, quarantine_folder: str
) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    where = {"HOME": os.fspath(tmp_path / "home"), "XDG_STATE_HOME": "", "PLUGFRAME_QUARANTINE": ""}
    assert starts.run(**where)[0] == -signal.SIGSEGV
    assert left(quarantine_folder) == []
    found = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert [path.parent.name for path in found] == ["quarantine"]


def test_clearing_by_hand_is_deleting_the_file(starts: Starts, quarantine_folder: str) -> None:
    starts.site.install(plugin("bad", SEGFAULT))
    starts.run()
    assert states(starts) == QUARANTINED
    shutil.rmtree(quarantine_folder)
    assert states(starts)["bad"] == "available"
