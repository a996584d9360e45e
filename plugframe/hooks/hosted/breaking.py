"""Leaving out implementations that keep raising, and trying each again after a while.

``Breaker`` is the main class. Where none is switched on, nothing of this runs.
"""

import time
from dataclasses import dataclass
from functools import wraps
from logging import getLogger
from threading import Lock

from plugframe.hooks.hosted.callers import is_coroutine_function

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    import pluggy

    from plugframe.hooks.callers import Caller

_LOG = getLogger("plugframe.hooks")
_CIRCUIT = "plugframe_circuit"  # the attribute of a guarded function


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An implementation that is left out.

    Attributes:
        hook: the hook's name.
        plugin: whose it is, with its distribution.
        failures: how often it raised in a row.
        error: the name of what it raised last, and where there is one, its message.
        seconds: until it is tried again; 0 when the next call does that.
    """

    hook: str
    plugin: str
    failures: int
    error: str
    seconds: float


class Circuit:
    """Whether one implementation is called.

    It is closed at first: every call reaches the implementation. After several failures in a row it opens, and calls
    leave the implementation out. After a while it is half open: one call tries, and the others still leave it out. If
    that succeeds it is closed again, else open for as long.
    """

    def __init__(self, breaker: "Breaker", hook: str, plugin: str) -> None:
        self.hook = hook
        self.plugin = plugin
        self.failures = 0
        self.error = ""
        self.breaker = breaker
        self._opened: float | None = None
        self._trying = False
        self._lock = Lock()

    @property
    def seconds(self) -> float | None:
        """How long it stays open; None where it is closed."""
        opened = self._opened
        return None if opened is None else max(0.0, opened + self.breaker.seconds - self.breaker.clock())

    def admits(self) -> bool | None:
        """Return True for a call of a closed circuit, None for one that tries, False for one that leaves it out."""
        if self._opened is None:
            return True
        with self._lock:
            if self._opened is None:
                return True
            if self._trying or self.breaker.clock() - self._opened < self.breaker.seconds:
                return False
            self._trying = True
            return None

    def succeed(self, admitted: "bool | None") -> None:
        """Forget failures; close it where that was the call that tried."""
        if admitted and (self._opened is not None or not self.failures):
            return  # What set out before it opened says nothing of now.
        with self._lock:
            self.failures, self.error = 0, ""
            if admitted is None:
                self._opened, self._trying = None, False
        if admitted is None:
            _LOG.warning("hook %r takes %s in again, which did not raise", self.hook, self.plugin)

    def fail(self, admitted: "bool | None", error: Exception) -> None:
        """Count a failure; open it where they are too many, or where that was the call that tried."""
        with self._lock:
            self.failures += 1
            self.error = type(error).__name__
            opens = admitted is None or (self._opened is None and self.failures >= self.breaker.failures)
            if opens:
                self._opened, self._trying = self.breaker.clock(), False
        if opens:
            _LOG.error(
                "hook %r leaves out %s for %g seconds, which raised %d times in a row",
                self.hook, self.plugin, self.breaker.seconds, self.failures, exc_info=error,
            )  # fmt: skip

    def leave(self, admitted: "bool | None") -> None:
        """Let another call try, where the one that did was interrupted."""
        if admitted is None:
            with self._lock:
                self._trying = False


class Breaker:
    """Watches the implementations of a manager's hooks until it is removed; wrappers are never left out.

    An implementation that is left out counts as one that returns None. Whatever it raises before is handled as ever.
    """

    def __init__(
        self,
        describe: "Callable[[str, pluggy.HookImpl], str]",
        callers: "Sequence[Caller]",
        *,
        failures: int,
        seconds: float,
        clock: "Callable[[], float]" = time.monotonic,
    ) -> None:
        """Watch the implementations that there are.

        Args:
            describe: returns whose an implementation of a hook is, for messages.
            callers: the hooks; others may be added.
            failures: in a row, after which an implementation is left out.
            seconds: after which it is tried again.
            clock: returns the time in seconds.

        Raises:
            ValueError: it would leave out what did not fail, or for no time at all.
        """
        if failures < 1 or not seconds > 0:
            message = f"failures is at least 1, and seconds more than 0; got {failures!r} and {seconds!r}"
            raise ValueError(message)
        self.failures = failures
        self.seconds = seconds
        self.clock = clock
        self.is_on = True
        self._describe = describe
        self._callers = callers
        self._each(self.guard)

    @classmethod
    def replacing(
        cls,
        before: "Breaker | None",
        describe: "Callable[[str, pluggy.HookImpl], str]",
        callers: "Sequence[Caller]",
        *,
        failures: int,
        seconds: float,
    ) -> "Breaker":
        """Return a new breaker in place of one that was removed.

        Raises:
            ValueError: that was not removed, or the numbers make no sense.
        """
        if before is not None and before.is_on:
            message = f"there is one already, {before!r}; remove() it first"
            raise ValueError(message)
        return cls(describe, callers, failures=failures, seconds=seconds)

    def __repr__(self) -> str:
        return f"<breaker after {self.failures} failures, {len(self.left_out())} left out>"

    def left_out(self) -> tuple[LeftOut, ...]:
        """Return what is left out now, sorted by hook and plugin."""
        found = [
            LeftOut(hook=one.hook, plugin=one.plugin, failures=one.failures, error=one.error, seconds=seconds)
            for caller in tuple(self._callers)
            for implementation in caller.get_hookimpls()
            if (one := self._circuit_of(implementation)) is not None and (seconds := one.seconds) is not None
        ]
        return tuple(sorted(found, key=lambda one: (one.hook, one.plugin)))

    def remove(self) -> None:
        """Call every implementation again at every call; do nothing when that was done."""
        self.is_on = False
        self._each(self._release)

    def guard(self, hook: str, implementation: "pluggy.HookImpl") -> None:
        """Put a circuit before an implementation, while it is on."""
        if not self.is_on or implementation.wrapper or implementation.hookwrapper:
            return
        function, circuit = implementation.function, Circuit(self, hook, self._describe(hook, implementation))
        guarded = _guarded_coroutine if is_coroutine_function(function) else _guarded
        call = guarded(function, circuit)
        setattr(call, _CIRCUIT, circuit)
        implementation.function = call  # type: ignore[misc] # final to users; pluggy's own are set once

    def _release(self, _: str, implementation: "pluggy.HookImpl") -> None:
        if self._circuit_of(implementation) is not None:
            implementation.function = implementation.function.__wrapped__  # type: ignore[attr-defined,misc] # as it was

    def _circuit_of(self, implementation: "pluggy.HookImpl") -> Circuit | None:
        circuit: Circuit | None = getattr(implementation.function, _CIRCUIT, None)
        return circuit if circuit is not None and circuit.breaker is self else None

    def _each(self, change: "Callable[[str, pluggy.HookImpl], None]") -> None:
        """Change every implementation, and let nothing that was compiled before stay."""
        for caller in tuple(self._callers):
            for implementation in caller.get_hookimpls():
                change(caller.name, implementation)
            caller.look_again()


def _guarded(function: "Callable[..., Any]", circuit: Circuit) -> "Callable[..., Any]":
    @wraps(function)
    def call(*positional: object, **keywords: object) -> object:
        __tracebackhide__ = True
        admitted = circuit.admits()
        if admitted is False:
            return None
        try:
            value = function(*positional, **keywords)
        except Exception as error:
            circuit.fail(admitted, error)
            raise
        except BaseException:
            circuit.leave(admitted)
            raise
        circuit.succeed(admitted)
        return value

    return call


def _guarded_coroutine(function: "Callable[..., Any]", circuit: Circuit) -> "Callable[..., Any]":
    @wraps(function)
    async def call(*positional: object, **keywords: object) -> object:
        __tracebackhide__ = True
        admitted = circuit.admits()
        if admitted is False:
            return None
        try:
            value = await function(*positional, **keywords)
        except Exception as error:
            circuit.fail(admitted, error)
            raise
        except BaseException:
            circuit.leave(admitted)
            raise
        circuit.succeed(admitted)
        return value

    return call
