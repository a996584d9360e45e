"""Other environments: asked by running their Python once, or read off their folders without running anything."""

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest
from _answers import keep_young_files, names, output, plugin, unprivileged
from _installed import Installation, make_venv

from plugframe.discovery import interpreters
from plugframe.discovery.interpreters import ask, read
from plugframe.discovery.snapshot import Environment, current_environment, discover
from plugframe.errors import EnvironmentNotReadableError
from plugframe.testing.environments import write_tree


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return a virtual environment that no test changes, with one plugin."""
    return make_venv(tmp_path_factory.mktemp("shared") / "venv", plugin("acme"))


def site_of(environment: Environment, prefix: Path) -> list[str]:
    """Return the path entries that belong to an environment's own folder."""
    return [entry for entry in environment.path if Path(entry).is_relative_to(prefix)]


def script(path: Path, text: str) -> str:
    """Write an executable shell script and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + dedent(text))
    path.chmod(0o755)
    return os.fspath(path)


# Asked.


def test_this_interpreter_answers_with_what_it_knows_of_itself() -> None:
    found = ask(sys.executable)
    assert (found.prefix, found.base_prefix) == (sys.prefix, sys.base_prefix)
    assert found.cache_tag == sys.implementation.cache_tag
    assert {entry for entry in sys.path if "site-packages" in entry} <= {*found.path}
    assert found.markers is not None
    assert found.markers["python_full_version"] == ".".join(map(str, sys.version_info[:3]))
    assert found.markers["sys_platform"] == sys.platform
    assert not found.is_current
    assert found.live == frozenset()


@pytest.mark.parametrize("way", ["folder", "executable", "relative", "command"])
def test_environment_without_plugframe_is_found_by_any_way_to_name_it(
    shared: Installation, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.chdir(shared.prefix)
    monkeypatch.setenv("PATH", f"{shared.scripts}{os.pathsep}{os.environ['PATH']}")
    targets = {
        "folder": os.fspath(shared.prefix), "executable": os.fspath(shared.python),
        "relative": os.path.join(".", "bin", "python"), "command": "python",
    }  # fmt: skip
    environment = ask(targets[way])
    assert environment.prefix == os.fspath(shared.prefix)
    for deep in (False, True):
        assert names(discover(environment, deep=deep)) == ["acme"]
    assert not environment.gaps


def test_environment_that_was_asked_has_an_index_of_its_own(
    shared: Installation, cache_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_young_files(monkeypatch)
    environment = ask(os.fspath(shared.prefix))
    discover(current_environment())
    discover(environment)
    assert len(os.listdir(cache_folder)) == 2
    assert os.fspath(shared.site) in discover(environment).index.found
    assert os.fspath(shared.site) not in discover(current_environment()).index.found


def other_pythons() -> Iterator[str]:
    """Yield the interpreters of other versions that are on PATH and run."""
    for name in ("python2.7", *(f"python3.{minor}" for minor in range(6, 20))):
        found = shutil.which(name)
        if found is None or name == "python{}.{}".format(*sys.version_info):
            continue
        if subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            yield found


def test_any_other_version_of_python_answers(tmp_path: Path) -> None:
    others = list(other_pythons())
    if not others:
        pytest.skip("no other version of Python is on PATH")
    for other in others:
        version = os.path.basename(other).removeprefix("python")
        environment = ask(other)
        assert environment.markers is not None
        assert environment.markers["python_version"] == version
        assert version.replace(".", "") in environment.cache_tag
        assert environment.path
        discover(environment, deep=True).diagnostics()
        if version.startswith("2"):
            continue
        made = tmp_path / version
        subprocess.run([other, "-m", "venv", "--without-pip", made], check=True)
        write_tree(next(iter(made.glob("lib/python*/site-packages"))), plugin("acme"))
        assert names(discover(ask(os.fspath(made)))) == ["acme"]
        static = read(os.fspath(made))
        assert site_of(static, made) == site_of(ask(os.fspath(made)), made)
        assert static.cache_tag == environment.cache_tag


NOISE = {
    "text": "print('good morning')",
    "text without an end of line": "import sys; sys.stdout.write('good morning')",
    "bytes that are no text": "import os; os.write(1, b'\\xff\\xfe\\n')",
    "something like the answer": "print('@@plugframe@@{}'); print('{\"path\": []}')",
    "a whole wrong answer": "print('\\n@@plugframe@@{\"path\": []}')",
    "much text": "print('x' * 300000)",
    "errors": "import sys; sys.stderr.write('warning' * 20000)",
    "text at its end": "import atexit; atexit.register(print, 'good night')",
    "text at its end without an end of line": "import atexit, sys; atexit.register(sys.stdout.write, 'good night')",
}


@pytest.mark.parametrize("kind", NOISE)
@pytest.mark.parametrize("file", ["sitecustomize.py", "noise.pth"])
def test_what_an_environment_prints_besides_does_no_harm(tmp_path: Path, kind: str, file: str) -> None:
    made = make_venv(tmp_path / "venv", plugin("acme"))
    code = NOISE[kind] if file.endswith(".py") else f"import os; exec({NOISE[kind]!r})"
    write_tree(made.site, {file: code + "\n"})
    assert names(discover(ask(os.fspath(made.prefix)))) == ["acme"]


def test_path_files_run_and_what_they_add_is_seen(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "venv")
    write_tree(tmp_path / "plain", plugin("plain"))
    write_tree(tmp_path / "computed", plugin("computed"))
    code = f"import sys; sys.path.append({os.fspath(tmp_path / 'computed')!r})"
    write_tree(made.site, {"a.pth": f"{tmp_path / 'plain'}\n", "b.pth": f"{code}\n"})
    assert names(discover(ask(os.fspath(made.prefix)))) == ["plain", "computed"]


@pytest.mark.parametrize("odd", ["__import__('pathlib').Path('/')", "b'bytes'", "None", "3"])
def test_path_entry_that_is_no_text_is_passed_over(tmp_path: Path, odd: str) -> None:
    made = make_venv(tmp_path / "venv", plugin("acme"))
    write_tree(made.site, {"odd.pth": f"import sys; sys.path.insert(0, {odd})\n"})
    environment = ask(os.fspath(made.prefix))
    assert all(isinstance(entry, str) for entry in environment.path)
    assert names(discover(environment)) == ["acme"]


def test_path_entry_that_has_no_encoding_is_read(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "venv", plugin("acme"))
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("this file system refuses names that are no UTF-8")
    write_tree(Path(os.fsdecode(folder)), plugin("odd"))
    write_tree(made.site, {"odd.pth": f"import sys; sys.path.append({os.fsdecode(folder)!a})\n"})
    assert names(discover(ask(os.fspath(made.prefix)))) == ["acme", "odd"]


def test_finders_of_the_environment_are_named_as_a_gap(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "venv", plugin("acme"))
    finder = """
        import sys

        class Finder:
            def find_spec(self, *_): return None
            def find_distributions(self, context): raise RuntimeError("asked")

        sys.meta_path.append(Finder())
    """
    write_tree(made.site, {"acme_finder.py": dedent(finder), "acme.pth": "import acme_finder\n"})
    environment = ask(os.fspath(made.prefix))
    (gap,) = environment.gaps
    assert "acme_finder" in gap
    assert names(discover(environment)) == ["acme"]


def test_variables_of_this_process_count_only_when_they_shall(
    tmp_path: Path, shared: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, plugin("inherited"))
    monkeypatch.setenv("PYTHONPATH", os.fspath(tmp_path))
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    assert names(discover(ask(os.fspath(shared.prefix)))) == ["acme"]
    monkeypatch.delenv("PYTHONHOME")
    inherited = ask(os.fspath(shared.prefix), inherit_environment=True)
    assert names(discover(inherited)) == ["inherited", "acme"]


def test_working_directory_is_not_on_the_path_that_is_answered(
    tmp_path: Path, shared: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(
        tmp_path, {**plugin("near"), "json.py": "raise SystemExit('json was imported from the working directory')"}
    )
    monkeypatch.chdir(tmp_path)
    for inherit in (False, True):
        environment = ask(os.fspath(shared.prefix), inherit_environment=inherit)
        assert all(os.path.isabs(entry) for entry in environment.path)
        assert "near" not in names(discover(environment))


BROKEN = {
    "nothing": "",
    "missing": "{here}/missing",
    "missing command": "plugframe-no-such-command",
    "a NUL byte": "a\0b",
    "a folder without a Python": "{here}",
    "a text": "{here}/text",
    "a text that may be run": "{here}/text-x",
    "a command that succeeds": "true",
    "a command that fails": "false",
    "a command that repeats the question": "echo",
    "a command that prints another answer": "{here}/other",
    "a command that prints an incomplete answer": "{here}/incomplete",
    "a command that prints an answer of other types": "{here}/types",
    "a command that prints no JSON": "{here}/no-json",
    "a command that kills itself": "{here}/killed",
    "a link to nothing": "{here}/dangling",
    "a pipe": "{here}/pipe",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_target_that_does_not_answer_is_an_error_that_names_it(tmp_path: Path, kind: str) -> None:
    (tmp_path / "text").write_text("text")
    (tmp_path / "text-x").write_text("text")
    (tmp_path / "text-x").chmod(0o755)
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe", 0o755)
    texts = {"prefix": "/", "base_prefix": "/", "cache_tag": "x", "version": "3.9.0", "platform": "linux"}
    whole = json.dumps({"path": [], "finders": [], **texts})
    script(tmp_path / "other", "printf '\\n@@plugframe@@[1]'")
    script(tmp_path / "incomplete", "printf '\\n@@plugframe@@{}'")
    script(tmp_path / "types", f"""printf '\\n@@plugframe@@{whole.replace("[]", "3", 1)}'""")
    script(tmp_path / "no-json", "printf '\\n@@plugframe@@'")
    script(tmp_path / "fails", f"printf '\\n@@plugframe@@{whole}'; exit 1")
    script(tmp_path / "killed", "kill -9 $$")
    target = BROKEN[kind].format(here=tmp_path)
    with pytest.raises(EnvironmentNotReadableError) as caught:
        ask(target)
    assert caught.value.target == target
    assert caught.value.reason
    assert repr(target)[1:-1] in str(caught.value)


def test_target_that_hangs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "SECONDS", 0.5)
    hangs = script(tmp_path / "hangs", "echo junk; exec sleep 60")
    with pytest.raises(EnvironmentNotReadableError, match="did not answer within"):
        ask(hangs)


def test_what_a_target_left_behind_prints_after_its_end_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its processes may outlive it, and hold its output."""
    monkeypatch.setattr(interpreters, "SECONDS", 0.2)
    hangs = script(tmp_path / "hangs", "(sleep 0.5; echo late; sleep 0.2; echo later) & wait")
    with pytest.raises(EnvironmentNotReadableError, match="did not answer within"):
        ask(hangs)
    time.sleep(0.8)  # A thread that fails meanwhile fails this test.


