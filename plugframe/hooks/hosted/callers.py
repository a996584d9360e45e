"""A host's hook callers: pluggy's to everybody, in an order that does not depend on when plugins are loaded."""

import inspect
from bisect import insort
from types import FunctionType, MethodType

import pluggy

from plugframe.hooks.callers import Caller
from plugframe.hooks.ordering import is_bound

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_COROUTINE_MARKS = {"_is_coroutine_marker", "_is_coroutine"}  # of inspect.markcoroutinefunction, and of asyncio before


class HostCaller(Caller):
    """A hook's caller in a host; its calls run through pluggy's own code, and the live function beside it is fast."""

    __slots__ = ("_irregular", "_rank", "coroutines", "direct", "tell")

    compiles = False
    always_ordered = True
    __call__ = pluggy.HookCaller.__call__

    def __init__(self, name: str, hook_execute: "Any", rank: "Callable[[pluggy.HookImpl], tuple[int, str]]") -> None:
        """Make a caller.

        Args:
            name: the hook's.
            hook_execute: pluggy's seam.
            rank: returns what decides between implementations that ask for the same.
        """
        self._rank = rank
        self.tell: Callable[[], None] = _nothing
        self.coroutines: list[pluggy.HookImpl] = []
        self.direct = self._irregular = False
        super().__init__(name, hook_execute)

    def look_again(self) -> None:
        """Tell the host's hook that something changed."""
        self.version = object()
        self.direct = self.is_direct()
        self.tell()

    def _add_hookimpl(self, hookimpl: pluggy.HookImpl) -> None:
        with self.lock:
            self._irregular = self._irregular or hookimpl.trylast or is_bound(hookimpl)
            if self._irregular:
                super()._add_hookimpl(hookimpl)
            else:
                self._came.append(hookimpl)
                insort(self._hookimpls, hookimpl, key=self._place)
            if is_coroutine_function(hookimpl.function):
                self.coroutines.append(hookimpl)

    def _remove_plugin(self, plugin: object) -> None:
        # By identity: no plugin's own comparison runs under the lock.
        with self.lock:
            self.coroutines[:] = [one for one in self.coroutines if one.plugin is not plugin]
            self._keep([one for one in self._hookimpls if one.plugin is not plugin])

    def _place(self, implementation: pluggy.HookImpl) -> tuple[bool, bool, tuple[int, str]]:
        """Return what implementations are sorted by as long as none asks to be last, or before or after others."""
        wraps = implementation.wrapper or implementation.hookwrapper
        return bool(wraps), bool(implementation.tryfirst), self._rank(implementation)

    def _sequence(self, came: "Sequence[pluggy.HookImpl]") -> "Sequence[pluggy.HookImpl]":
        return sorted(came, key=self._rank)


def _nothing() -> None:
    """Be told, and do nothing."""


def is_coroutine_function(function: object) -> bool:
    """Return whether calling a function makes a coroutine, as far as it can be told without calling it."""
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is FunctionType and not function.__dict__.keys() & _COROUTINE_MARKS:
        return bool(function.__code__.co_flags & inspect.CO_COROUTINE)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 # its kind is asked for
