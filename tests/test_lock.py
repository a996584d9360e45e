"""``plugframe lock``: what is locked, what is said of it, and what becomes of a lock file that is not one."""

import json
import os
import random
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _command import run
from _locked import CANARY, HOST, Installed, module_tree, plugin, recorded
from click.testing import CliRunner

from plugframe.cli.embedding import plugins_command
from plugframe.errors import LockError
from plugframe.policy.locking import lockfile, making, text
from plugframe.policy.locking.observed.recorded import Place, rows
from plugframe.policy.locking.values import Lock
from plugframe.testing.environments import distribution

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
VISION = plugin(
    "vision",
    {"acme_vision": {"__init__.py": "", "plugin.py": CANARY, "data.json": "{}"}},
    target="acme_vision.plugin [fast]",
    requires=(
        "acme-base>=1",
        "acme-fast; extra == 'fast'",
        "acme-slow; extra == 'slow'",
        "acme-nowhere",
        "acme-other; python_version < '3'",
        "what is this ??",
    ),
)
BASE = recorded(
    distribution("acme-base", requires=("Acme.Deep[more]",), requested=False, modules=module_tree(acme_base=""))
)
DEEP = recorded(
    distribution("acme-deep", requires=("acme-base", "acme-more; extra == 'more'"), modules=module_tree(acme_deep=""))
)
MORE, FAST, SLOW, OTHER = (
    recorded(distribution(f"acme-{name}", modules=module_tree(**{f"acme_{name}": ""})))
    for name in ("more", "fast", "slow", "other")
)
OWN = recorded(distribution("shop", "3.0", entry_points={"plugframe.hosts": {"shop": "shop:host"}}))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    made = Installed(tmp_path, VISION, BASE, DEEP, MORE, FAST, SLOW, OTHER, OWN)
    monkeypatch.chdir(made.project)
    return made


def lock(installed: Installed, *arguments: str) -> Any:
    return run("lock", "--static", "--python", os.fspath(installed.prefix), *arguments)


def locked(installed: Installed) -> Lock:
    return lockfile.load(os.fspath(installed.lock_file))


def test_lock_has_the_plugins_and_what_they_need_here(installed: Installed) -> None:
    done = lock(installed)
    assert done.exit_code == 0, done.output
    found = locked(installed).distributions
    assert list(found) == ["acme_base", "acme_deep", "acme_fast", "acme_more", "acme_vision", "shop"]
    assert found["acme_vision"].requires == ("acme_base", "acme_fast")
    assert "acme-vision 1.0: it needs acme-nowhere: it is not installed" in done.stderr
    assert "needs what is this ??: it cannot be read" in done.stderr
    assert done.stdout == f"plugframe.lock has 6 distributions, {sum(len(one.files) for one in found.values())} files\n"


def test_lock_has_every_file_as_it_is_and_no_bytecode_of_sources(installed: Installed) -> None:
    cache = installed.site / "acme_vision" / "__pycache__"
    cache.mkdir()
    (cache / "plugin.cpython-313.pyc").write_bytes(b"x")
    installed.install({"acme_vision": {"plugin.py": "changed = 1\n", "unrecorded.py": "", "data.json": ""}})
    done = lock(installed)
    vision = locked(installed).distributions["acme_vision"]
    own = {path: file.size for path, file in vision.files.items() if "dist-info" not in path}
    assert own == {
        "acme_vision/__init__.py": 0, "acme_vision/data.json": 0, "acme_vision/plugin.py": 12,
        "acme_vision/unrecorded.py": 0,
    }  # fmt: skip
    assert vision.entry_points == {"shop.plugins": {"vision": "acme_vision.plugin [fast]"}}
    assert "acme_vision-1.0.dist-info/RECORD" not in vision.files
    assert len(vision.record) == len(vision.files["acme_vision/plugin.py"].sha256)
    assert done.exit_code == 0
    assert "its sha256 is not the one in RECORD (acme_vision/plugin.py)" in done.stderr
    assert "RECORD does not name it (acme_vision/unrecorded.py)" in done.stderr


def test_lock_is_the_same_for_the_same_content_and_written_only_when_it_changes(installed: Installed) -> None:
    lock(installed)
    before, status = installed.lock_file.read_bytes(), installed.lock_file.stat()
    assert stat.S_IMODE(status.st_mode) & 0o022 == 0
    lock(installed)
    assert (installed.lock_file.read_bytes(), installed.lock_file.stat().st_ino) == (before, status.st_ino)
    assert text.write(text.read(before.decode())) == before.decode()
    assert sorted(os.listdir(installed.project)) == ["plugframe.lock", "plugframe.toml"]


