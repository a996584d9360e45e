"""The command line: a topic and options to a table, and to a file of figures."""

import argparse
import importlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from benchmarks import environments, report
from benchmarks.measure import Contender, Figure, MeasurementError, race
from benchmarks.report import Goal, Results

PROJECT = Path(__file__).resolve().parent.parent
TOPICS = {
    "discovery": "benchmarks.discovery",
    "hooks": "benchmarks.hooks",
    "libraries": "benchmarks.libraries",
    "namespaces": "benchmarks.namespaces",
    "operations": "benchmarks.operations",
}
SETTLE_SECONDS = 4  # plugframe keeps nothing about files that changed within the last two seconds.


class Topic(Protocol):
    """What a topic's module offers.

    Attributes:
        SIZES: the numbers of distributions, or of names, that it measures with unless others are asked for.
    """

    SIZES: Sequence[int]

    def contenders(self, environment: environments.Environment, sizes: Sequence[int]) -> list[Contender]:
        """Lay out what is measured below the environment's root, and return what to run."""
        ...

    def goals(self, figures: Sequence[Figure]) -> list[Goal]:
        """Compare the figures with what is wanted."""
        ...

    def notes(self) -> list[str]:
        """Say how the figures came about, a sentence each."""
        ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one topic and print its tables.

    Returns:
        0 when it was measured, goals met or not; 1 when it could not be.
    """
    options = _parser().parse_args(arguments)
    try:
        results = _measure(options)
    except MeasurementError as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 1
    report.show(results)
    if options.json:
        report.write(results, options.json)
    return 0


def _measure(options: argparse.Namespace) -> Results:
    topic = cast("Topic", importlib.import_module(TOPICS[options.topic]))
    load_before = report.load_average()
    with environments.workspace(options.workdir, keep=options.keep) as root:
        environment = environments.create(root, PROJECT, peers=options.peer)
        sizes = options.sizes or topic.SIZES
        contenders = [one for one in topic.contenders(environment, sizes) if options.only in one.section]
        time.sleep(SETTLE_SECONDS)
        figures = race(contenders, rounds=options.rounds, timeout=options.timeout)
        return Results(
            topic=options.topic,
            rounds=options.rounds,
            sizes=tuple(sizes),
            machine=report.machine() | {"load_before": load_before, "load_after": report.load_average()},
            versions=environment.versions,
            figures=tuple(figures),
            goals=tuple(topic.goals(figures)),
            notes=tuple(topic.notes()),
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topic", choices=sorted(TOPICS), help="what to measure")
    parser.add_argument("--rounds", type=_positive, default=11, help="runs of each command (default: 11)")
    parser.add_argument("--sizes", type=_sizes, help="distributions or names, such as 50,500 (default: the topic's)")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="REQUIREMENT",
        help="install this too, for what is compared only where it is installed, such as torch",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="measure only the sections whose title has the text")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples and medians there")
    parser.add_argument("--keep", action="store_true", help="leave the environment in place and print where")
    parser.add_argument("--timeout", type=_positive, default=60, help="seconds for one run (default: 60)")
    parser.add_argument(
        "--workdir",
        type=Path,
        default=_default_workdir(),
        help="folder in which the environment is made, not below /tmp (default: the user's cache folder)",
    )
    return parser


def _default_workdir() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        message = f"{number} is less than 1"
        raise argparse.ArgumentTypeError(message)
    return number


def _sizes(text: str) -> list[int]:
    return sorted({_positive(part) for part in text.split(",")})


if __name__ == "__main__":
    sys.exit(main())
