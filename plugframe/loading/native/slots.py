"""Callback slots of native libraries: a Python slot serves each while something is bound to it.

A slot has one binding for the whole life of the process, and is switched between that and nothing. Whatever is bound
and unbound meanwhile, a thread of the library finds either of the two, whole, and nothing is freed under it.
"""

import threading
import time

from plugframe.loading.native.bindings import NativeBinding
from plugframe.loading.native.signatures import Signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from plugframe.loading.native.bindings import PythonSlot

PATIENCE_SECONDS = 5.0
"""How long the end of the process waits for calls that are under way."""

FORK_PATIENCE_SECONDS = 0.5
"""How long a fork does; one from within a callback waits in vain."""


class NativeSlot:
    """A slot of a library: unserved, then served by a Python slot, then disarmed for good.

    While it is served it is bound whenever the Python slot is.
    """

    def __init__(
        self,
        name: str,
        signature: Signature,
        *,
        exchange: "Callable[[Any], object]",
        running: "Callable[[], int]",
        noop: "Callable[..., Any]",
        doc: str = "",
    ) -> None:
        """Keep what the library's table says.

        Args:
            name: an identifier.
            signature: of the callback.
            exchange: binds, given the address of a binding or None.
            running: returns how many calls are under way.
            noop: calls the library's own no-op; the Python slot's default.
            doc: what the library says about it.
        """
        self.name = name
        self.signature = signature
        self.noop = noop
        self.doc = doc
        self._exchange = exchange
        self._running = running
        self._lock = threading.Lock()
        self._slot: PythonSlot | None = None
        self._binding: NativeBinding | None = None
        self._left = 0
        self._pauses = 0
        self.host = ""

    def serve(self, slot: "PythonSlot", host: str) -> None:
        """Let a Python slot of a host serve it from now on."""
        if self._slot is not slot:
            self._binding = NativeBinding(slot, self.name, self.signature)
            self._slot = slot
            slot.watch(self._switch)
        self.host = host
        self._switch(slot)

    def _switch(self, slot: "PythonSlot") -> None:
        # Whoever comes last looks last, so that the outcome of a race is what is bound then.
        with self._lock:
            if slot is self._slot and self._binding is not None:
                self._binding.renew()
                is_served = self.host and slot.bound and not self._pauses
                self._exchange(self._binding.address if is_served else None)

    def disarm(self) -> None:
        """Let the library's no-op serve it again."""
        with self._lock:
            self.host = ""
            self._exchange(None)

    def wait(self, until: float) -> bool:
        """Wait for the calls that are under way; return whether they have ended by a time of ``time.monotonic``."""
        while self._running() > self._left:
            if time.monotonic() > until:
                return False
            time.sleep(0.0005)
        return True

    def pause(self) -> None:
        """Let the library's no-op serve it for the time of a fork."""
        with self._lock:
            self._pauses += 1
            self._exchange(None)

    def resume(self) -> None:
        """Let the Python slot serve it again, after as many calls as ``pause`` had."""
        with self._lock:
            self._pauses = max(0, self._pauses - 1)
        if self._slot is not None:
            self._switch(self._slot)

    def forget_threads(self) -> None:
        """Take for lost what was under way when the process was forked: its threads are not in the child."""
        self._lock = threading.Lock()
        if self._binding is not None:
            self._binding.forget_threads()
        self._left = self._running()
        self._pauses = 0
        self.resume()