def test_check_writes_nothing_and_tells_what_changed(installed: Installed) -> None:
    assert lock(installed, "--check").exit_code == 3
    assert not installed.lock_file.exists()
    lock(installed)
    assert (lock(installed, "--check").exit_code, lock(installed, "--check").stdout) == (
        0,
        "plugframe.lock is up to date\n",
    )
    installed.install({"acme_base.py": "x = 1\n"}, plugin("late", module_tree(acme_late="")))
    before = installed.lock_file.read_bytes()
    done = lock(installed, "--check")
    assert done.exit_code == 3
    assert "added acme-late 1.0\nchanged acme-base 1.0: acme_base.py\n" in done.stdout
    assert installed.lock_file.read_bytes() == before


def test_upgrade_locks_one_distribution_anew_and_what_it_needs_now(installed: Installed) -> None:
    lock(installed)
    before = locked(installed)
    changed = plugin("vision", {"acme_vision": {"__init__.py": "", "plugin.py": "new"}}, requires=("acme-slow",))
    installed.install(changed, {"acme_base.py": "changed"})
    for name in ("Acme.Vision", "vision"):
        installed.lock_file.write_text(text.write(before), encoding="utf-8")
        assert lock(installed, "--upgrade", name).exit_code == 0
        after = locked(installed)
        assert after.distributions["acme_vision"].requires == ("acme_slow",)
        assert set(after.distributions) == {*before.distributions, "acme_slow"}
        assert after.distributions["acme_base"] == before.distributions["acme_base"]


def test_editable_install_is_refused_unless_it_is_allowed(installed: Installed) -> None:
    direct = json.dumps({"url": "file:///src/acme", "dir_info": {"editable": True}})
    entry_points = {f"{HOST}.plugins": {"local": "acme_local"}}
    installed.install(recorded(distribution("acme-local", entry_points=entry_points, direct_url=direct)))
    done = lock(installed)
    assert done.exit_code == 1
    assert "acme-local 1.0 cannot be locked: it is an editable install of file:///src/acme" in done.stderr
    assert "plugframe lock --allow-editable" in done.stderr
    assert not installed.lock_file.exists()
    assert lock(installed, "--allow-editable").exit_code == 0
    assert locked(installed).distributions["acme_local"].editable


def test_distribution_whose_files_nobody_knows_is_refused(installed: Installed) -> None:
    (installed.site / "acme_deep-1.0.dist-info" / "RECORD").unlink()
    done = lock(installed)
    assert done.exit_code == 1
    assert "acme-deep 1.0 cannot be locked: it cannot be told which files are its own" in done.stderr
    assert not installed.lock_file.exists()


def test_plugin_whose_module_record_does_not_name_is_told(installed: Installed) -> None:
    assert "names it" not in lock(installed).stderr
    record = installed.site / "acme_vision-1.0.dist-info" / "RECORD"
    rows = [row for row in record.read_text().splitlines(keepends=True) if not row.startswith("acme_vision/")]
    record.write_text("".join(rows))
    done = lock(installed)
    assert done.exit_code == 0
    told = "acme-vision 1.0: it needs the module acme_vision.plugin: an entry point names it, and no file that RECORD"
    assert told in done.stderr
    assert not any(path.startswith("acme_vision/") for path in locked(installed).distributions["acme_vision"].files)


def test_own_distribution_of_a_host_that_cannot_be_locked_is_left_out_and_said(installed: Installed) -> None:
    (installed.site / "shop-3.0.dist-info" / "RECORD").unlink()
    done = lock(installed)
    assert done.exit_code == 0
    assert "shop" not in locked(installed).distributions
    assert "it is the host's own, and is left out" in done.stderr


