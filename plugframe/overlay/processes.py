"""Commands as child processes: in our place, or watched, with a time limit, and never outliving us."""

import math
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from plugframe.errors import CommandNotRunError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

UNMARKED = {"PLUGFRAME_QUARANTINE": "off"}
"""For a command that is run again and again: what crashes in one run is not left out of the next."""
KEPT = 64 * 1024
"""Bytes that are kept of what a watched command writes: its last."""
PATIENCE = 1.0
"""Seconds that a command has to end by itself when its time is up, and its output to end when it has ended."""
_ENDS_US = ("SIGTERM", "SIGHUP")
_INTERRUPTS_US = ("SIGINT", *_ENDS_US)
_PAUSE = 0.02
_CLEANING_UP = 5.0
_FROM_TERMINALS = ("SIGINT", "SIGQUIT")
_HANDED_ON = (*_ENDS_US, *_FROM_TERMINALS, "SIGUSR1", "SIGUSR2")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: as ``subprocess`` tells it, minus the signal for one that a signal ended; None when its time was up.
        seconds: how long it ran.
        output: the end of what it wrote to standard output and standard error.
        pid: the number of its process.
    """

    code: int | None
    seconds: float
    output: bytes = b""
    pid: int = 0

    @property
    def told(self) -> str:
        """How it ended, for a person."""
        if self.code is None:
            return f"it did not end within {round(self.seconds, 1):g} s"
        return f"exit code {self.code}" if self.code >= 0 else f"ended by {signal_name(-self.code)}"


def signal_name(number: int) -> str:
    """Return a signal as people know it.

    Example:
        >>> signal_name(9)
        'signal 9 (SIGKILL)'
    """
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def located(command: "Sequence[str]", folder: str) -> list[str]:
    """Return a command whose first word is looked for in one environment's folder of programs before all others.

    Raises:
        CommandNotRunError: there is no such program.
    """
    first, *rest = command
    if os.path.dirname(first):
        return [first, *rest]
    found = shutil.which(first, path=folder) or shutil.which(first)
    if found is None:
        raise CommandNotRunError(first, "there is no such file or command")
    return [found, *rest]


def pass_through(command: "Sequence[str]", variables: "Mapping[str, str]") -> int:
    """Run a command in our place: it has our input, output and terminal, and gets the signals that we get.

    Returns:
        Its exit code as ``subprocess`` tells it: minus the signal where a signal ended it.

    Raises:
        CommandNotRunError: it cannot be started.
    """
    started: list[subprocess.Popen[bytes]] = []
    waiting: list[int] = []  # signals that came before there was anybody to hand them to

    def hand_on(number: int, frame: "FrameType | None") -> None:  # noqa: ARG001 # a handler's signature
        if not started:
            waiting.append(number)
        elif not _comes_from_the_terminal(number):
            started[0].send_signal(number)

    with _handling(_HANDED_ON, hand_on), _handling(("SIGCHLD",), lambda *_: None), _woken() as pause:
        try:
            started.append(subprocess.Popen(command, env=variables))  # noqa: S603 # the user named it
        except OSError as error:
            raise CommandNotRunError(command[0], error.strerror or str(error)) from error
        for number in waiting:
            hand_on(number, None)
        while (code := started[0].poll()) is None:
            pause()
        return code


@contextmanager
def _woken() -> "Iterator[Callable[[], None]]":
    """Yield what waits until a signal has come, also one that comes just before: that of the end of a child, too.

    A signal between two system calls only sets a flag, and a wait that begins then would last until the child ends.
    """
    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        yield lambda: time.sleep(_PAUSE)  # Here come no signals.
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def pause() -> None:
        if select.select([reader], [], [], PATIENCE)[0]:
            os.read(reader, 4096)

    try:
        yield pause
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


def _comes_from_the_terminal(number: int) -> bool:
    """Return whether a signal is one that the terminal sends to its whole foreground group, the command included."""
    if signal.Signals(number).name not in _FROM_TERMINALS:
        return False
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
    except (OSError, AttributeError):
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def end_like(code: int) -> None:
    """End this process as a command did: with its exit code, or by the signal that ended it."""
    sys.stdout.flush()
    if code < 0 and os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # The command has dumped core itself, if anybody wants that.
        with suppress(OSError, ValueError):  # SIGKILL has no handler to be set back
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code if code >= 0 else 128 - code)


@contextmanager
def ended_by_signals() -> "Iterator[None]":
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, so that nothing is left behind.

    Who sends a second one at once does not interrupt the cleaning up after the first; a later one ends that, too.
    """
    first = -math.inf

    def end(number: int, frame: "FrameType | None") -> None:  # noqa: ARG001 # a handler's signature
        nonlocal first
        if time.monotonic() - first < _CLEANING_UP:
            return
        first = time.monotonic()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    with _handling(_INTERRUPTS_US, end):
        yield


@contextmanager
def _handling(names: "Sequence[str]", handler: "signal._HANDLER") -> "Iterator[None]":
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # What is ignored stays so, as nohup wants it; a handler that is not Python's could not be set back.
    numbers = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # Another thread cannot set handlers; whoever runs us in one decides on signals.
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def watched(command: "Sequence[str]", variables: "Mapping[str, str]", *, seconds: float | None) -> Ended:
    """Run a command in a session of its own, keep the end of its output, and let nothing of it live on.

    Args:
        command: its words.
        variables: its environment.
        seconds: after which it is ended, with all that it started; None means never.

    Raises:
        CommandNotRunError: it cannot be started.
    """
    begun = time.monotonic()
    kept = bytearray()
    came: list[int] = []  # signals that came before there was anything to be ended
    late = False
    with _handling(_INTERRUPTS_US, lambda number, _: came.append(number)):
        process = _started(command, variables)
        reader = threading.Thread(target=_keep_the_end, args=(process, kept), daemon=True)
        reader.start()
    try:
        for number in came:
            signal.raise_signal(number)
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        late = True
    finally:
        _end_all(process)
        reader.join(PATIENCE)  # What left the session keeps the pipe open; it is not waited for.
    return Ended(None if late else process.returncode, time.monotonic() - begun, bytes(kept), process.pid)


def _started(command: "Sequence[str]", variables: "Mapping[str, str]") -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 # the user named it
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandNotRunError(command[0], error.strerror or str(error)) from error


def _end_all(process: "subprocess.Popen[bytes]") -> None:
    """End what is left of a command and of all that it started."""
    if not hasattr(os, "killpg"):
        process.kill()
    else:
        with suppress(OSError):  # nothing is left
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _keep_the_end(process: "subprocess.Popen[bytes]", kept: bytearray) -> None:
    if process.stdout is None:
        return
    while chunk := os.read(process.stdout.fileno(), KEPT):
        kept += chunk
        del kept[:-KEPT]
    process.stdout.close()
