"""What a host's operations offer of cross-reference checks: ``host.ops.crossref``, and what the environment wants."""

import os

from plugframe.operations.resolution.wishing import WishedOperations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import Any, Literal

    from plugframe.operations.crossref.report import Report
    from plugframe.operations.declared import DeclaredOperation
    from plugframe.operations.resolution.contexts import Checker
    from plugframe.operations.resolution.wanting import Wanted


class CheckedOperations(WishedOperations):
    """Operations whose calls can be compared with a reference.

    Nothing that this takes is imported before a check is asked for.
    """

    def __init__(self, host: str, refusal: "Callable[[str, str], str]" = lambda *_: "") -> None:
        """Check nothing, and leave the environment for the first call to look at."""
        super().__init__(host, refusal)
        self._has_looked = False
        self._standing: Checker | None = None

    def __iter__(self) -> "Iterator[str]":
        """Yield the names of the operations that are declared."""
        raise NotImplementedError

    def crossref(
        self,
        *,
        reference: str = "default",
        sample: float = 1.0,
        seed: int = 0,
        on_mismatch: "Literal['raise', 'warn', 'collect']" = "raise",
        operations: "str | Iterable[str] | None" = None,
        equal: "bool | Callable[[Any, Any], object] | None" = None,
    ) -> "AbstractContextManager[Report]":
        """Compare calls with a reference in a ``with`` block; calls of other threads and tasks are not touched.

        Of each call, the reference runs first, on copies of the arguments, without call hooks and unchecked. Then the
        implementation runs once, on the arguments themselves, and the call returns what that returned. Where both
        differ in the structure or the metadata of what they return, in what they raise, or in the arguments that they
        change, is a mismatch. A call whose arguments cannot be copied, such as a generator, is made unchecked and
        counted with the reason.

        Args:
            reference: ``default`` is the host's own function; ``fake`` what the operation has for one, of which only
                structure and metadata count; ``loopback`` the implementation itself, so that hidden changes, chance
                and dependence on identities show; anything else a backend.
            sample: the part of the calls that is checked, from 0 to 1.
            seed: which part that is.
            on_mismatch: ``raise`` a ``CrossReferenceError`` in the place of the result; ``warn`` of it; or ``collect``
                it in the report.
            operations: the names of those that are checked; None for all.
            equal: compare the values of leaves, too: True by ``==``, with NaN equal to NaN, or a function of two
                leaves. None does so for ``loopback``.

        Returns:
            A context manager; its value is the report, which counts on in the block.

        Raises:
            BackendNotFoundError: the reference is no kind of reference, and no backend of the host.
            OperationSettingError: there is no such ``on_mismatch``.
            NotRegisteredError: one of ``operations`` is not declared.
            ValueError: ``sample`` is not from 0 to 1, or values of a fake are to be compared.
        """
        from plugframe.operations.crossref.activating import crossref, make_check

        check = make_check(
            self,
            reference=reference,
            sample=sample,
            seed=seed,
            on_mismatch=on_mismatch,
            only=operations,
            equal=equal,
        )
        return crossref(self, check)

    @property
    def standing_checker(self) -> "Checker | None":
        """Who checks the calls of all contexts of this process, as its environment wants; None for nobody."""
        return self._standing

    def wanted(self, operation: "DeclaredOperation", backend: str) -> "Wanted":
        """Return what is wanted of a call that is made now, after the first look at what is to be checked.

        Raises:
            BackendNotFoundError: the environment names a backend, or a reference, that there is not.
            OperationSettingError: it has a value that it cannot have.
        """
        if not self._has_looked:
            self._look_for_checker()
        return super().wanted(operation, backend)

    def _look_for_checker(self) -> None:
        found = None
        if os.environ.get("PLUGFRAME_CROSSREF"):
            from plugframe.operations.crossref.activating import from_environment

            found = from_environment(self)
        with self._lock:
            if not self._has_looked:  # Of two threads, one has its report told at the end.
                self._has_looked, self._standing = True, found
                self._active += found is not None
        if found is not None:  # after the lock: operations have locks of their own
            self.unsettle()
