"""``plugframe run``: a command without some of its plugins, and otherwise as if it were run by itself."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from _command import command, run, run_on_terminal, run_process, variables
from _installed import make_venv
from _overlaid import GROUP, HOME, PATIENCE, script, stall, visible

from plugframe.testing.environments import distribution, write_tree

NAMES = f"""
    from importlib.metadata import entry_points
    print(*sorted(entry.name for entry in entry_points(group={GROUP!r})))
"""
BAD_PYTEST_PLUGIN = distribution(
    "pytest-bad",
    entry_points={"pytest11": {"bad_plugin": "pytest_bad"}},
    modules={"pytest_bad.py": "raise RuntimeError('pytest-bad is broken')"},
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install three plugins; nothing is left in the folder for temporary files when the test ends."""
    trees = [stall("one"), stall("two", distributed="Acme.Two"), stall("two-more", distributed="Acme.Two-More")]
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", os.fspath(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with visible(tmp_path / "site", monkeypatch, *trees) as made:
        yield made
    assert list((tmp_path / "temporary").iterdir()) == []


def names(folder: Path, output: "pytest.CaptureFixture[str]", *options: str) -> str:
    """Return the names of the entry points that a program under ``run`` sees."""
    done = run("run", *options, "--", *script(folder, "names.py", NAMES))
    assert (done.exit_code, done.output) == (0, "")
    out, err = output.readouterr()  # what the program wrote, to the descriptors of this process
    assert err == ""
    return out.strip()


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--without", "one"], "two two-more"),
        (["--without", "Stall_One"], "two two-more"),
        (["--without", "acme-two"], "one two-more"),
        (["--without", "TWO.more"], "one two"),
        (["--without", f"{GROUP}:one", "--without", "two"], "two-more"),
        (["--only", "two"], "two"),
        (["--only", "one", "--only", "acme_two", "--group", GROUP], "one two"),
    ],
)
def test_command_sees_what_is_not_left_out(
    folder: Path, capfd: pytest.CaptureFixture[str], options: list[str], left: str
) -> None:
    assert names(folder, capfd, *options) == left


def test_what_is_left_out_is_told_when_asked_for(folder: Path) -> None:
    done = run_process("run", "--only", "one", "-v", "--", *script(folder, "names.py", NAMES))
    assert done.stderr.splitlines() == [
        f"left out: {GROUP}:two from Acme.Two 1.0",
        f"left out: {GROUP}:two-more from Acme.Two-More 1.0",
    ]


