"""Whatever is in the folder of marks: no host fails over it, and nobody is quarantined by what is no mark."""

import errno
import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _sites import Site, plugin, site_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugframe.policy.quarantine import folder, marks
from plugframe.policy.quarantine.digests import digest_of
from plugframe.policy.quarantine.watching import Quarantine

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
FINE = "from myapp import hookimpl\n\n@hookimpl\ndef render(page):\n    return page\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a folder with the application and a plugin."""
    with site_at(tmp_path / "site") as made:
        made.install(plugin("bad", FINE))
        yield made


def facts(site: Site) -> dict[str, object]:
    """Return what a mark of the plugin says that quarantines it."""
    plugins = site.host.plugins
    entry = plugins["bad"].entry_point
    environment = plugins.snapshot.environment
    return {
        "host": "myapp", "plugin": "bad", "distribution": "acme-bad", "version": "1.0", "value": entry.value,
        "digest": digest_of(entry, environment.path), "environment": environment.key, "outer": "",
        "pid": 4711, "since": 1_700_000_000.0,
    }  # fmt: skip


def write(where: str, content: bytes, name: str = "4711-1-0.loading") -> Path:
    """Write a file where marks are, as a process would that is gone."""
    os.makedirs(where, mode=0o700, exist_ok=True)
    path = Path(where) / name
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def state(site: Site) -> str:
    """Return the plugin's state, looked at anew."""
    site.host.refresh()
    return site.host.plugins["bad"].state


def test_a_whole_mark_quarantines(site: Site, quarantine_folder: str) -> None:
    write(quarantine_folder, json.dumps(facts(site)).encode())
    assert state(site) == "quarantined"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"[]", b"7", b'"text"', b"\xff\xfe", b"{}", b"[" * 60_000, b"{}" * 40_000, b"\x00" * 5000,
        b'{"pid": 1, "since": 1e400}', b'{"host": "myapp", "plugin": "bad"}',
    ],
    ids=lambda content: repr(content[:12]),
)  # fmt: skip
def test_what_is_no_mark_quarantines_nobody(site: Site, quarantine_folder: str, content: bytes) -> None:
    write(quarantine_folder, content)
    assert state(site) == "available"
    assert site.load("bad").state == "loaded"


@pytest.mark.parametrize(
    "change",
    [
        {"plugin": None}, {"plugin": ["bad"]}, {"since": 1e300}, {"since": float("nan")}, {"since": "soon"},
        {"pid": {}}, {"pid": "9" * 5000}, {"digest": 5}, {"version": "0.9"}, {"environment": "elsewhere"},
        {"host": "other"},
    ],
    ids=repr,
)  # fmt: skip
def test_a_mark_with_a_field_of_another_kind_quarantines_nobody(
    site: Site, quarantine_folder: str, change: dict[str, object]
) -> None:
    write(quarantine_folder, json.dumps({**facts(site), **change}).encode())
    assert state(site) == "available"


def test_a_truncated_mark_quarantines_nobody(site: Site, quarantine_folder: str) -> None:
    whole = json.dumps(facts(site)).encode()
    for length in range(0, len(whole), 7):
        path = write(quarantine_folder, whole[:length])
        assert isinstance(marks.read(os.fspath(path)), str)
    assert state(site) == "available"


