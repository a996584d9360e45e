"""``plugframe bisect``: the plugins that make a command fail, found by running it with fewer and fewer of them."""

import json
import os
import random
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from _command import command, plain, run, run_on_terminal, variables
from _overlaid import GROUP, PATIENCE, is_running, script, stall, until, visible
from hypothesis import given, settings
from hypothesis import strategies as st

from plugframe.discovery.snapshot import current_environment, discover
from plugframe.overlay.bisecting import FAILS, Exits, Trials, bisect
from plugframe.overlay.processes import KEPT, Ended, ended_by_signals, watched
from plugframe.overlay.search import Closures, smallest
from plugframe.overlay.targets import Target, targets
from plugframe.testing.environments import distribution, write_tree

LETTERS = "abcdefgh"
NONZERO = Exits()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install eight plugins, one of which requires another's; nothing is left in the folder for temporary files."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", os.fspath(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    trees = [stall(letter, requires=("bridge",) if letter == "c" else ()) for letter in LETTERS]
    with visible(tmp_path / "site", monkeypatch, *trees, distribution("bridge", requires=("stall-g",))) as made:
        yield made
    assert list((tmp_path / "temporary").iterdir()) == []


class Tried:
    """A bisection of a command that is a function: the names of its plugins to its exit code."""

    def __init__(
        self,
        code: Callable[[set[str]], int],
        *,
        keep: str = "",
        repeats: int = 1,
        exits: Exits = NONZERO,
        deaf: bool = False,
    ) -> None:
        self.runs: list[set[str]] = []
        snapshot = discover(current_environment())
        known = targets(snapshot, groups=[GROUP])

        def run(enabled: frozenset[Target]) -> tuple[Ended, bool]:
            self.runs.append({target.name for target in enabled})
            return Ended(code(self.runs[-1]), 0.1), not deaf

        trials = Trials(run, exits=exits, repeats=repeats)
        self.verdict = bisect(known, trials, snapshot, keep=[target for target in known if target.name in keep])
        self.culprits = [target.name for target in self.verdict.culprits]
        self.needed = [target.name for target in self.verdict.needed]


def test_one_plugin_is_found_and_each_set_is_run_once_but_for_what_is_confirmed() -> None:
    tried = Tried(lambda names: "e" in names)
    assert (tried.verdict.kind, tried.culprits, tried.needed, tried.verdict.others) == ("found", ["e"], [], False)
    assert tried.runs[:2] == [set(LETTERS), set()]
    assert len(tried.runs) - len(set(map(frozenset, tried.runs))) == 1
    assert len(tried.runs) < 12


def test_two_plugins_that_fail_only_together_are_found() -> None:
    assert Tried(lambda names: {"b", "h"} <= names).culprits == ["b", "h"]


def test_no_plugin_is_there_without_what_its_distribution_requires() -> None:
    tried = Tried(lambda names: "c" in names)
    assert (tried.culprits, tried.needed) == (["c"], ["g"])
    assert all("g" in one for one in tried.runs if "c" in one)


def test_required_plugin_is_found_itself_when_it_fails_alone() -> None:
    tried = Tried(lambda names: "g" in names)
    assert (tried.culprits, tried.needed) == (["g"], [])


def test_plugins_that_are_kept_are_always_there_with_what_they_require() -> None:
    tried = Tried(lambda names: 2 if not {"c", "g"} <= names else "b" in names, keep="c")
    assert tried.culprits == ["b"]
    assert all({"c", "g"} <= one for one in tried.runs)


def test_command_that_passes_with_all_is_run_once() -> None:
    tried = Tried(lambda _: 0)
    assert (tried.verdict.kind, len(tried.runs)) == ("passes", 1)


def test_command_that_fails_without_any_is_run_twice() -> None:
    tried = Tried(lambda names: 1 if names else 4)
    assert (tried.verdict.kind, len(tried.runs)) == ("fails", 2)


def test_codes_that_are_named_decide_and_others_are_unclear() -> None:
    def code(names: set[str]) -> int:
        return 7 if "f" in names else 5 if names else 4

    assert Tried(code, exits=Exits(bad=frozenset([7]))).culprits == ["f"]
    assert Tried(code, exits=Exits(good=frozenset([4, 5]))).culprits == ["f"]
    assert Tried(code, exits=Exits(bad=frozenset([9]))).verdict.kind == "unclear"


def test_end_by_a_signal_is_a_failure_with_the_code_that_shells_tell() -> None:
    aborts = Exits(bad=frozenset([128 + signal.SIGABRT]))
    assert Tried(lambda names: -signal.SIGABRT if "a" in names else 1, exits=aborts).culprits == ["a"]


def test_command_that_obeys_no_overlay_is_told_of() -> None:
    assert Tried(lambda _: 1, deaf=True).verdict.kind == "deaf"


