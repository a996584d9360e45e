"""Dotted names, each with the object that it means or with a reference that is resolved when it is first used."""

import threading

from plugframe.errors import NotRegisteredError
from plugframe.namespaces.layers import keep, merge, put
from plugframe.namespaces.names import Addition, Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol

    from plugframe.namespaces.layers import Layers

    class Watcher(Protocol):
        """Who keeps what a registry's names mean somewhere else, too."""

        def drop(self) -> object:
            """Forget all of it, running nothing of anybody's; return what must not be freed meanwhile."""

        def settle(self) -> None:
            """Do what remains to be done once the names are known again; the registry's lock is free."""


class References:
    """A registry of dotted names.

    It holds a name in one of two states: referred to, by a string ``module:attribute``, and resolved. ``get`` moves it
    from the first to the second by calling the resolver that was passed in. What replaces a name lies on top of what it
    replaces, and may be taken away in any order; what is on top counts.
    """

    def __init__(
        self,
        kind: str,
        *,
        resolve: "Callable[[Addition], object]",
        fill: "Callable[[], Iterable[Addition]]" = tuple,
        by_part: bool = False,
        explain: "Callable[[str], str] | None" = None,
    ) -> None:
        """Make an empty registry.

        Args:
            kind: what the names mean, such as ``class``, for messages.
            resolve: imports what an addition refers to.
            fill: returns the names that entry points declare, of those that exclude each other the winner first;
                called at the first use and after ``refill``.
            by_part: whether names are reached part by part, so that none can be a namespace of others.
            explain: returns who would provide a name that is not there, for the message.
        """
        self._kind = kind
        self._resolve = resolve
        self._fill = fill
        self._by_part = by_part
        self._explain = explain
        # Whatever the interpreter frees under it may have a finalizer that asks for a name.
        self._lock = threading.RLock()
        self._looks = 0
        self._declared: tuple[Addition, ...] | None = None
        self._layers: dict[str, tuple[Addition, ...]] = {}
        self._names: Names | None = None
        self._resolved: dict[str, tuple[Addition, object]] = {}
        self._watcher: Watcher | None = None

    def watch(self, watcher: "Watcher") -> None:
        """Tell somebody of every change from now on."""
        self._watcher = watcher

    def names(self) -> Names:
        """Return the names as they are now; the environment is looked at where that was not done yet."""
        garbage: object = None
        while True:
            names = self._names
            if names is not None:
                del garbage
                return names
            looks, declared = self._looks, self._declared
            if declared is None:
                declared = tuple(self._fill())  # may look at the environment, so no lock is held
            with self._lock:
                if looks == self._looks and self._names is None:  # else a refill overtook this look
                    self._declared = declared
                    self._names = merge(self._layers, declared, by_part=self._by_part)
                    garbage = self._prune(self._names)

    def _prune(self, names: Names) -> object:
        """Let go of objects that no name means any more; return them, for freeing one may run anything."""
        resolved = self._resolved
        self._resolved = {
            name: kept
            for name, kept in resolved.items()
            if name in names.additions and kept[0].is_same(names.additions[name])
        }
        return resolved

    def commit(self, additions: "Iterable[Addition]") -> None:
        """Register several names, or none of them.

        Raises:
            RegistrationConflictError: one of them is registered already and not to be replaced, excludes one that is,
                or is among them twice.
        """
        garbage: object = None
        done = False
        while not done:
            self.names()
            with self._lock:
                if self._names is not None:  # else a refill came between
                    wanted = tuple(additions)
                    layers = put(self._layers, wanted, self._names, kind=self._kind, by_part=self._by_part)
                    garbage = self._change(layers) if wanted else None
                    done = True
        self._settle(garbage)

    def _change(self, layers: "Layers") -> object:
        """Take other layers, under the lock; return what is to be freed after it, for that may run anything."""
        self._layers = layers
        dropped = self._watcher.drop() if self._watcher is not None else None
        if self._declared is None:
            self._names = None
            return dropped
        self._names = merge(layers, self._declared, by_part=self._by_part)
        return dropped, self._prune(self._names)

    def _settle(self, garbage: object) -> None:
        del garbage
        if self._watcher is not None:
            self._watcher.settle()

    def refill(self) -> None:
        """Ask again for the names that entry points declare, at the next use; what is registered stays."""
        with self._lock:
            self._looks += 1
            self._declared = None
            garbage = self._change(self._layers)
        self._settle(garbage)

    def forget(self, provider: str) -> None:
        """Remove what one provider registered, and restore what it replaced; objects in use stay what they are."""
        self._keep(lambda addition: addition.provider != provider)

    def withdraw(self, addition: Addition) -> None:
        """Remove one addition, and restore what it replaced; nothing happens where it is not registered."""
        self._keep(lambda other: other is not addition)

    def _keep(self, stays: "Callable[[Addition], bool]") -> None:
        with self._lock:
            layers = keep(self._layers, stays)
            if layers is None:
                return
            garbage = self._change(layers)
        self._settle(garbage)

    def get(self, name: str, *, publish: "Callable[[object], None] | None" = None) -> object:
        """Return what a name means; its module is imported at the first call.

        Args:
            name: the full name.
            publish: is given the object where it is still what the name means, under the lock: it must run nothing of
                anybody's.

        Raises:
            NotRegisteredError: there is no such name.
            Exception: whatever the resolver raises; it can be tried again.
        """
        addition = self._find(name)
        kept = self._resolved.get(name)
        if kept is None or not (kept[0] is addition or kept[0].is_same(addition)):
            target = addition.target
            kept = addition, self._resolve(addition) if type(target) is str else target
        elif publish is None:
            return kept[1]
        with self._lock:
            now = self._names and self._names.additions.get(name)
            if now and now.is_same(addition):
                first = self._resolved.get(name)
                if first and first[0].is_same(addition):  # of two threads that resolve it, both get the same
                    kept = first
                self._resolved[name] = kept
                if publish is not None:
                    publish(kept[1])
        return kept[1]

    def exclusively(self, change: "Callable[[], object]") -> None:
        """Do something under the lock, such as letting the watcher forget all; it must run nothing of anybody's.

        Args:
            change: returns what must not be freed under the lock.
        """
        with self._lock:
            garbage = change()
        self._settle(garbage)

    def while_current(self, names: Names, publish: "Callable[[], None]") -> None:
        """Do something under the lock if the names are still these; it must run nothing of anybody's."""
        with self._lock:
            if self._names is names:
                publish()

    def provider(self, name: str) -> str:
        """Return who registered a name.

        Raises:
            NotRegisteredError: there is no such name.
        """
        return self._find(name).provider

    def target(self, name: str) -> object:
        """Return what a name was registered with, the object or its reference; nothing is imported.

        Raises:
            NotRegisteredError: there is no such name.
        """
        return self._find(name).target

    def _find(self, name: str) -> Addition:
        additions = self.names().additions
        try:
            return additions[name]
        except (KeyError, TypeError):  # or it cannot be a name at all
            raise self.missing(name) from None

    def missing(self, name: str, kind: str = "") -> NotRegisteredError:
        """Return the error that tells of a name that is not registered; the names like it are looked for when shown."""
        known, explain = self.names().known, self._explain
        return NotRegisteredError(
            kind or self._kind, name, known, explain=(lambda: explain(name)) if explain is not None else ""
        )

    def __contains__(self, name: object) -> bool:
        return name in self.names().additions

    def __iter__(self) -> "Iterator[str]":
        return iter(self.names().full)

    def __len__(self) -> int:
        return len(self.names().full)

    def __repr__(self) -> str:
        return f"<{self._kind} names: {', '.join(self) or 'none'}>"