def test_target_that_prints_without_end_is_an_error_before_memory_is_used_up(tmp_path: Path) -> None:
    """In a process with a limit on its memory."""
    endless = script(tmp_path / "endless", "exec yes good morning, this is a long line that comes again and again")
    code = """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
        from plugframe.discovery import interpreters
        from plugframe.errors import EnvironmentNotReadableError
        interpreters.SECONDS = 5
        try:
            interpreters.ask(sys.argv[1])
        except EnvironmentNotReadableError:
            print("refused")
    """
    assert output(code, endless, timeout=30) == "refused\n"


# Read.


def test_reading_runs_nothing(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "venv", plugin("acme"))
    code = f"import os; open({os.fspath(tmp_path / 'ran')!r}, 'w')\n"
    write_tree(
        made.site, {"sitecustomize.py": code, "usercustomize.py": code, "code.pth": code, "acme": {"__init__.py": code}}
    )
    for python in made.scripts.glob("python*"):
        python.unlink()
        script(python, f"touch {tmp_path / 'ran'}")
    for target in (made.prefix, made.python):
        environment = read(os.fspath(target))
        assert environment.prefix == os.fspath(made.prefix)
        assert names(discover(environment, deep=True)) == ["acme"]
    assert not (tmp_path / "ran").exists()


