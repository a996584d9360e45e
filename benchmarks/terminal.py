"""Run a command on a terminal of its own. POSIX only."""

import os
import pty
import select
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, perf_counter_ns

from benchmarks.measure import MeasurementError, Run

ROWS, COLUMNS = 50, 160


def run_on_terminal(command: Sequence[str], *, environment: Mapping[str, str], folder: Path, timeout: float) -> Run:
    """Run a command on a pseudo-terminal and read all that it draws.

    Raises:
        MeasurementError: it cannot be started, or does not end in time.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
    deadline = monotonic() + timeout
    start = perf_counter_ns()
    try:
        process = _start(command, theirs, environment, folder)
        try:
            output = _drain(ours, deadline)
            code = process.wait(max(0.1, deadline - monotonic()))
            return Run(code, output.decode(errors="replace"), perf_counter_ns() - start)
        finally:
            process.kill()
            process.wait()
    except (OSError, TimeoutError, subprocess.TimeoutExpired) as error:
        message = f"{' '.join(command)[:200]}: {error}"
        raise MeasurementError(message) from error
    finally:
        os.close(ours)


def _start(
    command: Sequence[str], terminal: int, environment: Mapping[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    """Start a process on a terminal, and close the terminal here so that its end shows when the process ends."""
    try:
        return subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
    finally:
        os.close(terminal)


def _drain(terminal: int, deadline: float) -> bytes:
    chunks: list[bytes] = []
    while select.select([terminal], [], [], max(0.0, deadline - monotonic()))[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the other side is closed, where others report an empty read.
            return b"".join(chunks)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    message = "did not end in time"
    raise TimeoutError(message)
