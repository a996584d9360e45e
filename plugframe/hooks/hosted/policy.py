"""What becomes of an exception in a host's hook: it is noted whose it was, then it is raised, collected or logged."""

from contextlib import suppress

import pluggy

from plugframe.calls.steps import Errors
from plugframe.errors import CoroutineHookError, HookArgumentError

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CoroutineType
    from typing import Any, NoReturn

    from plugframe.records import Distribution


class IncompleteCallError(HookArgumentError, pluggy.HookCallError):
    """What a call without a needed argument raises, which those who call through pluggy's manager catch, too."""


class Policy:
    """How one hook deals with the exceptions of its implementations."""

    __slots__ = ("disguised", "distribution_of", "errors", "hook")

    def __init__(self, hook: str, errors: Errors, distribution_of: "Callable[[str], Distribution | None]") -> None:
        """Make a policy.

        Args:
            hook: the hook's name.
            errors: what becomes of exceptions.
            distribution_of: returns whose a plugin is, by the plugin's name; None for one that the host registered.
        """
        self.disguised: list[pluggy.HookImpl] = []
        self.hook = hook
        self.errors = errors
        self.distribution_of = distribution_of

    def describe(self, implementation: pluggy.HookImpl) -> str:
        """Return a plugin's name and where it comes from, for messages."""
        distribution = self.distribution_of(implementation.plugin_name)
        return f"plugin {implementation.plugin_name!r}" + (f" from {distribution}" if distribution else "")

    def note(self, error: BaseException, implementation: pluggy.HookImpl | None) -> None:
        """Note on an exception whose it is; once, however often it is raised again."""
        if implementation is None:
            return
        note = f"raised in hook {self.hook!r} by {self.describe(implementation)}"
        with suppress(Exception):  # A plugin's exception may take no note, and is more important than any.
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)

    def refuse(self, implementation: pluggy.HookImpl, coroutine: "CoroutineType[Any, Any, Any]") -> "NoReturn":
        """Close a coroutine that a plain call got, and raise.

        Where the first exception ends the call, the implementation counts from now on as a coroutine function, so that
        its hook is never compiled: a compiled call does not look at every result.

        Raises:
            CoroutineHookError: always.
        """
        coroutine.close()
        if self.errors is Errors.RAISE and implementation not in self.disguised:
            self.disguised.append(implementation)
        raise CoroutineHookError(self.hook, self.describe(implementation))

    def refused(
        self,
        implementation: pluggy.HookImpl,
        coroutine: "CoroutineType[Any, Any, Any]",
        held: tuple[object, BaseException | None] = (None, None),
    ) -> tuple[object, BaseException | None]:
        """Close a coroutine that a wrapper made of a plain call's result.

        Args:
            implementation: the wrapper.
            coroutine: what it returned.
            held: the result and the exception that it was given, which are handed on where it is skipped.

        Returns:
            The result and the exception to hand on.
        """
        try:
            self.refuse(implementation, coroutine)
        except CoroutineHookError as error:
            if self.errors is Errors.SKIP:
                self.failed(implementation, error, [])
                return held
            self.note(error, implementation)
            return None, error

    def incomplete(self, implementation: pluggy.HookImpl, argument: str) -> IncompleteCallError:
        """Return what to raise where a call does not give an argument that an implementation takes."""
        return IncompleteCallError(self.hook, self.describe(implementation), argument)

    def spares(self, error: BaseException, *, wraps: bool) -> bool:
        """Return whether the other implementations run after an exception; of a wrapper's, only where it is skipped."""
        if self.errors is Errors.RAISE or not isinstance(error, Exception):
            return False
        return not wraps or self.errors is Errors.SKIP

    def failed(self, implementation: pluggy.HookImpl, error: Exception, failures: list[Exception]) -> None:
        """Note whose an exception is, and collect it or log it."""
        self.note(error, implementation)
        if self.errors is Errors.COLLECT:
            failures.append(error)
        else:
            from logging import getLogger

            getLogger("plugframe.hooks").error(
                "hook %r goes on without %s, which raised", self.hook, self.describe(implementation), exc_info=error
            )

    def grouped(self, failures: list[Exception]) -> "ExceptionGroup[Exception]":
        """Return one exception for all that were collected, in the order in which they were raised."""
        message = f"{len(failures)} of the implementations of hook {self.hook!r} failed"
        return ExceptionGroup(message, failures)
