"""One callback slot of a host: its live function, and what is behind it."""

import sys
import threading
from contextlib import suppress
from functools import partial

from plugframe.calls.entries import Entries
from plugframe.calls.fitting import mismatch
from plugframe.calls.forwarding import Forwarder
from plugframe.errors import PluginImportError, RegistrationError, SignatureMismatchError, UnboundSlotError
from plugframe.handles import RemovableHandle
from plugframe.registry.signatures import ANYTHING

__tracebackhide__ = True  # pytest's reports are of those who call slots and who are bound to them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature
    from typing import Any

    from plugframe.calls.forwarding import Target
    from plugframe.registry.bindings import Binding, Bindings
    from plugframe.registry.typed import Slot as LiveSlot

_ADVICE = {
    "effect": "the slot fails while this is bound to it; everything else is not affected",
    "next_step": "upgrade or uninstall its distribution",
}


class Slot:
    """What is behind a slot's function.

    After every change the function is pointed at ``enter``, whose first call finds what is bound, imports and checks
    it, and points the function straight at that, or at nothing where the default counts. What cannot be imported or
    does not fit leaves it as it is, so that each call raises, and the next one tries again.
    """

    def __init__(
        self,
        name: str,
        signature: "Signature | None",
        default: "Callable[..., Any] | None",
        *,
        required: bool,
        host: str,
        bindings: "Bindings",
    ) -> None:
        """Make a slot, of which nobody knows.

        Args:
            name: an identifier.
            signature: of the calls that it allows; None for any.
            default: is called while nothing is bound; None returns None.
            required: whether a call is an error while nothing is bound.
            host: the host's name, for messages.
            bindings: what is bound, by name.

        Raises:
            SyntaxError: the signature has a parameter whose name no function's can have.
        """
        self.name = name
        self.signature = signature
        self.required = required
        self._host = host
        self._default = default
        self._bindings = bindings
        self._watchers: Entries[Callable[[LiveSlot[..., Any]], object]] = Entries()
        self._lock = threading.RLock()
        self._tickets = self._shown = 0
        self._binding: Binding | None = None
        self._is_retired = False
        parameters = tuple((signature or ANYTHING).parameters.values())
        self._forwarder = Forwarder(name, parameters, default, file=f"<plugframe slot {name}>")
        self.function = self._forwarder.function
        self.function.__doc__ = getattr(default, "__doc__", None)
        if signature is not None:
            self.function.__signature__ = signature
        self.function.name, self.function.required, self.function.watch = name, required, self.watch
        self.function.settle = self._settle  # what a native library's slot calls instead, without the way through here
        self.renew()

    def renew(self) -> None:
        """Show what is bound now, and tell the watchers if that is another binding than before.

        Whoever changed something calls this after it. Of several that do so at once, the one that began last counts,
        since it saw all their changes.
        """
        while True:
            with self._lock:
                self._tickets = ticket = self._tickets + 1
            found = None if self._is_retired else self._bindings.glimpse(self.name)
            with self._lock:
                if ticket < self._shown:
                    return
                self._shown, before, self._binding = ticket, self._binding, found
                self._forwarder.point((self.enter, _ignore))
                vars(self.function).update(bound=found is not None, provider=found.provider if found else "")
                if self._shown == ticket:  # else a finalizer came between, in this thread, and changed something
                    break
        if before is not found and not (found and found.is_same(before)):
            self._tell()

    def retire(self) -> None:
        """Have nothing bound to it for ever."""
        self._is_retired = True
        self.renew()

    def _tell(self) -> None:
        for watcher in self._watchers:
            try:
                watcher(self.function)
            except Exception:
                from logging import getLogger

                getLogger("plugframe.callbacks").exception("%r, which watches the slot %r, raised", watcher, self.name)

    def watch(self, function: "Callable[[LiveSlot[..., Any]], object]") -> RemovableHandle:
        """Let a function be called with the slot after every change of what is bound.

        It is called by the thread that made the change, with no lock held: of changes that are made at once, it may
        learn in another order, or once for all. So it must look at the slot, and may then call, bind or remove
        anything. What it raises is logged (logger ``plugframe.callbacks``).

        Returns:
            A handle that ends it.

        Raises:
            RegistrationError: it cannot be called.
        """
        if not callable(function):
            message = f"{function!r} cannot watch the slot {self.name!r}: it cannot be called"
            raise RegistrationError(message)
        return self._watchers.add(function, f"a watcher of {self.name}")

    def enter(self, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401 # the slot's function decides
        """Make the first call after a change; later ones go straight to what it found.

        Raises:
            UnboundSlotError: the slot is required, and nothing is bound.
            PluginImportError: what an entry point or a plugin refers to cannot be imported, or does not fit.
            SignatureMismatchError: a function that was bound before the slot was declared does not fit.
        """
        function, tell = self._settle()
        try:
            return function(*args, **kwargs)
        except BaseException:
            tell()
            raise

    def _settle(self) -> "Target":
        self._bindings.fill()
        shown = self._shown
        binding = None if self._is_retired else self._bindings.find(self.name)
        if binding is None and self.required:
            raise UnboundSlotError(self._host, self.name, self._bindings.explain(self.name))
        target = None if binding is None else self._load(binding)
        with self._lock:
            if shown == self._shown:
                self._forwarder.point(target)
        return target or (self._default or _ignore, _ignore)

    def _load(self, binding: "Binding") -> "Target":
        try:
            function: Any = binding.load()
            self.check(function, binding.provider)  # It may have been bound while there was no slot.
        except SignatureMismatchError as error:
            if binding.is_reference:
                raise PluginImportError(binding.provider, str(error), **_ADVICE) from error
            raise
        return function, partial(_note, f"raised in the slot {self.name!r} by the function of {binding.provider}")

    def check(self, function: "Callable[..., Any]", provider: str) -> None:
        """Make sure that a function accepts every call that the slot allows.

        Raises:
            SignatureMismatchError: it does not.
        """
        reason = mismatch(self.name, self.signature, function)
        if reason:
            raise SignatureMismatchError(self.name, provider, reason, signature=str(self.signature or ""))


def _ignore(*_: object, **__: object) -> None:
    pass


def _note(note: str) -> None:
    """Note on the exception that is being handled whose it is; once, though a function may call its own slot."""
    error = sys.exception()
    with suppress(Exception):  # An exception of somebody's own may take no note, and is more important than any.
        if error is not None and note not in getattr(error, "__notes__", ()):
            error.add_note(note)
