"""Callback slots: a host declares one with a signature and a default, a plugin binds a function to it."""

import threading
from functools import partial
from keyword import iskeyword

from plugframe.calls.fitting import is_coroutine_function, mismatch
from plugframe.errors import NotRegisteredError, RegistrationError, SignatureMismatchError
from plugframe.handles import RemovableHandle
from plugframe.namespaces.names import Addition, name_problem
from plugframe.registry.signatures import read_signature
from plugframe.registry.slots import Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from inspect import Signature
    from typing import Any, Literal, ParamSpec, TypeVar, overload

    from plugframe.registry import typed
    from plugframe.registry.bindings import Bindings

    P = ParamSpec("P")
    R = TypeVar("R")

_KIND = "slot"


class Callbacks:
    """A host's slots, as attributes: ``host.callbacks.progress(done, total)``.

    Example:
        >>> from plugframe import Host
        >>> callbacks = Host("myapp", path=[]).callbacks
        >>> progress = callbacks.slot("progress", "(done: int, total: int)")
        >>> progress(1, total=2), progress.bound, callbacks.unbound()
        (None, False, ('progress',))
        >>> with callbacks.bind("progress", lambda done, total: f"{done} of {total}"):
        ...     progress(1, total=2), progress.provider
        ('1 of 2', 'myapp')
    """

    def __init__(self, bindings: "Bindings", *, host: str = "") -> None:
        """Make an empty set of slots.

        Args:
            bindings: the functions that are bound, by slot.
            host: the host's name, for messages.
        """
        self._bindings = bindings
        self._host = host
        self._lock = threading.Lock()
        self._slots: dict[str, Slot] = {}
        bindings.observe(check=self._check, tell=self._renew)

    if TYPE_CHECKING:

        @overload
        def slot(
            self, name: str, signature: Callable[P, R], *, default: Callable[..., R], required: Literal[False] = ...
        ) -> typed.Slot[P, R]: ...
        @overload
        def slot(
            self, name: str, signature: Callable[P, R], *, default: None = ..., required: Literal[True]
        ) -> typed.Slot[P, R]: ...
        @overload
        def slot(
            self, name: str, signature: Callable[P, R], *, default: None = ..., required: Literal[False] = ...
        ) -> typed.Slot[P, R | None]: ...
        @overload
        def slot(
            self,
            name: str,
            signature: str | Signature | None = ...,
            *,
            default: Callable[..., Any] | None = ...,
            required: bool = ...,
        ) -> typed.Slot[..., Any]: ...

    def slot(
        self,
        name: str,
        signature: "str | Signature | Callable[..., Any] | None" = None,
        *,
        default: "Callable[..., Any] | None" = None,
        required: bool = False,
    ) -> "typed.Slot[..., Any]":
        """Declare a slot. Looks at the metadata of what is installed, and imports nothing of it.

        What was bound before to a slot of this name is bound to this one; it is checked at the first call.

        Args:
            name: an identifier.
            signature: the calls that the slot allows: a function whose signature counts, an ``inspect.Signature``, or a
                text such as ``(limit: int = 10) -> list[str]``. None allows any call, and checks nothing.
            default: what a call does while nothing is bound; None does nothing and returns None.
            required: raise ``UnboundSlotError`` instead while nothing is bound.

        Returns:
            The slot's live function, which ``host.callbacks.NAME`` returns too; see ``typed.Slot``.

        Raises:
            RegistrationError: it is declared already, could not be reached as an attribute, has no such signature, or
                is required and has a default.
            SignatureMismatchError: the default does not accept every call that the signature allows.
        """
        problem = self._problem(name) or _default_problem(default, required=required)
        if problem:
            message = f"there cannot be a slot {name!r}: {problem}"
            raise RegistrationError(message)
        slot = self._make(name, read_signature(name, signature), default, required=required)
        with self._lock:
            first = self._slots.setdefault(name, slot)
        if first is not slot:
            message = f"the slot {name!r} is declared already; declare it once and keep what that returned"
            raise RegistrationError(message)
        slot.renew()  # What was bound while nobody knew of the slot was told to nobody.
        self.__dict__[name] = slot.function
        live: typed.Slot[..., Any] = slot.function
        return live

    def find(self, name: str) -> "typed.Slot[..., Any] | None":
        """Return the live function of a slot, or None if there is no slot of this name."""
        slot = self._slots.get(name)
        return None if slot is None else slot.function

    def retract(self, name: str) -> None:
        """Take the declaration of a slot back, so that it can be declared anew; do nothing if there is none.

        For whoever has its function, nothing is bound from now on. What is bound to its name stays so.
        """
        with self._lock:
            slot = self._slots.pop(name, None)
        if slot is not None:
            self.__dict__.pop(name, None)
            slot.retire()

    def _make(
        self, name: str, signature: "Signature | None", default: "Callable[..., Any] | None", *, required: bool
    ) -> Slot:
        try:
            slot = Slot(name, signature, default, required=required, host=self._host, bindings=self._bindings)
        except SyntaxError as error:
            message = f"{signature} is no signature for the slot {name!r}: {error.msg}"
            raise RegistrationError(message) from error
        if default is not None:
            slot.check(default, f"{self._host} (its default)")
        slot.function.bind = partial(self.bind, name)
        return slot

    def _problem(self, name: object) -> str:
        # A name that is no plain text is not asked anything.
        if type(name) is not str or "." in name or iskeyword(name):
            return "it is no identifier"
        return name_problem(name, reserved=dir(type(self)))

    def bind(
        self, name: str, function: "Callable[..., Any]", *, provider: str = "", replace: bool = False
    ) -> RemovableHandle:
        """Bind a function to a slot, declared or not, until the handle that this returns is removed.

        Args:
            name: the slot's.
            function: what a call of the slot calls from now on; it must accept every call that the slot allows.
            provider: whose function it is; the host's name if nothing else is given.
            replace: put it over what is bound, which is bound again when this is removed. Handles may be removed in
                any order.

        Returns:
            The handle, a context manager.

        Raises:
            RegistrationError: the name cannot be a slot's, or the function cannot be called.
            SlotBoundError: the slot is bound, and ``replace`` is not given.
            SignatureMismatchError: the function does not accept every call that the slot allows, or is a coroutine
                function.
        """
        problem = self._problem(name) or ("" if type(provider) is str else "whose it is must be a text")
        if problem or not callable(function):
            message = f"{function!r} cannot be bound to the slot {name!r}: {problem or 'it cannot be called'}"
            raise RegistrationError(message)
        addition = Addition(name=name, provider=provider or self._host, target=function)
        (binding,) = self._bindings.commit([addition], replace=replace)
        return RemovableHandle(f"what {addition.provider} bound to {name}", partial(self._bindings.remove, binding))

    def _check(self, name: str, function: "Callable[..., Any]", provider: str) -> None:
        slot = self._slots.get(name)
        if slot is not None:
            slot.check(function, provider)
        elif is_coroutine_function(function):
            raise SignatureMismatchError(name, provider, mismatch(name, None, function))

    def _renew(self, names: "Iterable[str] | None") -> None:
        slots = dict(self._slots)
        for name in slots if names is None else names:
            if name in slots:
                slots[name].renew()

    def unbound(self) -> tuple[str, ...]:
        """Return the slots to which nothing is bound, sorted; whoever starts the host may want to say so."""
        return tuple(name for name, provider in self.providers().items() if not provider)

    def undeclared(self) -> tuple[str, ...]:
        """Return the names to which something is bound, and of which there is no slot, sorted."""
        return tuple(name for name in self._bindings if name not in self._slots)

    def providers(self) -> dict[str, str]:
        """Return each slot and whose function is bound to it, an empty text for nobody's; sorted by slot."""
        found = ((name, self._bindings.find(name)) for name in sorted(self._slots))
        return {name: binding.provider if binding else "" for name, binding in found}

    def __getattr__(self, name: str) -> "typed.Slot[..., Any]":
        # What is declared is in the dictionary; during copying and unpickling there is no "_slots" yet.
        raise NotRegisteredError(_KIND, name, tuple(self.__dict__.get("_slots", ())))

    def __repr__(self) -> str:
        slots = dict(self.__dict__.get("_slots", {}))
        shown = (f"{name} ({slot.function.provider or 'unbound'})" for name, slot in sorted(slots.items()))
        return f"<callbacks: {', '.join(shown) or 'none'}>"


def _default_problem(default: object, *, required: bool) -> str:
    if default is None:
        return ""
    if required:
        return "it is required, and has a default"
    return "" if callable(default) else f"its default cannot be called: {default!r}"
