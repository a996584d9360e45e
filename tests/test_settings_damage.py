"""Settings that are damaged, huge, deep, somebody else's or no files: no plugin runs, and the rest still works."""

import json
import os
import stat
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from _command import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugframe import Host
from plugframe.errors import SettingsError
from plugframe.policy.settings import files, writing
from plugframe.policy.settings.reading import read_settings
from plugframe.policy.settings.values import Ruling, Source, spelling
from plugframe.testing.environments import distribution, write_tree

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
POSIX = os.name == "posix"
SAID = b'disable = ["vision"]\n'


def foreign(path: Path) -> None:
    path.write_bytes(SAID)
    os.chown(path, 12345, 12345)


def unreadable(path: Path) -> None:
    path.write_bytes(SAID)
    path.chmod(0)


def writable(path: Path) -> None:
    path.write_bytes(SAID)
    path.chmod(0o666)


def loop(path: Path) -> None:
    path.symlink_to(path)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no TOML": (lambda path: path.write_bytes(b"disable = [vision"), "it is no TOML"),
    "half a character": (lambda path: path.write_bytes(b'disable = ["\xc3'), "it is no TOML"),
    "no UTF-8": (lambda path: path.write_bytes(b'disable = ["\xff"]'), "it is no TOML"),
    "zeros": (lambda path: path.write_bytes(bytes(100)), "it is no TOML"),
    "UTF-16": (lambda path: path.write_bytes('disable = ["x"]'.encode("utf-16")), "it is no TOML"),
    "a key twice": (lambda path: path.write_bytes(SAID + SAID), "it is no TOML"),
    "an unknown key": (lambda path: path.write_bytes(b'disabel = ["vision"]'), "it has a key 'disabel'"),
    "a wrong type": (lambda path: path.write_bytes(b"disable = true"), "a list of names is wanted"),
    "deep": (lambda path: path.write_bytes(b"disable = " + b"[" * 100_000), "it is"),
    "deep tables": (lambda path: path.write_bytes(b"[" + b"a." * 200 + b"a]"), "it has a key 'a'"),
    "huge": (lambda path: path.write_bytes(SAID + b"#" * (files.LARGEST + 1)), "larger than"),
    "a folder": (Path.mkdir, "it cannot be read"),
    "a pipe": (os.mkfifo, "not a regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "larger than"),
    "a link to nowhere": (lambda path: path.symlink_to("nowhere"), "a link that leads nowhere"),
    "a link to itself": (loop, "it cannot be read"),
    "of another user": (foreign, "it belongs to another user"),
    "everybody's": (writable, "everybody can write it"),
    "unreadable": (unreadable, "it cannot be read"),
}
POSSIBLE = {
    "a pipe": POSIX,
    "a device": POSIX,
    "a link to itself": POSIX,
    "a link to nowhere": POSIX,
    "of another user": AS_ROOT,
    "everybody's": POSIX,
    "unreadable": POSIX and not AS_ROOT,  # root reads everything
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on the path with a plugin whose import ends the process."""
    site = write_tree(
        tmp_path / "site",
        distribution(
            "acme-vision",
            entry_points={"shop.plugins": {"vision": "acme_vision"}, "plugframe.hosts": {"shop": "shop:host"}},
            modules={"acme_vision.py": "import os\nos._exit(7)"},
        ),
    )
    monkeypatch.syspath_prepend(site)
    return site


@pytest.mark.parametrize("damage", [name for name in DAMAGES if POSSIBLE.get(name, True)])
@pytest.mark.parametrize("name", ["plugframe.toml", "plugframe.decisions.toml"])
def test_damaged_settings_let_nothing_run_and_everything_that_tells_goes_on(
    site: Path, settings_folder: str, damage: str, name: str
) -> None:
    path = Path(settings_folder) / name
    path.parent.mkdir(parents=True)
    make, told = DAMAGES[damage]
    make(path)
    host = Host("shop", path=[site])
    assert list(host.plugins) == ["vision"]
    (result,) = host.load_all()
    assert result.state == "blocked"
    assert os.fspath(path) in result.reason
    assert told in result.reason
    listed = run("list", "--json", "--host", "shop")
    assert listed.exit_code == 0
    document = json.loads(listed.stdout)
    assert [row["state"] for row in document["plugins"]] == ["blocked"]
    (finding,) = (found for found in document["diagnostics"] if found["code"] == "PF190")
    assert finding["path"] == os.fspath(path)
    assert finding["fix"]
    why = run("why", "vision")
    assert (why.exit_code, why.stdout.startswith("blocked: ")) == (0, True)


@pytest.mark.skipif(not POSIX, reason="the permissions are POSIX's")
@pytest.mark.parametrize("damage", ["no TOML", "an unknown key", "a pipe", "a link to nowhere", "everybody's", "huge"])
def test_what_is_damaged_is_not_written_over(site: Path, settings_folder: str, damage: str) -> None:
    path = Path(settings_folder) / "plugframe.decisions.toml"
    path.parent.mkdir(parents=True)
    DAMAGES[damage][0](path)
    before = os.lstat(path)
    done = run("disable", "vision")
    assert (done.exit_code, done.stdout) == (2, "")
    assert os.fspath(path) in done.stderr
    after = os.lstat(path)
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
    assert os.listdir(settings_folder) == [path.name]
    assert site.exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a file away")
def test_a_project_of_another_user_is_taken_where_it_is_named(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    foreign(folder / "plugframe.toml")
    monkeypatch.delenv("PLUGFRAME_PROJECT")
    monkeypatch.chdir(folder)
    assert "it belongs to another user" in Host("shop", path=[site]).plugins["vision"].decision.reason
    assert "PLUGFRAME_PROJECT" in Host("shop", path=[site]).plugins["vision"].decision.next_step
    monkeypatch.setenv("PLUGFRAME_PROJECT", os.fspath(folder))
    assert Host("shop", path=[site]).plugins["vision"].state == "disabled"


@pytest.mark.skipif(not POSIX, reason="symbolic links need a privilege on Windows")
def test_a_link_to_settings_is_followed_and_not_written_through(
    site: Path, tmp_path: Path, settings_folder: str
) -> None:
    target = tmp_path / "dotfiles.toml"
    target.write_bytes(SAID)
    folder = Path(settings_folder)
    folder.mkdir(parents=True)
    (folder / "plugframe.toml").symlink_to(target)
    assert Host("shop", path=[site]).plugins["vision"].state == "disabled"
    (folder / "plugframe.decisions.toml").symlink_to(target)
    assert run("enable", "vision").exit_code == 2
    assert target.read_bytes() == SAID


def test_a_byte_order_mark_is_passed_over(site: Path, settings_folder: str) -> None:
    Path(settings_folder).mkdir(parents=True)
    (Path(settings_folder) / "plugframe.toml").write_bytes(b"\xef\xbb\xbf" + SAID)
    assert Host("shop", path=[site]).plugins["vision"].state == "disabled"


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"[broken", "available"),
        (b"[tool.plugframe", "blocked"),
        (b"[tool.plugframe]\nmode = 3", "blocked"),
        (b"[tool]\nplugframe = 3", "blocked"),
        (b"[tool.other]\nplugframe = 3", "available"),
        (b'[project]\nname = "plugframe"', "available"),
        (b"[tool.plugframe]\ndisable = ['vision']", "disabled"),
    ],
)
def test_a_project_file_matters_only_where_it_speaks_of_plugins(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, state: str
) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    monkeypatch.delenv("PLUGFRAME_PROJECT")
    monkeypatch.chdir(tmp_path)
    assert Host("shop", path=[site]).plugins["vision"].state == state


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text(alphabet=string.printable, max_size=200).map(str.encode),
        st.lists(
            st.sampled_from(
                ("[", "]", "=", '"', "\n", "disable", "mode", "hosts.shop", "'x'", "{", "}", ",", ".", "1")
            ),
            max_size=40,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_whatever_stands_in_a_file_is_settings_or_a_problem(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shipped.toml"
    path.write_bytes(content)
    found = read_settings("shop", given=path)
    assert all(isinstance(problem, SettingsError) for problem in found.problems)
    assert not (found.problems and found.layers)
    assert found.says_nothing is not bool(found.problems or found.layers)


TEXTS = st.text(min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)
NAMES = TEXTS.filter(str.isprintable)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rulings=st.lists(
        st.builds(
            Ruling,
            name=NAMES,
            enabled=st.just(False),
            reason=st.one_of(st.just(""), NAMES),
            by=st.one_of(st.just(""), NAMES),
            since=st.sampled_from(("", "2026-01-01")),
            until=st.sampled_from(("", "2030-02-28")),
            source=st.just(Source(scope="user", place="x")),
        ),
        max_size=4,
        unique_by=lambda ruling: spelling(ruling.name),
    ),
    hosts=st.lists(st.sampled_from(("shop", "my.app-2", "")), min_size=1, unique=True),
)
def test_whatever_is_recorded_is_read_again(tmp_path: Path, rulings: list[Ruling], hosts: list[str]) -> None:
    path = tmp_path / "plugframe.decisions.toml"
    path.unlink(missing_ok=True)
    writing.record(os.fspath(path), hosts, rulings, forget=())
    writing.record(os.fspath(path), hosts, (), forget=())
    found = read_settings(hosts[0] or "any", given=path)
    assert found.problems == ()
    source = Source(scope="host", place=os.fspath(path))
    assert {*found.every_ruling()} == {one.replace(source=source) for one in rulings}


@pytest.mark.skipif(not POSIX or AS_ROOT, reason="root writes everywhere, and Windows has other permissions")
def test_a_folder_that_cannot_be_written_is_told(site: Path, settings_folder: str) -> None:
    Path(settings_folder).mkdir(parents=True)
    Path(settings_folder).chmod(stat.S_IRUSR | stat.S_IXUSR)
    done = run("disable", "vision")
    assert done.exit_code == 2
    assert "it cannot be written" in done.stderr
    assert site.exists()


@pytest.mark.parametrize("failing", ["fsync", "replace", "open"])
def test_a_full_disk_leaves_what_was_there(
    site: Path, settings_folder: str, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    assert run("disable", "vision", "--reason", "the first").exit_code == 0
    path = Path(settings_folder) / "plugframe.decisions.toml"
    before = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    done = run("disable", "vision", "--reason", "the second")
    monkeypatch.undo()
    assert (done.exit_code, done.stdout) == (2, "")
    assert path.read_bytes() == before
    assert os.listdir(settings_folder) == [path.name]
    assert site.exists()