def test_record_leads_nowhere_else(tmp_path: Path) -> None:
    """Rows that escape the prefix, are absolute or pass a link are said, and what they name is not read."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("secret", encoding="utf-8")
    rows = (
        "../../../../../outside/secret.py,,",
        f"{outside}/secret.py,,",
        "acme_linked/secret.py,,",
        "acme_link.py,,",
        "acme/../../x.py,,",
        "a//b.py,,",
        "C:\\x.py,,",
        "../../../bin/acme,,",
        "../../../share/acme/x.txt,,",
        "/".join(["deep"] * 70) + ",,",
    )
    installed = Installed(tmp_path, plugin("vision", module_tree(acme_vision=CANARY), rows=rows))
    (installed.site / "acme_linked").symlink_to(outside)
    (installed.site / "acme_link.py").symlink_to(outside / "secret.py")
    installed.install({"acme": {"__init__.py": ""}})
    for place in ("bin/acme", "share/acme/x.txt"):
        (installed.prefix / place).parent.mkdir(parents=True, exist_ok=True)
        (installed.prefix / place).write_text("beside", encoding="utf-8")
    read: list[str] = []
    made = making.make(installed.snapshot(), [HOST], watch=lambda path, _size: read.append(path))
    files = set(made.lock.distributions["acme_vision"].files)
    assert {path for path in files if "dist-info" not in path} == {
        "acme_vision.py", "../../../bin/acme", "../../../share/acme/x.txt",
    }  # fmt: skip
    assert not [path for path in read if "secret" in path or "link" in path]
    wrong = {path: reason for _, path, reason in made.disagreements}
    assert set(wrong) == {row.partition(",")[0].replace("\\", "/") for row in rows} - files
    assert "leads through a link" in wrong["acme_linked/secret.py"]
    assert "it is a link" in wrong["acme_link.py"]
    assert f"leads out of {installed.prefix}" in wrong["../../../../../outside/secret.py"]


def test_hosts_and_names_that_are_not_there_are_refused_with_those_like_them(installed: Installed) -> None:
    for arguments, expected in (
        (("--host", "shpo"), "Did you mean shop?"),
        (("--upgrade", "acme-visoin"), "acme_vision"),
        (("--upgrade", "vision", "--check"), "give one of them"),
    ):
        done = lock(installed, *arguments)
        assert done.exit_code == 2
        assert expected in done.stderr
    done = lock(installed, "--output", os.fspath(installed.project / "no" / "folder.lock"))
    assert done.exit_code == 2
    assert "it cannot be written" in done.stderr


def test_lock_as_json_tells_the_same(installed: Installed) -> None:
    found = json.loads(lock(installed, "--json").stdout)
    assert (found["schema"], found["state"], found["hosts"]) == (1, "written", ["shop"])
    assert [one["distribution"] for one in found["distributions"]][-2:] == ["acme-vision", "shop"]
    assert {one["code"] for one in found["diagnostics"]} == {"PF221"}


def test_lock_of_a_mounted_host_is_of_that_host_alone(installed: Installed) -> None:
    installed.install(recorded(distribution("other", entry_points={"plugframe.hosts": {"other": "other:host"}})))
    where = ("--static", "--python", os.fspath(installed.prefix))
    mounted = plugins_command("shop")
    assert CliRunner().invoke(mounted, ["lock", *where], catch_exceptions=False).exit_code == 0
    assert locked(installed).hosts == ("shop",)
    assert CliRunner().invoke(mounted, ["verify", *where], catch_exceptions=False).exit_code == 0
    assert lock(installed).exit_code == 0
    assert locked(installed).hosts == ("other", "shop")


def _text(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        change(document)
        path.write_text(json.dumps(document), encoding="utf-8")

    return apply


def _file(path: str, said: str = "0" * 64 + " 1") -> Callable[[Path], None]:
    return _text(lambda document: document["distributions"]["acme_vision"]["files"].update({path: said}))


def _field(name: str, value: object) -> Callable[[Path], None]:
    return _text(lambda document: document["distributions"]["acme_vision"].update({name: value}))


def _sparse(path: Path) -> None:
    with open(path, "ab") as file:
        file.truncate(lockfile.LARGEST + 1)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _linked(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "garbage": lambda path: path.write_bytes(b"\xff\x00" * 100),
    "deep": lambda path: path.write_text("[" * 200_000, encoding="utf-8"),
    "deep inside": lambda path: path.write_text('{"a":' * 100_000, encoding="utf-8"),
    "huge": _sparse,
    "pipe": _pipe,
    "link": _linked,
    "link to nothing": _dangling,
    "folder": _folder,
    "writable by others": lambda path: path.chmod(0o666),
    "writable by the group": lambda path: path.chmod(0o664),
    "folder for everybody": lambda path: path.parent.chmod(0o777),
    "no lock": lambda path: path.write_text("{}", encoding="utf-8"),
    "a list": lambda path: path.write_text("[]", encoding="utf-8"),
    "another version": _text(lambda document: document.update({"plugframe-lock": 2})),
    "true as version": _text(lambda document: document.update({"plugframe-lock": True})),
    "more fields": _text(lambda document: document.update(more=1)),
    "fewer fields": _text(lambda document: document.pop("hosts")),
    "twice": lambda path: path.write_bytes(path.read_bytes().replace(b'"hosts"', b'"python": "x", "hosts"')),
    "path up": _file("acme/../../../x"),
    "path absolute": _file("/etc/passwd"),
    "path of a drive": _file("C:/x"),
    "path with a backslash": _file("a\\b"),
    "path deep": _file("a/" * 200 + "b"),
    "path empty": _file(""),
    "no sha256": _file("x.py", "abc 1"),
    "upper case": _file("x.py", "A" * 64 + " 1"),
    "size below zero": _file("x.py", "0" * 64 + " -1"),
    "size is no number": _file("x.py", "0" * 64 + " \u0661"),
    "file is a list": _text(lambda document: document["distributions"]["acme_vision"]["files"].update(x=[])),
    "files is a list": _field("files", []),
    "version is a number": _field("version", 1),
    "editable is a text": _field("editable", "no"),
    "requires is a text": _field("requires", "acme"),
    "entry points are texts": _field("entry-points", {"shop.plugins": "vision"}),
    "record is a text": _field("record", "abc"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_lock_that_cannot_be_relied_on_is_refused_and_no_plugin_may_run(installed: Installed, damage: str) -> None:
    installed.lock()
    assert installed.states() == {"vision": "available"}
    DAMAGES[damage](installed.lock_file)
    with pytest.raises(LockError) as caught:
        lockfile.load(os.fspath(installed.lock_file))
    assert caught.value.reason
    assert caught.value.next_step
    assert len(str(caught.value)) < 1000
    assert installed.states() == {"vision": "blocked"}
    assert run("verify", "--static", "--python", os.fspath(installed.prefix)).exit_code == 2


@pytest.mark.skipif(not AS_ROOT, reason="only root can give files to another user")
def test_lock_of_another_user_is_refused(installed: Installed) -> None:
    installed.lock()
    os.chown(installed.lock_file, 1, 1)
    with pytest.raises(LockError, match="belongs to another user"):
        lockfile.load(os.fspath(installed.lock_file))
    assert installed.states() == {"vision": "blocked"}


def test_lock_of_another_python_is_refused(installed: Installed) -> None:
    made = installed.lock()
    lockfile.save(os.fspath(installed.lock_file), made.replace(python="cpython-20"))
    assert installed.states() == {"vision": "blocked"}
    assert f"made for cpython-20, and this is {sys.implementation.cache_tag}" in installed.reasons()["vision"]


def test_lock_that_cannot_be_written_leaves_the_old_one(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    made = installed.lock()
    before = installed.lock_file.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LockError, match="No space left on device"):
        lockfile.save(os.fspath(installed.lock_file), made.replace(hosts=()))
    assert installed.lock_file.read_bytes() == before
    assert sorted(os.listdir(installed.project)) == ["plugframe.lock", "plugframe.toml"]


def test_changed_lock_is_refused_or_one_that_leads_nowhere_else(installed: Installed) -> None:
    """Bytes of a lock exchanged, left out and repeated, the same in every run."""
    good = text.write(installed.lock()).encode()
    choose = random.Random(7)  # noqa: S311 # to be the same each time
    refused = 0
    for _ in range(500):
        content = bytearray(good)
        at, length = choose.randrange(len(good)), choose.randrange(60)
        change = choose.choice((b"", bytes([choose.randrange(256)]), good[at : at + length], b"../", b"[" * length))
        content[at : at + choose.randrange(3)] = change
        try:
            found = text.read(content.decode())
        except ValueError:
            refused += 1
            continue
        for distribution_ in found.distributions.values():
            assert not [path for path in distribution_.files if text.path_problem(path)]
    assert refused > 100


def test_row_of_a_changed_record_is_in_the_prefix_or_told(tmp_path: Path) -> None:
    """Bytes of a RECORD exchanged and left out, the same in every run."""
    place = Place(os.fspath(tmp_path / "lib" / "python3.13" / "site-packages"))
    good = b'a/x.py,sha256=abc,3\n"q,uo",,\n../../../bin/x,sha256=,\r\n/etc/x,,\n'
    choose = random.Random(7)  # noqa: S311 # to be the same each time
    followed = 0
    for _ in range(2000):
        content = bytearray(good)
        at = choose.randrange(len(good))
        content[at : at + choose.randrange(3)] = bytes(
            choose.choices(b'",\n\r\0=/.\\abc\xff123', k=choose.randrange(4))
        )
        try:
            recorded_rows = list(rows(content.decode()))
        except ValueError:
            continue
        for row in recorded_rows:
            if not place.problem(row.path):
                followed += 1
                assert place.path(row.path).startswith(os.fspath(tmp_path) + os.sep)
    assert followed > 1000
