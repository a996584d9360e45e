"""What cross-reference checks found: how many calls were checked, which were not, and why."""

import threading
from collections import Counter

from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal

    from plugframe.errors import CrossReferenceError

    Outcome = Literal["matched", "mismatched"]

NOT_SAMPLED = "not in the sample"
OTHER_REASONS = "other reasons"
_MOST_REASONS = 50  # of one overload: some have an address in them
_MOST_MISMATCHES = 1000  # a process may run for days
_TITLES = ("OVERLOAD", "MATCHED", "MISMATCHED", "SKIPPED")


class Line(Record):
    """What became of the calls of one overload.

    Attributes:
        operation: the operation's name.
        overload: the signature that the arguments fitted.
        matched: how many calls did what the reference did.
        mismatched: how many did not.
        skipped: how many were not compared, by reason.
    """

    __slots__ = ("operation", "overload", "matched", "mismatched", "skipped")

    operation: str
    overload: str
    matched: int
    mismatched: int
    skipped: dict[str, int]

    def __init__(
        self, *, operation: str, overload: str, matched: int, mismatched: int, skipped: dict[str, int]
    ) -> None:
        self._fill(operation, overload, matched, mismatched, skipped)

    @property
    def checked(self) -> int:
        """How many calls were compared with the reference."""
        return self.matched + self.mismatched


class Report:
    """Counts calls while a cross-reference check is on, from any thread; every call counts as one thing or another.

    Attributes:
        reference: what the calls are compared with.
    """

    def __init__(self, reference: str, *, operations: "Callable[[], Iterable[str]]") -> None:
        """Begin with nothing.

        Args:
            reference: what the calls are compared with.
            operations: returns the names of all operations whose calls are looked at.
        """
        self.reference = reference
        self._operations = operations
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._reasons: dict[tuple[str, str], Counter[str]] = {}
        self._mismatches: list[CrossReferenceError] = []

    def count(self, operation: str, overload: str, outcome: "Outcome") -> None:
        """Count a call that was compared."""
        with self._lock:
            self._reasons.setdefault((operation, overload), Counter())
            self._counts[operation, overload, outcome] += 1

    def count_skipped(self, operation: str, overload: str, reason: str) -> None:
        """Count a call that was not compared."""
        with self._lock:
            reasons = self._reasons.setdefault((operation, overload), Counter())
            reasons[reason if reason in reasons or len(reasons) < _MOST_REASONS else OTHER_REASONS] += 1

    def add(self, mismatch: "CrossReferenceError") -> None:
        """Keep what was found, unless it is too much to be read."""
        with self._lock:
            if len(self._mismatches) < _MOST_MISMATCHES:
                self._mismatches.append(mismatch)

    @property
    def mismatches(self) -> "tuple[CrossReferenceError, ...]":
        """What differed, in the order in which it was found, whether it was raised, warned of or collected.

        Of more than a thousand, these are the first; ``mismatched`` counts all.
        """
        with self._lock:
            return tuple(self._mismatches)

    def lines(self) -> tuple[Line, ...]:
        """Return what became of the calls of each overload that was called, sorted."""
        with self._lock:
            found = sorted((key, dict(sorted(reasons.items()))) for key, reasons in self._reasons.items())
            counts = dict(self._counts)
        return tuple(
            Line(
                operation=operation,
                overload=overload,
                matched=counts.get((operation, overload, "matched"), 0),
                mismatched=counts.get((operation, overload, "mismatched"), 0),
                skipped=reasons,
            )
            for (operation, overload), reasons in found
        )

    @property
    def matched(self) -> int:
        """How many calls did what the reference did."""
        return sum(line.matched for line in self.lines())

    @property
    def mismatched(self) -> int:
        """How many calls did something else than the reference."""
        return sum(line.mismatched for line in self.lines())

    @property
    def checked(self) -> int:
        """How many calls were compared with the reference."""
        return self.matched + self.mismatched

    @property
    def skipped(self) -> dict[str, int]:
        """How many calls were not compared, by reason."""
        total: Counter[str] = Counter()
        for line in self.lines():
            total.update(line.skipped)
        return dict(sorted(total.items()))

    @property
    def never_called(self) -> tuple[str, ...]:
        """The operations that exist and were not called, sorted."""
        called = {line.operation for line in self.lines()}
        return tuple(sorted(set(self._operations()) - called))

    def __str__(self) -> str:
        return "\n".join(self._write())

    def _write(self) -> "Iterable[str]":
        lines = self.lines()
        yield (
            f"compared with {self.reference!r}: {_count(self.checked, 'call')} checked, {self.mismatched} mismatched, "
            f"{sum(self.skipped.values())} skipped"
        )
        rows = [_TITLES] if lines else []
        rows += [(one.overload, f"{one.matched}", f"{one.mismatched}", f"{sum(one.skipped.values())}") for one in lines]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for one in lines:
            yield from (f"skipped {number} of {one.operation}: {why}" for why, number in one.skipped.items())
        if self.never_called:
            yield f"never called: {', '.join(self.never_called)}"

    def __repr__(self) -> str:
        return f"<report of {_count(self.checked, 'call')} compared with {self.reference!r}>"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
