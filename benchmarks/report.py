"""What was measured, as tables for people and as JSON for programs."""

import datetime as dt
import json
import os
import platform
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import Figure


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio that is wanted, of two medians or the median of many.

    Attributes:
        figure: which two.
        limit: the largest ratio that meets the goal.
        measured: the ratio, or None when one of the two was not measured.
    """

    figure: str
    limit: float
    measured: float | None

    @property
    def verdict(self) -> str:
        """``met``, ``NOT MET``, or ``not measured``."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.limit else "NOT MET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that one run found out, and where."""

    topic: str
    rounds: int
    sizes: tuple[int, ...]
    machine: dict[str, object]
    versions: dict[str, str]
    figures: tuple[Figure, ...]
    goals: tuple[Goal, ...]
    notes: tuple[str, ...]


def find(figures: Iterable[Figure], section: str, size: int, what: str) -> Figure | None:
    """Return the figure of one contender, or None when it did not take part."""
    wanted = (section, size, what)
    return next((one for one in figures if (one.section, one.size, one.what) == wanted), None)


def ratio(one: Figure | None, other: Figure | None) -> float | None:
    """Return how many times as long one takes as the other, by their medians."""
    return one.median_ns / other.median_ns if one and other else None


def show(results: Results) -> None:
    """Print what took turns in one process, a table for each size, the goals, and where and how it was measured."""
    compared = [figure for figure in results.figures if figure.comparisons]
    if compared:
        print("\nin turns, in one process")
        rows = [("WHAT", "OURS ns", "PEER ns", "RATIO", "LOWEST", "HIGHEST", "PEER")]
        for section, figures in _sections(compared):
            rows += [(section, "", "", "", "", "", ""), *map(_compared_row, figures)]
        _print_table(rows)
    alone = [figure for figure in results.figures if not figure.comparisons]
    for size in dict.fromkeys(figure.size for figure in alone):
        print(f"\n{size} distributions" if size else "\nno distributions but the installed ones")
        table = [("WHAT", "MEDIAN ms", "RATIO TO OURS", "WHOLE PROCESS ms")]
        for section, figures in _sections([figure for figure in alone if figure.size == size]):
            table += [(section, "", "", ""), *_rows(figures)]
        _print_table(table)
    print()
    _print_table([("FIGURE", "GOAL", "MEASURED", ""), *(_goal_row(goal) for goal in results.goals)])
    print()
    for line in (*results.notes, _origin(results)):
        print(line)


def _sections(figures: Sequence[Figure]) -> Iterator[tuple[str, list[Figure]]]:
    for section in dict.fromkeys(figure.section for figure in figures):
        yield section, [figure for figure in figures if figure.section == section]


def _compared_row(figure: Figure) -> tuple[str, str, str, str, str, str, str]:
    found = figure.comparisons
    ratios = [one.ratio for one in found]
    return (
        f"  {figure.what}",
        f"{statistics.median(one.ours_ns for one in found):.1f}",
        f"{statistics.median(one.peer_ns for one in found):.1f}",
        _times(statistics.median(ratios)),
        _times(min(ratios)),
        _times(max(ratios)),
        statistics.mode(one.peer for one in found),
    )


def _rows(figures: Sequence[Figure]) -> list[tuple[str, str, str, str]]:
    ours = next((figure for figure in figures if figure.ours), None)
    return [
        (
            f"  {figure.what}",
            f"{figure.median_ns / 1e6:.3f}",
            f"{ratio(figure, ours):.3g} x" if ours else "",
            f"{figure.median_whole_ns / 1e6:.1f}",
        )
        for figure in figures
    ]


def _goal_row(goal: Goal) -> tuple[str, str, str, str]:
    measured = "" if goal.measured is None else _times(goal.measured)
    return goal.figure, f"<= {_times(goal.limit)}", measured, goal.verdict


def _times(value: float) -> str:
    """Write a ratio the way that people say it: a fifteenth, 0.97 times, or six times."""
    return f"1/{1 / value:.3g}" if 0 < value <= 1 / 2 else f"{value:.3g} x"


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for first, *rest in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        print("  ".join(cells).rstrip())


def _origin(results: Results) -> str:
    found = results.machine
    return (
        f"Medians of {results.rounds} rounds, all commands in turn. Python {found['python']}, {found['processor']}, "
        f"{found['cores']} cores, {found['system']}, load {found['load_before']} to {found['load_after']}."
    )


def machine() -> dict[str, object]:
    """Describe the machine and this interpreter, of which the measured one is a virtual environment."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
    }


def load_average() -> float | None:
    """Return how many processes wanted to run in the last minute; None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def write(results: Results, path: Path) -> None:
    """Write everything as JSON: medians, every sample, machine, Python, versions and date."""
    content = {
        "topic": results.topic,
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "rounds": results.rounds,
        "sizes": results.sizes,
        "machine": results.machine,
        "versions": dict(sorted(results.versions.items())),
        "notes": results.notes,
        "goals": [
            {"figure": one.figure, "limit": one.limit, "measured": one.measured, "verdict": one.verdict}
            for one in results.goals
        ],
        "figures": [_figure(figure) for figure in results.figures],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _figure(figure: Figure) -> dict[str, object]:
    return {
        "section": figure.section,
        "size": figure.size,
        "what": figure.what,
        "ours": figure.ours,
        "median_ns": figure.median_ns,
        "median_whole_ns": figure.median_whole_ns,
        "inside_ns": figure.inside,
        "whole_ns": figure.whole,
        "comparisons": [asdict(one) for one in figure.comparisons],
    }