def test_reading_and_asking_agree_on_an_ordinary_environment(shared: Installation) -> None:
    static, asked = read(os.fspath(shared.prefix)), ask(os.fspath(shared.prefix))
    assert [*static.path] == site_of(asked, shared.prefix)
    assert (static.prefix, static.base_prefix, static.cache_tag) == (asked.prefix, asked.base_prefix, asked.cache_tag)
    assert static.markers is not None
    assert asked.markers is not None
    assert static.markers["python_version"] == asked.markers["python_version"]
    assert static.gaps == ()
    assert not static.is_current


@pytest.mark.parametrize("setting", ["true", "false", "TRUE", "maybe", None])
def test_reading_and_asking_agree_on_the_systems_packages(tmp_path: Path, setting: str | None) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    config = tmp_path / "venv" / "pyvenv.cfg"
    lines = [line for line in config.read_text().splitlines() if "system-site" not in line]
    config.write_text("\n".join([*lines, *([f"Include-System-Site-Packages = {setting}"] if setting else []), ""]))
    static, asked = read(os.fspath(tmp_path / "venv")), ask(os.fspath(tmp_path / "venv"))
    installed = [entry for entry in asked.path if entry.endswith(("site-packages", "dist-packages"))]
    assert [entry for entry in static.path if entry in installed] == installed
    assert (len(installed) > 1) is (setting in (None, "true", "TRUE"))