def test_pytest_starts_without_the_plugin_that_breaks_it(folder: Path) -> None:
    write_tree(folder, {**BAD_PYTEST_PLUGIN, "test_it.py": "def test_it(): pass"})
    words = ["pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, os.fspath(folder / "test_it.py")]
    broken = run_process("run", "--without", "one", "--", *words)
    assert broken.returncode != 0
    assert "pytest-bad is broken" in broken.stderr
    mended = run_process("run", "--without", "pytest_bad", "--", *words)
    assert (mended.returncode, "1 passed" in mended.stdout) == (0, True), mended.stdout + mended.stderr


def test_exit_code_and_standard_streams_are_the_commands(folder: Path) -> None:
    code = "import sys; print(input()); print('aside', file=sys.stderr); sys.exit(3)"
    done = subprocess.run(
        command("run", "--without", "one", "--", *script(folder, "ends.py", code)),
        env=variables(),
        input="said\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "said\n", "aside\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_signal_that_ends_the_command_is_passed_on(folder: Path, number: signal.Signals) -> None:
    code = f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.kill(os.getpid(), {int(number)})"
    done = run_process("run", "--without", "one", "--", *script(folder, "ends.py", code))
    assert done.returncode == -number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_that_is_sent_to_us_is_handed_on_and_nothing_is_left(folder: Path, number: signal.Signals) -> None:
    code = f"""
        import signal, sys, time
        signal.signal({int(number)}, lambda *_: sys.exit(42))
        print("ready", flush=True)
        time.sleep({PATIENCE})
    """
    with subprocess.Popen(
        command("run", "--without", "one", "--", *script(folder, "waits.py", code)),
        env=variables(),
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(PATIENCE) == 42


def test_command_has_the_terminal_and_is_interrupted_from_it_once(folder: Path) -> None:
    code = """
        import os, signal, sys, time
        seen = []
        signal.signal(signal.SIGINT, lambda *_: seen.append(1))
        print(os.isatty(0), os.isatty(1), os.tcgetpgrp(0) == os.getpgrp())
        os.killpg(os.getpgrp(), signal.SIGINT)  # what the terminal does for Ctrl-C
        time.sleep(0.3)
        print("interrupted", len(seen))
    """
    with_terminal = f"""
        import fcntl, os, sys, termios
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.execv(sys.executable, {command("run", "--without", "one", "--", *script(folder, "tells.py", code))!r})
    """
    words = [sys.executable, *script(folder, "owns.py", with_terminal)[1:]]
    shown, ended = run_on_terminal(words, columns=100, environment=variables())
    assert (shown.splitlines(), ended) == (["True True True", "interrupted 1"], 0)


@pytest.mark.parametrize(("name", "near"), [("tow", "'two'"), ("MORE", "'two-more' or 'Acme.Two-More'")])
def test_name_that_means_nothing_is_an_error_with_what_is_like_it(name: str, near: str) -> None:
    done = run("run", "--without", name, "--group", GROUP, "--", "python", "-c", "")
    assert done.exit_code == 2
    assert f"{name!r} is not in" in done.stderr
    assert f"Did you mean {near}" in done.stderr


def test_distribution_without_plugins_is_said_to_have_none() -> None:
    done = run("run", "--without", "packaging", "--", "python", "-c", "")
    assert done.exit_code == 2
    assert "it is installed, but has no plugins or entry points" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "--without, or what stays by --only"),
        (["--without", "one", "--only", "two"], "--without, or what stays by --only"),
        (["--without", "one", "--group", "shop.stall"], "Did you mean shop.stalls?"),
        (["--without", "one", "--host", "nowhere"], "--host nowhere: there is nothing of it"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(options: list[str], says: str) -> None:
    done = run("run", *options, "--", "python", "-c", "")
    assert (done.exit_code, says in done.stderr) == (2, True), done.stderr


def test_command_that_does_not_exist_is_said_so_as_a_shell_does() -> None:
    done = run("run", "--without", "one", "--", "no-such-command")
    assert (done.exit_code, "cannot run 'no-such-command'" in done.stderr) == (127, True)


def test_command_that_obeys_no_overlay_is_told_of(folder: Path) -> None:
    words = script(folder, "names.py", NAMES)
    done = run_process("run", "--without", "one", "--", words[0], "-E", *words[1:])
    assert done.returncode == 0
    assert "nothing was left out: no Python process of python obeyed" in done.stderr
    assert "a cleared environment" in done.stderr


def test_command_is_looked_for_in_the_environment_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_venv(tmp_path / "venv", stall("five"), stall("six"))
    monkeypatch.setenv("PYTHONPATH", "")
    code = NAMES + "\n    import sys; print(sys.prefix)"
    done = run_process(
        "run", "--python", os.fspath(made.prefix), "--without", "five", "--", *script(tmp_path, "names.py", code),
        PYTHONPATH=HOME,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["six", os.fspath(made.prefix)], done.stderr


def test_process_that_the_command_leaves_behind_is_not_waited_for(folder: Path) -> None:
    code = """
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], stdout=subprocess.DEVNULL, stderr=-3)
    """
    begun = time.monotonic()
    done = run_process("run", "--without", "one", "--", *script(folder, "leaves.py", code))
    assert done.returncode == 0
    assert time.monotonic() - begun < PATIENCE