def test_command_that_ends_differently_with_the_same_plugins_is_told_of() -> None:
    seen: list[set[str]] = []

    def code(names: set[str]) -> int:
        seen.append(names)
        return "e" in names and seen.count({"e"}) < 2

    assert Tried(code).verdict.kind == "unstable"


def test_command_that_fails_now_and_then_is_repeated_until_it_fails() -> None:
    numbers = count()
    tried = Tried(lambda names: "d" in names and next(numbers) % 2, repeats=2)
    assert tried.culprits == ["d"]
    assert [trial.stable for trial in tried.verdict.trials][:2] == [False, True]


def test_further_culprits_are_told_of() -> None:
    tried = Tried(lambda names: bool({"a", "h"} & names))
    assert (len(tried.culprits), tried.verdict.others) == (1, True)


def test_program_is_bisected_and_all_is_told(folder: Path) -> None:
    code = f"""
        import sys
        from importlib.metadata import entry_points
        sys.exit({{"b", "c"}} <= {{entry.name for entry in entry_points(group={GROUP!r})}})
    """
    words = script(folder, "app.py", code)
    kept = [word for letter in "adefh" for word in ("--keep", f"Stall_{letter}")]
    done = run("bisect", "--json", "--group", GROUP, *kept, "--", *words)
    document = json.loads(done.stdout)
    assert (done.exit_code, done.stderr, document["result"], document["others"]) == (0, "", "found", False)
    assert [row["name"] for row in document["culprits"]] == ["b", "c"]
    assert document["needed"][0] == {
        "group": GROUP,
        "name": "g",
        "value": "stall_g",
        "distribution": "stall-g",
        "version": "1.0",
        "origin": "index",
        "required_by": [],
    }
    assert {run["exit"] for run in document["runs"]} == {0, 1}
    assert f"{GROUP}:b" in document["runs"][0]["enabled"]


@pytest.mark.parametrize(
    ("options", "ends", "says"),
    [
        ([], "sys.exit(0)", ["passes with all plugins (exit code 0)"]),
        (
            [],
            "sys.exit(len(names) or 3)",
            ["without any of the 8 plugins too (exit code 3)", "with all it is exit code 8"],
        ),
        (["--bad-exit", "9"], "sys.exit(1)", ["neither passes nor fails (exit code 1)"]),
    ],
)
def test_command_for_which_no_plugin_can_be_blamed_says_why(
    folder: Path, options: list[str], ends: str, says: list[str]
) -> None:
    code = f"import sys\nfrom importlib.metadata import entry_points\nnames = entry_points(group={GROUP!r})\n{ends}"
    done = run("bisect", "--group", GROUP, *options, "--", *script(folder, "app.py", code))
    assert (done.exit_code, done.stdout) == (1, "")
    assert [part for part in says if part not in done.stderr] == []


def test_command_whose_time_is_up_has_failed_and_nothing_of_it_lives_on() -> None:
    # It writes more than is kept of it, and the child that it starts would outlive it.
    ended = watched(["sh", "-c", "yes x | head -c 200000; sleep 99 & echo $!; wait"], os.environ, seconds=1)
    assert Exits().outcome(ended) == Exits(bad=frozenset([3])).outcome(ended) == FAILS
    assert len(ended.output) == KEPT
    until(lambda: not is_running(int(ended.output.split()[-1])))


def test_culprit_of_a_real_pytest_is_told_with_whose_it_is_the_effect_and_what_to_do(folder: Path) -> None:
    bad = {"pytest_bad.py": "def pytest_collection_modifyitems(items):\n    raise RuntimeError('bad')"}
    write_tree(
        folder, distribution("good", entry_points={"pytest11": {"good": "pytest_good"}}, modules={"pytest_good.py": ""})
    )
    write_tree(
        folder,
        distribution(
            "Bad", "1.2", entry_points={"pytest11": {"bad_plugin": "pytest_bad"}}, requested=False, modules=bad
        ),
    )
    write_tree(folder, {**distribution("office", requires=("bad",)), "test_it.py": "def test_it(): pass"})
    words = ["pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, os.fspath(folder / "test_it.py")]
    installed = {entry.name for entry in entry_points(group="pytest11")} - {"good", "bad_plugin"}
    kept = [word for name in sorted(installed) for word in ("--keep", f"pytest11:{name}")]
    done = run("bisect", "-v", "--group", "pytest11", *kept, "--", *words)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[:4] == [
        "culprit: pytest11:bad_plugin from Bad 1.2",
        "  required by: office",
        "  effect: exit code 3",
        "  without it the command passes",
    ]
    assert done.stdout.splitlines()[4].startswith("  next: plugframe run --without pytest11:bad_plugin -- pytest -q")
    assert "RuntimeError: bad" in done.stderr


def test_interruption_leaves_nothing_and_ends_what_was_started(folder: Path) -> None:
    words = script(folder, "app.py", "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(99)")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)):
        (folder / "pid").unlink(missing_ok=True)
        with subprocess.Popen(
            command("bisect", "--group", GROUP, "--", *words), env=variables(), cwd=folder, start_new_session=True
        ) as process:
            until(lambda: (folder / "pid").exists() and (folder / "pid").read_text() != "")
            process.send_signal(number)
            assert process.wait(PATIENCE) == code
        with pytest.raises(ProcessLookupError):
            os.kill(int((folder / "pid").read_text()), 0)