PATH_FILE = """
# a comment
{root}/absolute
relative
./relative
../site-packages/relative/../up

{root}/missing
{root}/absolute
{root}/with space
{root}/trailing\t
  {root}/indented
{root}/a-file.zip
importlib_like
#{root}/commented
{root}/last"""


def test_reading_and_asking_agree_on_path_files(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "venv")
    root = tmp_path / "root"
    for name in ("absolute", "with space", "trailing", "indented", "commented", "last"):
        (root / name).mkdir(parents=True)
    (root / "a-file.zip").touch()
    for name in ("relative", "up", "importlib_like", "second"):
        (made.site / name).mkdir()
    content = PATH_FILE.format(root=root)
    write_tree(
        made.site,
        {
            "b.pth": content,
            "a.pth": "second\n",
            "c.pth": content.replace("\n", "\r\n"),
            "d.pth": "",
            "readme.txt": f"{root}/no",
        },
    )
    static, asked = read(os.fspath(made.prefix)), ask(os.fspath(made.prefix))
    assert list(dict.fromkeys(map(os.path.realpath, static.path))) == site_of(asked, tmp_path)
    assert static.gaps == ()


def test_lines_and_files_with_code_are_gaps(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "venv", plugin("acme"))
    (made.site / "plain").mkdir()
    code = {"a.pth": "plain\nimport sys; sys.path.append('/x')\n", "b.pth": "import\tos\n", "c.start": "acme:start\n"}
    write_tree(made.site, {**code, "d.pth": "plain\n", "importer.pth": "importlib\n"})
    environment = read(os.fspath(made.prefix))
    assert [next(name for name in code if os.fspath(made.site / name) in gap) for gap in environment.gaps] == [*code]
    assert environment.path == (os.fspath(made.site), os.fspath(made.site / "plain"))


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfplain\n", b"caf\xe9\nplain\n", b"\x00\x00\nplain\n", b"x" * 10**6 + b"\nplain\n"]
)
def test_path_file_of_any_content_is_read_as_far_as_it_can_be(tmp_path: Path, content: bytes) -> None:
    made = make_venv(tmp_path / "venv", {**plugin("acme"), "plain": plugin("plain"), "odd.pth": content})
    assert names(discover(read(os.fspath(made.prefix)))) == ["acme", "plain"]


@pytest.mark.parametrize("kind", ["folder", "dangling", "loop", "pipe", "device"])
def test_anything_in_place_of_a_path_file_neither_hangs_nor_hides(tmp_path: Path, kind: str) -> None:
    made = make_venv(tmp_path / "venv", {**plugin("acme"), "plain": plugin("plain"), "z.pth": "plain\n"})
    path = made.site / "odd.pth"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"dangling": "nowhere", "loop": "odd.pth", "device": "/dev/full"}[kind])
    code = """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        from _answers import names
        from plugframe.discovery.interpreters import read
        from plugframe.discovery.snapshot import discover
        environment = read(sys.argv[1])
        print(names(discover(environment)), len(environment.gaps))
    """
    assert output(code, made.prefix, timeout=15) == "['acme', 'plain'] 1\n"


