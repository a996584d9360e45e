"""``PLUGFRAME_CROSSREF``: an application's own test suite, with every call of an operation checked."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from plugframe import Host
from plugframe.errors import BackendNotFoundError, OperationSettingError
from plugframe.operations.crossref.activating import from_environment
from plugframe.testing.environments import distribution, write_tree

PATIENCE = 60.0
APPLICATION = """
    import os
    from collections.abc import Iterable

    import plugframe

    host = plugframe.Host("myapp", path=[os.path.dirname(__file__)])

    @host.operation("text.shout")
    def shout(words: Iterable[str]) -> list[str]:
        return [word.upper() for word in words]

    @host.operation("text.sort")
    def sort(words: list[str]) -> list[str]:
        words.sort()  # and nobody said so
        return words
"""
BACKEND = """
    def shout(words):
        return tuple(word.upper() for word in words)
"""
SUITE = """
    import threading

    import myapp


    def test_shouting():
        assert list(myapp.shout.using("default")(["a", "b"])) == ["A", "B"]


    def test_shouting_in_a_thread():
        found = []

        def run():
            try:
                found.append(myapp.shout.using("default")(["a"]))
            except AssertionError as error:
                found.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(20)
        assert found == [["A"]]


    def test_sorting():
        assert myapp.sort(["b", "a"]) == ["a", "b"]


    def test_words_on_their_way():
        assert list(myapp.shout.using("default")(word for word in "ab")) == ["A", "B"]
"""


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an application with one plugin and a test suite, which passes."""
    folder = tmp_path_factory.mktemp("application")
    declared = {"myapp.operations": {"text.shout.acme": "acme_shout:shout"}}
    plugin = distribution("acme-shout", "1.2", entry_points=declared, modules={"acme_shout.py": dedent(BACKEND)})
    return write_tree(folder, {"myapp.py": dedent(APPLICATION), "test_myapp.py": dedent(SUITE), **plugin})


def run_suite(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the application's test suite in a process of its own."""
    package = sys.modules["plugframe"].__file__
    assert package is not None
    path = os.pathsep.join([os.fspath(folder), os.path.dirname(os.path.dirname(package))])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "test_myapp.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_without_the_variable_the_suite_passes_and_nothing_is_told(application: Path) -> None:
    done = run_suite(application, PLUGFRAME_CROSSREF="0")
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    assert done.stderr == ""


def test_loopback_finds_what_changes_an_argument_and_tells_at_the_end_what_was_checked(application: Path) -> None:
    done = run_suite(application, PLUGFRAME_CROSSREF="loopback")
    assert "1 failed, 3 passed" in done.stdout
    assert "FAILED test_myapp.py::test_sorting" in done.stdout
    assert "argument 'words'[0]: 'a' != 'b' (changed by the call, and not declared in mutates)" in done.stdout
    assert "from myapp import host" in done.stdout
    assert "host.ops.text.sort.using('default')(words=['b', 'a'])" in done.stdout
    heading, _, *lines = done.stderr.splitlines()
    assert heading == (
        "PLUGFRAME_CROSSREF: operations of myapp compared with 'loopback': 3 calls checked, 1 mismatched, 1 skipped"
    )
    assert [line.split()[-3:] for line in lines[:2]] == [["2", "0", "1"], ["0", "1", "0"]]  # one of them in a thread
    assert lines[2].startswith("skipped 1 of text.shout: the argument 'words' is or holds an iterator (generator)")


def test_mismatches_with_a_plugins_backend_may_be_collected(application: Path) -> None:
    done = run_suite(application, PLUGFRAME_CROSSREF="acme", PLUGFRAME_CROSSREF_ON_MISMATCH="collect")
    assert done.returncode == 0, done.stdout
    assert "2 calls checked, 2 mismatched, 2 skipped" in done.stderr
    assert "output: type list != tuple" in done.stderr
    assert "'acme' of myapp.operations:text.shout.acme from acme-shout 1.2" in done.stderr
    assert "skipped 1 of text.sort: it has no backend 'acme'" in done.stderr


def test_a_value_that_means_nothing_fails_each_call(application: Path) -> None:
    done = run_suite(application, PLUGFRAME_CROSSREF="lopback")
    assert "4 failed" in done.stdout
    assert "did you mean 'loopback'?" in done.stdout
    assert "PLUGFRAME_CROSSREF names" in done.stdout


@pytest.fixture
def host() -> Host:
    """Return a host with one operation and a backend of it."""
    host = Host("myapp", path=[])

    @host.operation("text.shout")
    def shout(word: str) -> str:
        return word.upper()

    shout.backend("acme", lambda word: word.upper())
    return host


@pytest.mark.parametrize("value", ["", "  ", "0", "off", "OFF", "false", "no"])
def test_values_that_mean_off_check_nothing(host: Host, value: str) -> None:
    assert from_environment(host.ops, {"PLUGFRAME_CROSSREF": value}) is None


@pytest.mark.parametrize(
    ("variables", "error", "message"),
    [
        ({"PLUGFRAME_CROSSREF": "1"}, BackendNotFoundError, "no backend named '1', which PLUGFRAME_CROSSREF names"),
        ({"PLUGFRAME_CROSSREF": "acne"}, BackendNotFoundError, "did you mean 'acme'"),
        (
            {"PLUGFRAME_CROSSREF": "loopback", "PLUGFRAME_CROSSREF_ON_MISMATCH": "wran"},
            OperationSettingError,
            "PLUGFRAME_CROSSREF_ON_MISMATCH is one of .*got 'wran'; did you mean 'warn'",
        ),
    ],
)
def test_values_that_mean_nothing_are_errors(
    host: Host, variables: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        from_environment(host.ops, variables)


def test_a_block_counts_more_than_the_environment(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUGFRAME_CROSSREF", "loopback")
    monkeypatch.setenv("PLUGFRAME_CROSSREF_ON_MISMATCH", "collect")
    told: list[Any] = []
    monkeypatch.setattr("atexit.register", lambda tell, *arguments, **options: told.append(arguments[1]))
    shout = host.ops.text.shout
    with host.ops.crossref() as report:
        assert shout("a") == "A"
    assert shout("a") == "A"
    (standing,) = told
    assert (report.checked, standing.checked) == (1, 1)