def test_damage_is_logged_once_a_look_and_names_the_file(
    site: Site, quarantine_folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(quarantine_folder, b"no mark")
    with caplog.at_level(logging.WARNING):
        assert {plugin.state for plugin in site.host.plugins.values()} == {"available"}
    (record,) = [one for one in caplog.records if one.name == "plugframe.quarantine"]
    assert os.fspath(path) in record.getMessage()


def test_a_huge_mark_is_not_read_whole(site: Site, quarantine_folder: str) -> None:
    path = write(quarantine_folder, b"")
    os.truncate(path, 1 << 40)  # sparse
    assert state(site) == "available"


def test_a_folder_with_very_many_files_is_looked_at_in_part(site: Site, quarantine_folder: str) -> None:
    for number in range(marks.MOST + 5):
        write(quarantine_folder, b"", f"{number}-1-0.loading")
    assert state(site) == "available"
    assert "has more than" in marks.find()[1][quarantine_folder]


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "dangling"])
def test_what_is_no_file_is_not_opened(site: Site, quarantine_folder: str, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    path = write(quarantine_folder, b"")
    path.unlink()
    target.write_text(json.dumps(facts(site)), encoding="utf-8")
    makers: dict[str, Callable[[], object]] = {
        "link": lambda: path.symlink_to(target),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "dangling": lambda: path.symlink_to(tmp_path / "nowhere"),
    }
    if kind != "folder" and os.name == "nt":
        pytest.skip("there are no pipes in folders on Windows, and links need a privilege")
    makers[kind]()
    assert state(site) == "available"
    assert site.load("bad").state == "loaded"


@pytest.mark.skipif(os.name == "nt", reason="Windows tells who may write by other means")
@pytest.mark.parametrize("place", ["file", "folder"])
def test_what_others_can_write_quarantines_nobody(site: Site, quarantine_folder: str, place: str) -> None:
    path = write(quarantine_folder, json.dumps(facts(site)).encode())
    os.chmod(path if place == "file" else quarantine_folder, 0o777)
    assert state(site) == "available"


@pytest.mark.skipif(not AS_ROOT, reason="only root can give files away")
@pytest.mark.parametrize("place", ["file", "folder"])
def test_what_belongs_to_others_quarantines_nobody(site: Site, quarantine_folder: str, place: str) -> None:
    path = write(quarantine_folder, json.dumps(facts(site)).encode())
    os.chown(path if place == "file" else quarantine_folder, 12345, 12345)
    assert state(site) == "available"


@pytest.mark.parametrize("where", ["a file", "below a file", "\0", "/proc/nowhere/quarantine"])
def test_where_no_folder_can_be_made_plugins_load_unguarded(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    places = {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "below"}
    setting = places.get(where, where)
    monkeypatch.setattr(folder, "folder", lambda: os.fspath(setting))
    monkeypatch.setattr("plugframe.policy.quarantine.watching.folder", lambda: os.fspath(setting))
    assert state(site) == "available"
    assert site.load("bad").state == "loaded"


@pytest.mark.parametrize("call", ["open", "write", "unlink", "listdir", "makedirs", "fstat", "read"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_failing_disk_is_no_obstacle(
    site: Site, quarantine_folder: str, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    host = site.host
    record = host.plugins["bad"]
    write(quarantine_folder, b"no mark")
    real = getattr(os, call)

    def fail(what: object, *arguments: object, **options: object) -> object:
        if isinstance(what, int) or quarantine_folder in os.fsdecode(what):  # type: ignore[arg-type] # a path
            raise OSError(number, os.strerror(number))
        return real(what, *arguments, **options)

    quarantine = Quarantine("myapp", host.plugins.snapshot.environment)
    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        quarantine.judge(record.entry_point)
        with quarantine.watch(record):
            pass
    marks._lift_all()  # noqa: SLF001 # what could not be deleted then


def test_where_files_cannot_be_locked_nothing_is_kept(
    site: Site, quarantine_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl", reason="Windows locks by other means")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    whole = write(quarantine_folder, json.dumps(facts(site)).encode())
    monkeypatch.setattr(fcntl, "flock", refuse)
    assert state(site) == "available"
    assert site.load("bad").state == "loaded"
    assert os.listdir(quarantine_folder) == [whole.name]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from([*marks.FIELDS, "pid", "since"]), inner, max_size=10)
            ),
            max_leaves=12,
        ).map(lambda document: json.dumps(document).encode()),
        st.fixed_dictionaries(
            dict.fromkeys([*marks.FIELDS], st.text(max_size=5))
            | {"pid": st.integers() | st.floats() | st.text(), "since": st.floats() | st.integers() | st.text()}
        ).map(lambda document: json.dumps(document).encode("utf-8", "surrogatepass")),
    )
)
def test_reading_a_file_never_raises(quarantine_folder: str, content: bytes) -> None:
    path = write(quarantine_folder, content)
    found = marks.read(os.fspath(path))
    assert isinstance(found, (marks.Mark, str))
    names, problems = marks.find()
    assert len(names) + len(problems) <= 1
