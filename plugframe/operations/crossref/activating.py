"""Cross-reference checks on and off: for one context by ``crossref``, for a whole process by its environment."""

import os
from contextlib import contextmanager

from plugframe.errors import BackendNotFoundError, NotRegisteredError, OperationSettingError, near_matches
from plugframe.operations.crossref.checking import Check, Checker
from plugframe.operations.crossref.matching import equality
from plugframe.operations.crossref.references import FAKE, KINDS, LOOPBACK
from plugframe.operations.crossref.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Protocol

    from plugframe.operations.crossref.checking import OnMismatch
    from plugframe.operations.crossref.matching import Equal

    class Operations(Protocol):
        """The operations of a host, as far as checking their calls needs to know them."""

        host: str

        def __iter__(self) -> Iterator[str]:
            """Yield the names of those that are declared."""
            raise NotImplementedError

        def backends(self) -> Collection[str]:
            """Return the names of the backends that are known."""
            raise NotImplementedError

        def checked_by(self, checker: Checker | None) -> AbstractContextManager[None]:
            """Have a checker make the calls of this context in a ``with`` block."""
            raise NotImplementedError


VARIABLE = "PLUGFRAME_CROSSREF"
ON_MISMATCH_VARIABLE = "PLUGFRAME_CROSSREF_ON_MISMATCH"
_ON_MISMATCH: "tuple[OnMismatch, ...]" = ("raise", "warn", "collect")
_OFF = ("", "0", "off", "false", "no")


def make_check(
    operations: "Operations",
    *,
    reference: str,
    sample: float,
    seed: int,
    on_mismatch: str,
    only: "str | Iterable[str] | None",
    equal: "Equal | None",
) -> Check:
    """Return what is to be checked; see ``CheckedOperations.crossref``.

    Raises:
        BackendNotFoundError: the reference is no kind of reference, and no backend of the host.
        OperationSettingError: there is no such ``on_mismatch``.
        NotRegisteredError: an operation is not declared.
        ValueError: ``sample`` is not from 0 to 1, or values of a fake are to be compared.
        TypeError: ``equal`` is neither a bool nor a function.
    """
    return Check(
        reference=_check_reference(operations, reference, f"crossref(reference={reference!r})"),
        sample=_check_sample(sample),
        seed=seed,
        on_mismatch=_check_choice("on_mismatch", on_mismatch),
        operations=_check_names(operations, only),
        equal=_check_equal(reference, equal),
    )


@contextmanager
def crossref(operations: "Operations", check: Check) -> "Iterator[Report]":
    """Check the calls of this context inside the block."""
    checker, report = _make(operations, check)
    try:
        with operations.checked_by(checker):
            yield report
    finally:
        checker.close()


def from_environment(operations: "Operations", environment: "Mapping[str, str] | None" = None) -> Checker | None:
    """Return what the environment wants to check the calls of all threads of this process, None if nothing.

    Its report is written to standard error when the process ends.

    Args:
        operations: of the host.
        environment: the variables; ``os.environ`` where none are given.

    Raises:
        BackendNotFoundError: ``PLUGFRAME_CROSSREF`` is neither a kind of reference nor a backend of the host.
        OperationSettingError: ``PLUGFRAME_CROSSREF_ON_MISMATCH`` is not ``raise``, ``warn`` or ``collect``.
    """
    found = os.environ if environment is None else environment
    reference = found.get(VARIABLE, "").strip()
    if reference.lower() in _OFF:
        return None
    on_mismatch = found.get(ON_MISMATCH_VARIABLE, "").strip() or "raise"
    check = Check(
        reference=_check_reference(operations, reference, VARIABLE),
        on_mismatch=_check_choice(ON_MISMATCH_VARIABLE, on_mismatch),
        equal=_check_equal(reference, None),
    )
    checker, report = _make(operations, check)
    import atexit

    atexit.register(_tell, operations.host, report, mismatches=on_mismatch == "collect")
    return checker


def _tell(host: str, report: Report, *, mismatches: bool) -> None:
    import sys

    if sys.stderr is not None and report.lines():
        found = dict.fromkeys(map(str, report.mismatches)) if mismatches else ()  # nobody was told of these
        print(f"{VARIABLE}: operations of {host} {report}", *found, sep="\n", file=sys.stderr)  # noqa: T201 # asked for


def _make(operations: "Operations", check: Check) -> tuple[Checker, Report]:
    wanted = check.operations
    names = (lambda: iter(operations)) if wanted is None else (lambda: iter(wanted))
    report = Report(check.reference, operations=names)
    return Checker(check, report), report


def _check_reference(operations: "Operations", reference: object, asked_by: str) -> str:
    known = (*KINDS, *sorted(operations.backends()))
    if isinstance(reference, str) and reference in known:
        return reference
    near = near_matches(str(reference), known)
    raise BackendNotFoundError(str(reference), operations.host, near, asked_by=asked_by)


def _check_sample(sample: object) -> float:
    if isinstance(sample, int | float) and 0 <= sample <= 1:
        return float(sample)
    message = f"sample is the part of the calls that is checked, from 0 to 1; got {sample!r}"
    raise ValueError(message)


def _check_choice(setting: str, value: object) -> "OnMismatch":
    for choice in _ON_MISMATCH:
        if choice == value:
            return choice
    raise OperationSettingError(setting, str(value), _ON_MISMATCH, near_matches(str(value), _ON_MISMATCH))


def _check_names(operations: "Operations", only: "str | Iterable[str] | None") -> frozenset[str] | None:
    if only is None:
        return None
    names = frozenset([only] if isinstance(only, str) else only)
    known, kind = tuple(operations), "operation"
    for name in sorted(names, key=str):
        if name not in known:
            raise NotRegisteredError(kind, str(name), known)
    return names


def _check_equal(reference: str, equal: "Equal | None") -> "Equal":
    if equal is None:
        return reference == LOOPBACK
    equality(equal)
    if equal is not False and reference == FAKE:
        message = "equal compares values, and a fake has none; leave it out, or choose another reference"
        raise ValueError(message)
    return equal
