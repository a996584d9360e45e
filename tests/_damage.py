"""Every kind of damage that can come to an index file."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import strategies as st


def _give_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    os.chown(path, 12345, -1)


def _link(path: Path) -> None:
    path.rename(path.with_name("target"))
    path.symlink_to("target")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _full_folder(path: Path) -> None:
    _folder(path)
    (path / "file").touch()


def _device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _of_another_version(path: Path) -> None:
    first, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(first.replace(b" 1 ", b" 2 ", 1) + b"\n" + rest)


def _rewritten(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


REFUSED: dict[str, Callable[[Path], object]] = {
    "of another user": _give_away,
    "writable by all": lambda path: path.chmod(0o666),
    "writable by the group": lambda path: path.chmod(0o620),
    "a symbolic link": _link,
    "a pipe": _pipe,
    "a folder": _folder,
    "a folder with something in it": _full_folder,
    "a device": _device,
    "empty": lambda path: os.truncate(path, 0),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 1),
    "cut to its first line": lambda path: os.truncate(path, path.read_bytes().index(b"\n")),
    "with something behind it": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
    "twice": lambda path: path.write_bytes(path.read_bytes() * 2),
    "sparse and huge": lambda path: os.truncate(path, 100 * 1024 * 1024),
    "of another version": _of_another_version,
    "zeros": _rewritten(bytes(1000)),
    "not UTF-8": _rewritten(b"plugframe-index 1 \xff\xff,\xff,\xff\n\xff\n"),
    "a header alone": _rewritten(b"plugframe-index 1 0,0,0\n"),
    "a header of wrong numbers": _rewritten(b"plugframe-index 1 -1,99999999999999999999,x\nx"),
    "a pickle": _rewritten(b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."),
}
"""Name to what makes it of an index, given its path."""

BEHIND_THE_ROWS = ("cut", "with something behind it", "twice")
"""What damages only the part that nobody reads before a closer look."""

PIECE = st.one_of(st.binary(min_size=1, max_size=4), st.sampled_from([b"\n", b"\t", b"\\", b"0", b"-1"]))
WAY = st.sampled_from(["flip", "cut", "delete", "repeat", "insert", "move"])
MUTATIONS = st.lists(st.tuples(WAY, st.floats(0, 1), st.floats(0, 1), PIECE), min_size=1, max_size=3)


def mutate(content: bytes, mutations: list[tuple[str, float, float, bytes]]) -> bytes:
    """Return content with some bytes changed; positions are given as fractions."""
    for how, first, second, piece in mutations:
        start, end = sorted((int(first * len(content)), int(second * len(content))))
        content = {
            "flip": content[:start] + piece + content[start + len(piece) :],
            "cut": content[:end],
            "delete": content[:start] + content[min(end, start + 40) :],
            "repeat": content[:end] + content[start:],
            "insert": content[:start] + piece + content[start:],
            "move": content[end:] + content[:start],
        }[how]
    return content


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise in the main thread what takes longer, as a loop without end does."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        message = f"this takes longer than {seconds} seconds"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
