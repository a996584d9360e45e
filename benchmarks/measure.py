"""Run commands in fresh processes, in turn, and take the medians of their times."""

import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns

WARM_UPS = 2  # The first fills caches and writes bytecode, the second shows whether a cache was kept.


class MeasurementError(Exception):
    """Nothing could be measured, or what was measured was not what should be."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one process measured of us and of a peer that took turns in it.

    Attributes:
        peer: who was compared with; of several, the fastest.
        ours_ns: the median of our turns, in nanoseconds of one call or whatever is measured.
        peer_ns: the same of the peer.
        ratio: the median of the ratios of each turn of ours to the peer's next to it.
    """

    peer: str
    ours_ns: float
    peer_ns: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said.

    Attributes:
        inside_ns: nanoseconds from the child's first statement to its result; None when it does not time itself.
        names: the names that it found, sorted; None when it looks for none.
        comparison: what it measured of two contenders itself; None when it is one.
    """

    inside_ns: int | None = None
    names: tuple[str, ...] | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process: its exit code, what it wrote, and its wall time in nanoseconds."""

    code: int
    output: str
    whole_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One command that takes part in a race.

    Attributes:
        section: what is compared, such as ``names, warm``.
        size: how many generated distributions are on its path.
        what: who it is; unique within the section and size.
        command: the program and its arguments.
        environment: all environment variables of the process.
        folder: the working directory, empty and its own.
        read: turns what it wrote into an answer; a ValueError means that it wrote something else.
        ours: whether the others of its section are compared with it.
        expected: the names that it must find, sorted; None asks for none.
        on_terminal: run it with a terminal instead of pipes.
        before: called ahead of every run, outside the time measured.
        cache: a folder that the warm-up must fill and that no later run may change; None asks for nothing.
    """

    section: str
    size: int
    what: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    read: Callable[[str], Answer]
    ours: bool = False
    expected: tuple[str, ...] | None = None
    on_terminal: bool = False
    before: Callable[[], object] | None = None
    cache: Path | None = None

    def __str__(self) -> str:
        return f"{self.section}, {self.size} distributions: {self.what}"


@dataclass(frozen=True, slots=True)
class Figure:
    """All samples of one contender.

    Attributes:
        inside: nanoseconds inside the child, a sample for each round; empty when it does not time itself.
        whole: nanoseconds of the whole process, a sample for each round.
        comparisons: what the child measured of us and a peer, one for each round; empty when it measured itself only.
    """

    section: str
    size: int
    what: str
    ours: bool
    inside: list[int] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)

    @property
    def median_ns(self) -> float:
        """The median of the time that counts: inside the child where it is known, else the whole process."""
        return statistics.median(self.inside or self.whole)

    @property
    def median_whole_ns(self) -> float:
        """The median of the whole process."""
        return statistics.median(self.whole)

    @property
    def median_ratio(self) -> float | None:
        """The median of how many times as long as the peer we took; None when the child measured no peer."""
        return statistics.median(one.ratio for one in self.comparisons) if self.comparisons else None


def race(contenders: Sequence[Contender], *, rounds: int, timeout: float) -> list[Figure]:
    """Warm every contender up, then run them in turn (a, b, c, a, b, c …).

    Args:
        contenders: in the order in which they run and warm up.
        rounds: how many samples to take of each.
        timeout: seconds after which a process is ended and the measurement given up.

    Returns:
        A figure for each contender, in their order.

    Raises:
        MeasurementError: a process failed or hung, found other names than it should, or did not use its cache.
    """
    for contender in contenders:
        for _ in range(WARM_UPS):
            _sample(contender, timeout)
    kept = [_cached_files(contender) for contender in contenders]
    figures = [Figure(one.section, one.size, one.what, one.ours) for one in contenders]
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr)
        for contender, figure in zip(contenders, figures, strict=True):
            answer, whole_ns = _sample(contender, timeout)
            figure.whole.append(whole_ns)
            figure.inside.extend([] if answer.inside_ns is None else [answer.inside_ns])
            figure.comparisons.extend([] if answer.comparison is None else [answer.comparison])
    for contender, before in zip(contenders, kept, strict=True):
        if _cached_files(contender) != before:
            message = f"{contender}: its cache was written again while measuring, so it was not warm"
            raise MeasurementError(message)
    return figures


def _sample(contender: Contender, timeout: float) -> tuple[Answer, int]:
    if contender.before:
        contender.before()
    run = _runner(contender)(
        contender.command, environment=contender.environment, folder=contender.folder, timeout=timeout
    )
    if run.code:
        message = f"{contender}: exit code {run.code}\n{run.output[-2000:]}"
        raise MeasurementError(message)
    try:
        answer = contender.read(run.output)
    except ValueError as error:
        message = f"{contender}: {error}\n{run.output[-2000:]}"
        raise MeasurementError(message) from error
    if contender.expected is not None and answer.names != contender.expected:
        wrong = sorted(set(contender.expected) ^ set(answer.names or ()))
        message = f"{contender}: {len(wrong)} names are missing or too many, such as {wrong[:3]}"
        raise MeasurementError(message)
    return answer, run.whole_ns


def _runner(contender: Contender) -> Callable[..., Run]:
    if not contender.on_terminal:
        return run_piped
    from benchmarks.terminal import run_on_terminal  # Its modules do not exist on Windows.

    return run_on_terminal


def run_piped(command: Sequence[str], *, environment: Mapping[str, str], folder: Path, timeout: float) -> Run:
    """Run a command with its output, errors included, on a pipe.

    Raises:
        MeasurementError: it cannot be started, or does not end in time.
    """
    start = perf_counter_ns()
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except (OSError, subprocess.SubprocessError) as error:
        message = f"{' '.join(command)[:200]}: {error}"
        raise MeasurementError(message) from error
    return Run(done.returncode, done.stdout.decode(errors="replace"), perf_counter_ns() - start)


def _cached_files(contender: Contender) -> dict[str, tuple[int, int]]:
    """Return the files of a contender's cache with what changes when one is written again."""
    if contender.cache is None:
        return {}
    status = {str(path): path.stat() for path in contender.cache.rglob("*") if path.is_file()}
    if not status:
        message = f"{contender}: it kept nothing below {contender.cache}, so it is not warm"
        raise MeasurementError(message)
    return {path: (one.st_ino, one.st_mtime_ns) for path, one in status.items()}
