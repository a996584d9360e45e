"""Makes the calls of a context, and compares each with its reference. ``Checker.run`` is the room's main function."""

import copy
import random
import threading
import warnings

from plugframe.calls.callers import depth_of_caller
from plugframe.calls.plans.suspension import suspend_interception
from plugframe.errors import CrossReferenceError, CrossReferenceWarning, Decline
from plugframe.operations.crossref.matching import equality, tell
from plugframe.operations.crossref.references import FAKE, LOOPBACK, find_reference
from plugframe.operations.crossref.report import NOT_SAMPLED, Report
from plugframe.operations.crossref.reproducing import write_call, write_program
from plugframe.operations.crossref.snapshots import NotCheckedError
from plugframe.operations.crossref.trials import Outcome, Trial
from plugframe.operations.resolution.contexts import unchecked
from plugframe.records import Record

__tracebackhide__ = True  # pytest's reports are of those who call operations and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from plugframe.operations.crossref.matching import Equal
    from plugframe.operations.resolution.contexts import ResolvedCall

    OnMismatch = Literal["raise", "warn", "collect"]


class Check(Record):
    """What is checked, and how.

    Attributes:
        reference: ``default``, ``fake``, ``loopback``, or a backend.
        sample: the part of the calls that is checked, from 0 to 1.
        seed: which part that is.
        on_mismatch: what becomes of a mismatch: ``raise``, ``warn`` or ``collect``.
        operations: the names of those that are checked; None for all.
        equal: whether values are compared, or the function that compares two leaves.
    """

    __slots__ = ("reference", "sample", "seed", "on_mismatch", "operations", "equal")

    reference: str
    sample: float
    seed: int
    on_mismatch: "OnMismatch"
    operations: frozenset[str] | None
    equal: "Equal"

    def __init__(
        self,
        *,
        reference: str,
        sample: float = 1.0,
        seed: int = 0,
        on_mismatch: "OnMismatch" = "raise",
        operations: frozenset[str] | None = None,
        equal: "Equal" = False,
    ) -> None:
        self._fill(reference, sample, seed, on_mismatch, operations, equal)


class Checker:
    """Checks the calls of a host's operations in one context, or in a whole process.

    It is on until ``close``; what still has it afterwards, such as a task that was started in its context, makes its
    calls unchecked.
    """

    def __init__(self, check: Check, report: Report) -> None:
        """Begin to check.

        Args:
            check: what and how.
            report: where every call is counted.
        """
        self._check = check
        self._report = report
        self._equal = equality(check.equal)
        self._open = True
        self._chance = random.Random(check.seed)  # noqa: S311 # a sample that is the same at every run
        self._lock = threading.Lock()

    def close(self) -> None:
        """Check no more calls."""
        self._open = False

    def run(self, call: "ResolvedCall") -> object:
        """Make a call once, and return its own result or raise its own exception.

        The reference runs first, on copies of the arguments.

        Raises:
            CrossReferenceError: the reference does something else, and mismatches are to be raised.
        """
        wanted = self._check.operations
        if not self._open or (wanted is not None and call.operation.name not in wanted):
            return call.run()
        trial = self._try(call)
        if trial is None:
            return call.run()
        got = Outcome(call.run)
        if isinstance(got.error, Decline):
            self._skip(call, f"{call.backend!r} declined: {got.error.reason}")
        elif isinstance(got.error, CrossReferenceError):
            self._skip(call, "a call that it made is a mismatch itself")
        else:
            self._compare(call, trial, got)
        return got.get()

    def _skip(self, call: "ResolvedCall", reason: str) -> None:
        self._report.count_skipped(call.operation.name, call.overload.name, reason)

    def _try(self, call: "ResolvedCall") -> Trial | None:
        try:
            return self._try_reference(call)
        except NotCheckedError as reason:
            self._skip(call, str(reason))
            return None

    def _try_reference(self, call: "ResolvedCall") -> Trial:
        with self._lock:
            drawn = self._check.sample >= 1 or self._chance.random() < self._check.sample
        if not drawn:
            raise NotCheckedError(NOT_SAMPLED)
        try:
            with unchecked(), suspend_interception():
                reference = find_reference(call, self._check.reference)
                trial = Trial(call, reference, metadata_only=self._check.reference == FAKE)
                trial.run_reference()
        except NotCheckedError:
            raise
        except Exception as error:  # Arguments are copied and described by their own code.
            raise NotCheckedError(_say_why("its arguments cannot be compared", error)) from error
        return trial

    def _compare(self, call: "ResolvedCall", trial: Trial, got: Outcome) -> None:
        name, overload = call.operation.name, call.overload.name
        try:
            with unchecked(), suspend_interception():
                differences = tell(trial.compare(got, self._equal))
        except NotCheckedError as reason:
            self._skip(call, str(reason))
            return
        except Exception as error:  # noqa: BLE001 # results are described and compared by their own code
            self._skip(call, _say_why("its result cannot be compared", error))
            return
        self._report.count(name, overload, "mismatched" if differences else "matched")
        if differences:
            with unchecked(), suspend_interception():
                mismatch = self._describe(call, trial, differences)
            self._report.add(copy.copy(mismatch))  # What is raised gets a traceback, which keeps the arguments alive.
            self._tell(mismatch, got.error or trial.error)

    def _describe(self, call: "ResolvedCall", trial: Trial, differences: tuple[str, ...]) -> CrossReferenceError:
        check = self._check
        made = write_call(call, trial.original)
        options = f"reference={check.reference!r}" + (
            ", equal=True" if check.equal and check.reference != LOOPBACK else ""
        )
        return CrossReferenceError(
            f"{call.overload.name} by {call.backend!r} of {call.provider} does not do what the reference "
            f"{trial.reference} does",
            differences,
            operation=call.operation.name,
            overload=call.overload.name,
            backend=call.backend,
            reference=check.reference,
            call=made.text,
            reproduction=write_program(call, made, options),
        )

    def _tell(self, mismatch: CrossReferenceError, cause: Exception | None) -> None:
        if self._check.on_mismatch == "raise":
            raise mismatch from cause
        if self._check.on_mismatch == "warn":
            warnings.warn(CrossReferenceWarning(str(mismatch)), stacklevel=depth_of_caller())


def _say_why(what: str, error: Exception) -> str:
    return f"{what} ({type(error).__name__}: {error})"