@pytest.mark.parametrize(("number", "ends"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_interruption_while_a_command_is_started_ends_it(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, ends: type[BaseException]
) -> None:
    started: list[subprocess.Popen[Any]] = []
    real = subprocess.Popen

    def start(*arguments: Any, **options: Any) -> "subprocess.Popen[Any]":
        started.append(real(*arguments, **options))
        signal.raise_signal(number)
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(ends), ended_by_signals():
        watched(["sleep", "99"], os.environ, seconds=None)
    assert started[0].returncode == -signal.SIGKILL


def interrupt_twice(monkeypatch: pytest.MonkeyPatch, *, after: float, done: list[str]) -> None:
    """Get a signal, and while what it interrupted cleans up, another."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with ended_by_signals():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            now[0] += after
            signal.raise_signal(signal.SIGINT)
            done.append("cleaned up")


def test_second_interruption_keeps_the_first_from_cleaning_up_only_when_that_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    with pytest.raises(SystemExit) as raised:
        interrupt_twice(monkeypatch, after=1, done=done)
    assert (raised.value.code, done) == (128 + signal.SIGTERM, ["cleaned up"])
    with pytest.raises(KeyboardInterrupt):
        interrupt_twice(monkeypatch, after=60, done=done)
    assert done == ["cleaned up"]


def test_progress_is_shown_on_a_terminal_and_gone_in_the_end(folder: Path) -> None:
    words = script(folder, "app.py", "raise SystemExit(1)")
    shown, ended = run_on_terminal(
        command("bisect", "--group", GROUP, "--", *words), columns=100, environment=variables()
    )
    assert ended == 1
    assert re.search(r"run [12]: with [08] of 8 plugins", shown)
    assert plain(shown).splitlines()[-1].endswith("(exit code 1): none of them is to blame")


def test_options_are_checked_before_anything_is_run() -> None:
    for options, says in (
        (["--keep", "nothing"], "'nothing' is not in"),
        (["--repeats", "0"], "0 is not in the range"),
        (["--timeout", "0"], "0"),
        (["--group", "nowhere"], "--group nowhere"),
    ):
        done = run("bisect", *options, "--", "python", "-c", "")
        assert (done.exit_code, says in done.stderr) == (2, True), done.stderr


NEEDS = st.dictionaries(st.sampled_from(LETTERS), st.frozensets(st.sampled_from(LETTERS), max_size=2))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    needs=NEEDS,
    causes=st.lists(st.frozensets(st.sampled_from(LETTERS), min_size=1, max_size=3), min_size=1, max_size=3),
)
def test_what_is_found_fails_is_closed_and_loses_its_failure_with_any_part(
    needs: dict[str, frozenset[str]], causes: Sequence[frozenset[str]]
) -> None:
    closures = Closures({letter: needs.get(letter, frozenset()) for letter in LETTERS})
    asked: list[frozenset[str]] = []

    def fails(some: frozenset[str]) -> bool:
        asked.append(some)
        return any(cause <= some for cause in causes)

    found = smallest(LETTERS, fails, closures)
    assert all(closures.down(some) == some != frozenset() for some in asked)
    assert len(asked) == len(set(asked))
    assert fails(found)
    assert not any(fails(closures.without(found, element)) for element in found if closures.without(found, element))
    assert closures.down(closures.tops(found)) == found


@settings(max_examples=50, deadline=None, derandomize=True)
@given(needs=NEEDS, chance=st.randoms(use_true_random=False))
def test_search_ends_soon_whatever_the_command_answers(needs: dict[str, frozenset[str]], chance: random.Random) -> None:
    asked: list[frozenset[str]] = []

    def fails(some: frozenset[str]) -> bool:
        asked.append(some)
        assert len(asked) <= len(LETTERS) ** 2 + 3 * len(LETTERS), "the bound of the paper"
        return chance.random() < 0.5

    smallest(LETTERS, fails, Closures({letter: needs.get(letter, frozenset()) for letter in LETTERS}))


def test_number_of_runs_grows_slowly_with_the_plugins() -> None:
    asked: list[frozenset[int]] = []

    def fails(some: frozenset[int]) -> bool:
        asked.append(some)
        return 77 in some

    everyone = range(500)
    assert smallest(everyone, fails, Closures(dict.fromkeys(everyone, frozenset()))) == {77}
    assert len(asked) <= 20