def test_folders_without_permission_are_an_error_or_a_gap() -> None:
    """Root's rights are dropped for it, since they ignore permissions."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = make_venv(Path(folder) / "venv", {**plugin("acme"), "shut.pth": "/\n"})
        (made.site / "shut.pth").chmod(0)
        read(os.fspath(made.prefix))  # imports all that is needed
        with unprivileged():
            (gap,) = read(os.fspath(made.prefix)).gaps
        assert os.fspath(made.site / "shut.pth") in gap
        for shut in (made.site, made.site.parent, made.site.parent.parent):
            shut.chmod(0)
            with unprivileged(), pytest.raises(EnvironmentNotReadableError):
                read(os.fspath(made.prefix))
            shut.chmod(0o755)


@pytest.mark.parametrize(
    ("folder", "config", "version"),
    [
        ("lib/python3.9/site-packages", "", "3.9"),
        ("lib/python3.14/site-packages", "version = 3.12.1\n", "3.14"),
        ("lib/python3.13t/site-packages", "", "3.13"),
        ("lib/pypy3.10/site-packages", "", "3.10"),
        ("Lib/site-packages", "version = 3.12.1\n", "3.12"),
        ("Lib/site-packages", "version_info = 3.10.4.final.0\n", "3.10"),
        ("Lib/site-packages", "", "{}.{}".format(*sys.version_info)),
        ("Lib/site-packages", "version = unknown\n", "{}.{}".format(*sys.version_info)),
        ("local/lib/python3.11/dist-packages", "", "3.11"),
    ],
)
def test_version_is_read_off_the_folders(tmp_path: Path, folder: str, config: str, version: str) -> None:
    write_tree(tmp_path / folder, plugin("acme"))
    (tmp_path / "pyvenv.cfg").write_text(f"home = /nowhere/bin\n{config}")
    environment = read(os.fspath(tmp_path))
    assert environment.markers is not None
    assert environment.markers["python_version"] == version
    assert environment.base_prefix == "/nowhere"
    assert names(discover(environment)) == ["acme"]


def test_environment_that_was_upgraded_is_read_for_the_version_that_it_has_now(tmp_path: Path) -> None:
    """``venv --upgrade`` leaves the former version's folder."""
    for version in ("3.9", "3.10", "3.12"):
        write_tree(tmp_path / "lib" / f"python{version}" / "site-packages", plugin("acme", entry=version))
    (tmp_path / "pyvenv.cfg").write_text("home = /nowhere/bin\nversion = 3.12.4\n")
    assert names(discover(read(os.fspath(tmp_path)))) == ["3.12"]


def test_library_folder_by_two_names_is_read_once(tmp_path: Path) -> None:
    site = write_tree(tmp_path / "lib" / "python3.12" / "site-packages", plugin("acme"))
    (tmp_path / "lib64").symlink_to("lib")
    assert read(os.fspath(tmp_path)).path == (os.fspath(site),)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"home\n= x\n===\n", b"home = \n"])
def test_configuration_of_any_content_is_no_error(tmp_path: Path, content: bytes | None) -> None:
    write_tree(tmp_path / "lib" / "python3.12" / "site-packages", plugin("acme"))
    if content is None:
        (tmp_path / "pyvenv.cfg").mkdir()
    else:
        (tmp_path / "pyvenv.cfg").write_bytes(content)
    assert names(discover(read(os.fspath(tmp_path)))) == ["acme"]


def test_executable_that_is_a_link_means_the_environment_that_it_lies_in(tmp_path: Path, shared: Installation) -> None:
    (tmp_path / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    script(tmp_path / "bin" / "python3.12", "exit 1")
    (tmp_path / "bin" / "python").symlink_to("python3.12")
    assert read(os.fspath(tmp_path / "bin" / "python")).prefix == os.fspath(tmp_path)
    assert read(os.fspath(shared.python)).prefix == os.fspath(shared.prefix)


@pytest.mark.parametrize("target", ["", "missing", "empty", "empty/file", "a\0b", "dangling", "half"])
def test_what_is_no_environment_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    monkeypatch.chdir(tmp_path)
    write_tree(
        tmp_path, {"empty": {"file": ""}, "half": {"lib": {"python3.12": {"site-packages": "a file"}, "python3": ""}}}
    )
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(EnvironmentNotReadableError) as caught:
        read(target)
    assert os.path.basename(caught.value.target) == os.path.basename(target)
