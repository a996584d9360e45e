"""What somebody wants of the calls of a host's operations: in a ``with`` block, by settings, by the environment."""

import threading
from contextlib import contextmanager
from functools import partial

from plugframe.errors import OperationSettingError, near_matches
from plugframe.operations.resolution.contexts import Wish, checkers, wishes
from plugframe.operations.resolution.settings import FALLBACKS, Settings, check_backend, from_environment, variables
from plugframe.operations.resolution.wanting import Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from plugframe.operations.declared import DeclaredOperation
    from plugframe.operations.resolution.contexts import Checker


class WishedOperations:
    """Operations of which somebody wants something; where nobody does, none of this is asked."""

    def __init__(self, host: str, refusal: "Callable[[str, str], str]" = lambda *_: "") -> None:
        """Want nothing yet of the operations of a host.

        Args:
            host: its name.
            refusal: returns of an operation, or of all where its name is empty, and a backend who declares it and may
                not run.
        """
        self.host = host
        self._refusal = refusal
        self._lock = threading.RLock()
        self._active = 0
        self._settings: dict[str, Settings] = {}
        self._merged: dict[str, Settings] = {}  # by operation, what is set for it in all
        self._variables = variables(host)

    def backends(self, operation: str = "") -> tuple[str, ...]:
        """Return the names of the backends of an operation, or of all of the host."""
        raise NotImplementedError

    def get(self, name: str) -> object:
        """Return the live function of an operation, or raise."""
        raise NotImplementedError

    def check_backend(self, backend: str, operation: str = "") -> None:
        """Raise if nothing provides a backend of an operation, or of any.

        Raises:
            BackendNotFoundError: nothing does.
        """
        of = repr(operation) if operation else self.host
        check_backend(backend, self.backends(operation), of, explain=partial(self._refusal, operation, backend))

    def unsettle(self) -> None:
        """Forget what was found for calls, but for what could answer them."""
        raise NotImplementedError

    def prefer(self, *backends: str, operation: str = "") -> "AbstractContextManager[None]":
        """Prefer backends in a ``with`` block, the first most; calls of other threads and tasks are not touched.

        Args:
            backends: their names; ``default`` is the host's own functions.
            operation: the only operation that it holds for.

        Raises:
            BackendNotFoundError: nothing provides a backend of such a name.
            NotRegisteredError: there is no such operation.
        """
        return self._wish("prefer", backends, operation)

    def disable(self, *backends: str, operation: str = "") -> "AbstractContextManager[None]":
        """Do without backends in a ``with`` block, unless a call names one; see ``prefer``."""
        return self._wish("disable", backends, operation)

    def fallback(self, policy: str, *, operation: str = "") -> "AbstractContextManager[None]":
        """Say in a ``with`` block whether the host's own functions answer calls that no backend does.

        Args:
            policy: ``default`` (they do) or ``error``.
            operation: the only operation that it holds for.

        Raises:
            OperationSettingError: there is no such policy.
            NotRegisteredError: there is no such operation.
        """
        check_fallback(policy, "fallback")
        return self._wish("fallback", (policy,), operation)

    def _wish(self, kind: str, values: tuple[str, ...], operation: str) -> "AbstractContextManager[None]":
        if operation:
            self.get(operation)
        if kind != "fallback":
            for backend in values:
                self.check_backend(backend, operation)
        return self._wished(Wish(self, kind, values, operation))

    @contextmanager
    def _wished(self, wish: Wish) -> "Iterator[None]":
        try:
            with self._within(wishes, wish):
                yield
        finally:
            wish.is_open = False

    def checked_by(self, checker: "Checker | None") -> "AbstractContextManager[None]":
        """Let somebody make the calls of this context in a ``with`` block; None suspends who does so outside."""
        return self._within(checkers, (self, checker))

    @contextmanager
    def _within(self, variable: "Any", entry: object) -> "Iterator[None]":  # noqa: ANN401 # of this room
        with self._lock:
            self._active += 1
        self.unsettle()
        variable.set((*variable.get(), entry))
        try:
            yield
        finally:
            # By the entry, not by a token: blocks may end in another order, and in another context.
            variable.set(tuple(one for one in variable.get() if one is not entry))
            with self._lock:
                self._active -= 1

    @property
    def is_active(self) -> bool:
        """Whether any context wants something, so that no call may go straight to what was found before."""
        return self._active > 0

    def configure(
        self, *, backends: "Iterable[str] | None" = None, fallback: str | None = None, operation: str = ""
    ) -> None:
        """Set the order of backends and the fallback for good; the environment counts more, and contexts most.

        Args:
            backends: their names in order; those left out come after them. None leaves it to types and marks.
            fallback: ``default`` or ``error``; None leaves it to each operation.
            operation: the only one that it holds for, which counts more than what is set for all.

        Raises:
            BackendNotFoundError: nothing provides a backend of such a name.
            OperationSettingError: there is no such fallback.
            NotRegisteredError: there is no such operation.
        """
        if operation:
            self.get(operation)
        if fallback is not None:
            check_fallback(fallback, "fallback")
        names = None if backends is None else tuple(backends)
        for backend in names or ():
            self.check_backend(backend, operation)
        self._settings = {**self._settings, operation: Settings(backends=names, fallback=fallback)}
        self.forget_environment()
        self.unsettle()

    def wanted(self, operation: "DeclaredOperation", backend: str) -> Wanted:
        """Return what is wanted of a call that is made now.

        Raises:
            BackendNotFoundError: the environment names a backend that nothing provides.
            OperationSettingError: it sets a fallback that there is not.
        """
        merged = self._merged  # as it is now: what changes meanwhile begins another
        settings = merged.get(operation.name)
        if settings is None:
            settings = merged[operation.name] = self._merge(operation)
        return Wanted(self, operation.name, settings, self._variables, backend=backend)

    def _merge(self, operation: "DeclaredOperation") -> Settings:
        settings = from_environment(self.host, self.backends(), explain=partial(self._refusal, ""))
        for key in (operation.name, ""):
            settings = settings.over(self._settings.get(key, Settings()))
        return settings.over(Settings(fallback=operation.declared_fallback))

    def forget_environment(self) -> None:
        """Read the environment again at the next call that is not certain."""
        self._merged = {}


def check_fallback(policy: str, setting: str) -> None:
    """Raise if there is no such policy.

    Raises:
        OperationSettingError: there is none.
    """
    if policy not in FALLBACKS:
        raise OperationSettingError(setting, policy, FALLBACKS, near_matches(str(policy), FALLBACKS))
