"""The slots that native libraries declare, and the slots of one host that serve them."""

from plugframe.calls.fitting import mismatch
from plugframe.errors import LibraryError, RegistrationError
from plugframe.loading.opened import claims
from plugframe.registry.signatures import read_signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from plugframe.loading.native.slots import NativeSlot
    from plugframe.registry.callbacks import Callbacks
    from plugframe.registry.typed import Slot

    Live = Slot[..., Any]


class Serving:
    """Serves the slots of libraries by the host's; those that the host lacks are declared as long as one is served.

    Several libraries may have a slot of one name, which the same callback then serves.
    """

    def __init__(self, host: str, callbacks: "Callbacks") -> None:
        """Begin with none.

        Args:
            host: its name.
            callbacks: its slots.
        """
        self._host = host
        self._callbacks = callbacks
        self._declared: dict[str, tuple[Live, set[str]]] = {}

    def serve(self, path: str, slots: "Iterable[NativeSlot]") -> None:
        """Serve a library's slots, or none of them.

        Args:
            path: the library's real path.
            slots: what it declares.

        Raises:
            LibraryError: the host's slot of a name does not take the calls of the library's, or none can be declared.
        """
        with claims.claim((id(self), "slots")):
            try:
                pairs = [(native, self._slot_for(native, path)) for native in slots]
            except RegistrationError as error:
                self._retract(path)
                raise LibraryError(path, str(error)) from error
            except LibraryError:
                self._retract(path)
                raise
            for native, live in pairs:
                native.serve(live, self._host)

    def withdraw(self, path: str, slots: "Iterable[NativeSlot]") -> None:
        """Have a library's own functions serve its slots again."""
        with claims.claim((id(self), "slots")):
            for native in slots:
                native.disarm()
            self._retract(path)

    def _slot_for(self, native: "NativeSlot", path: str) -> "Live":
        allowed = _allowed(native)
        live = self._callbacks.find(native.name)
        if live is None:
            live = self._callbacks.slot(native.name, allowed, default=native.noop)
            self._declared[native.name] = (live, set())
        problem = mismatch(native.name, read_signature(native.name, allowed), live)
        if problem:
            reason = f"its slot {native.name!r} is {native.signature}, and that of the host {self._host!r} does not fit"
            raise LibraryError(path, f"{reason}: {problem}")
        if self._is_declared(native.name):
            self._declared[native.name][1].add(path)
        return live

    def _is_declared(self, name: str) -> bool:
        # The host may have taken the declaration back, and declared another one.
        return name in self._declared and self._callbacks.find(name) is self._declared[name][0]

    def _retract(self, path: str) -> None:
        for name, (_, paths) in list(self._declared.items()):
            paths.discard(path)
            if not paths:
                if self._is_declared(name):
                    self._callbacks.retract(name)
                del self._declared[name]


def _allowed(slot: "NativeSlot") -> str:
    """Return the calls that a slot of a library allows: by position, so that a callback may name its parameters."""
    return f"({', '.join((*slot.signature.names, '/'))})" if slot.signature.names else "()"
