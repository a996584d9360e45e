"""One index, many processes and threads: whoever reads gets the right answer, whatever the others do or die of."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from _answers import (
    COMMAND,
    GROUP,
    assert_right,
    environment_of,
    facts,
    info,
    keep_young_files,
    names,
    output,
    plugin,
    process_environment,
    truth,
)
from _sites import together

from plugframe.discovery import files, storage
from plugframe.discovery.snapshot import discover
from plugframe.testing.environments import distribution, write_tree

AT_REST = files.RACY_NS / 1e9 + 0.1
"""Seconds after which the index keeps what was changed."""
AN_HOUR_AGO = time.time() - 3700

Process = subprocess.Popen[str]


@pytest.fixture
def young_files_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the index of this process keep environments that were made just now."""
    keep_young_files(monkeypatch)


def start(code: str, *arguments: object, cache: str) -> Process:
    """Start a fresh process."""
    return subprocess.Popen(
        [*COMMAND, dedent(code), *map(str, arguments)], env=process_environment(PLUGFRAME_CACHE=cache), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(process: Process) -> str:
    """Return what a process printed once it has ended well."""
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return printed


def index_file(*path: Path) -> Path:
    """Return where the index of an environment is."""
    found = storage.file_for(environment_of(*path).key)
    assert found is not None
    return Path(found)


ANSWERS = """
    import json, sys
    from _answers import environment_of, facts
    from plugframe.discovery.snapshot import discover
    deep = sys.argv[1] == "True"
    for _ in range(3):
        answer = facts(discover(environment_of(*sys.argv[2:]), deep=deep), diagnostics=deep)
        print(json.dumps(answer))
"""


def test_two_hundred_processes_that_read_and_write_give_no_wrong_answer(tmp_path: Path, cache_folder: str) -> None:
    """Between rounds the environment changes; during one, the index is deleted over and over, so that all write it."""
    still, moving = tmp_path / "still", tmp_path / "moving"
    write_tree(still, {**plugin("acme", "2.0"), **plugin("b"), "bad-1.0.dist-info": info("broken")})
    write_tree(moving, {**plugin("Acme"), **plugin("c"), **distribution("silent")})
    time.sleep(AT_REST)
    environment = environment_of(still, moving)
    for turn in range(5):
        expected = {deep: json.dumps(truth(environment, diagnostics=deep)) + "\n" for deep in (False, True)}
        looks = [number % 4 == 0 for number in range(40)]
        processes = [start(ANSWERS, deep, still, moving, cache=cache_folder) for deep in looks]
        while any(process.poll() is None for process in processes):
            index_file(still, moving).unlink(missing_ok=True)
            time.sleep(0.02)
        for deep, process in zip(looks, processes, strict=True):
            assert finish(process) == expected[deep] * 3
        write_tree(moving, plugin(f"new{turn}"))
        (moving / f"new{turn - 1}-1.0.dist-info" / "entry_points.txt").unlink(missing_ok=True)
        if turn % 2:
            time.sleep(AT_REST)
    time.sleep(AT_REST)
    assert_right(environment)
    assert discover(environment).index.found == list(environment.path)
    assert os.listdir(cache_folder) == [index_file(still, moving).name]


WATCHES = """
    import sys
    from _answers import environment_of, facts, truth
    from plugframe.discovery.snapshot import discover
    environment, compared = environment_of(*sys.argv[2:]), 0
    for number in range(int(sys.argv[1])):
        before = truth(environment)
        found = facts(discover(environment, deep=number % 3 == 0))
        # What changes never becomes again what it was: where both truths are equal, nothing changed between them.
        if before == truth(environment):
            assert found == before, (found, before)
            compared += 1
    print(compared)
"""


def test_readers_of_an_environment_that_changes_meanwhile_never_see_what_is_past(
    tmp_path: Path, cache_folder: str
) -> None:
    still = write_tree(tmp_path / "still", {**plugin("acme", "2.0"), **plugin("b")})
    tree = {f"{name}-1.0.dist-info": info(f"[{GROUP}]\n{name}00000000 = acme\n") for name in ("replaced", "edited")}
    moving = write_tree(tmp_path / "moving", {**tree, **plugin("Acme")})
    time.sleep(AT_REST)
    stop = threading.Event()

    def change() -> None:
        edited = os.open(moving / "edited-1.0.dist-info" / "entry_points.txt", os.O_WRONLY)
        turn = 0
        while not stop.wait(random.choice([0, 0.001, 0.01, 0.03])):  # noqa: S311 # no secret
            turn += 1
            (tmp_path / "next").write_text(f"[{GROUP}]\nreplaced{turn:08} = acme\n")
            (tmp_path / "next").replace(moving / "replaced-1.0.dist-info" / "entry_points.txt")
            os.pwrite(edited, f"{turn:08}".encode(), len(f"[{GROUP}]\nedited"))
            os.utime(edited, ns=(0, 0))
            if turn % 40 == 0:
                write_tree(moving, plugin(f"added{turn}"))
        os.close(edited)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        processes = [start(WATCHES, 20, still, moving, cache=cache_folder) for _ in range(16)]
        compared = sum(int(finish(process)) for process in processes)
    finally:
        stop.set()
        thread.join()
    assert compared > 0
    assert_right(environment_of(still, moving))


@pytest.mark.usefixtures("young_files_are_kept")
def test_threads_that_set_out_together_get_the_same_right_answer(tmp_path: Path) -> None:
    environment = environment_of(
        write_tree(tmp_path / "one", {**plugin("acme"), **plugin("b")}),
        write_tree(tmp_path / "two", plugin("ACME", "9")),
    )
    expected = truth(environment)
    for turn in range(6):
        if turn % 2 == 0:
            storage.clear()
        assert together(24, lambda number: facts(discover(environment, deep=number % 2 == 0))) == [expected] * 24
    assert discover(environment).index.found == list(environment.path)


def test_forked_children_get_the_right_answer(tmp_path: Path, cache_folder: str) -> None:
    code = """
        import os, sys
        from _answers import environment_of, names
        from plugframe.discovery import files
        from plugframe.discovery.snapshot import discover
        files.RACY_NS = -10**9
        environment = environment_of(sys.argv[1])
        snapshot = discover(environment)
        children = []
        for number in range(20):
            child = os.fork()
            if not child:
                right = [names(discover(environment)) == ["acme"], names(snapshot) == ["acme"]]
                os._exit(0 if all(right) else 1)
            children.append(child)
        print({os.waitpid(child, 0)[1] for child in children})
    """
    root = write_tree(tmp_path / "site", plugin("acme"))
    assert output(code, root, PLUGFRAME_CACHE=cache_folder) == "{0}\n"


DIES = """
    import os, signal, sys
    import _answers
    from plugframe.discovery import files, storage
    from plugframe.discovery.snapshot import discover
    files.RACY_NS = -10**9

    class Dying:
        def __init__(self, descriptor, mode):
            self.file = os.fdopen(descriptor, mode)
        def __enter__(self):
            return self
        def __exit__(self, *_):
            pass
        def write(self, content):
            self.file.write(content[: len(content) * int(sys.argv[2]) // 100])
            self.file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    if sys.argv[1] == "in write":
        storage.open = Dying
    else:
        os.replace = os.rename = die
    discover(_answers.environment_of(sys.argv[3]))
"""


@pytest.mark.usefixtures("young_files_are_kept")
@pytest.mark.parametrize("percent", [0, 1, 50, 99, 100])
@pytest.mark.parametrize("when", ["in write", "before rename"])
@pytest.mark.parametrize("former", ["none", "stale"])
def test_writer_that_is_killed_leaves_no_wrong_answer(
    tmp_path: Path, cache_folder: str, *, former: str, when: str, percent: int
) -> None:
    root = write_tree(tmp_path / "site", plugin("acme"))
    before = None
    if former == "stale":
        discover(environment_of(root))
        before = index_file(root).read_bytes()
        time.sleep(0.02)
        write_tree(root, plugin("new"))
    dying = start(DIES, when, percent, root, cache=cache_folder)
    _, errors = dying.communicate(timeout=60)
    assert dying.returncode == -signal.SIGKILL, errors
    (leftover,) = (name for name in os.listdir(cache_folder) if not name.endswith(".index"))
    assert (index_file(root).read_bytes() if index_file(root).exists() else None) == before
    assert_right(environment_of(root))
    assert discover(environment_of(root)).index.found == [os.fspath(root)]
    assert (Path(cache_folder) / leftover).exists(), "it may be of a writer that still writes"


@pytest.mark.usefixtures("young_files_are_kept")
def test_what_a_killed_writer_left_is_deleted_an_hour_later(tmp_path: Path, cache_folder: str) -> None:
    root = write_tree(tmp_path / "site", plugin("acme"))
    for _ in range(2):
        start(DIES, "in write", 50, root, cache=cache_folder).communicate(timeout=60)
    old, young = sorted(Path(cache_folder).iterdir())
    (Path(cache_folder) / "precious.tmp").touch()
    for path in (old, Path(cache_folder) / "precious.tmp"):
        os.utime(path, (time.time() - 3700, time.time() - 3700))
    storage.sweep()
    assert sorted(Path(cache_folder).iterdir()) == sorted([young, Path(cache_folder) / "precious.tmp"])
    os.utime(young, (time.time() - 3700, time.time() - 3700))
    assert names(discover(environment_of(root))) == ["acme"]  # this writes, and whoever writes sweeps
    assert not young.exists()


WRITES = """
    import sys
    from _answers import environment_of, names
    from plugframe.discovery import files, storage
    from plugframe.discovery.snapshot import discover
    files.RACY_NS = -10**9
    print("ready", flush=True)
    while True:
        assert "acme" in names(discover(environment_of(sys.argv[1])))
        storage.clear()
"""


@contextmanager
def killed_at_the_end(processes: list[Process]) -> Iterator[None]:
    """Leave no process behind."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.mark.usefixtures("young_files_are_kept")
def test_writers_killed_at_any_moment_leave_no_wrong_answer(tmp_path: Path, cache_folder: str) -> None:
    root = write_tree(
        tmp_path / "site", {**plugin("acme"), **{k: v for n in range(20) for k, v in plugin(f"p{n}").items()}}
    )
    environment = environment_of(root)
    expected = truth(environment)
    for _ in range(3):
        processes = [start(WRITES, root, cache=cache_folder) for _ in range(8)]
        with killed_at_the_end(processes):
            for process in processes:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
            for process in processes:
                time.sleep(random.uniform(0, 0.03))  # noqa: S311 # no secret
                process.kill()
                assert facts(discover(environment)) == expected
        assert_right(environment)
    for path in Path(cache_folder).iterdir():
        assert path == index_file(root) or path.suffix == ".tmp"
