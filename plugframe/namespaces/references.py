"""Dotted names, each with the object that it means or with a reference that is resolved when it is first used."""

import threading

from plugframe.errors import NotRegisteredError, RegistrationConflictError, RegistrationError
from plugframe.records import Record, split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

_MISSING = object()


class Addition(Record):
    """A name that somebody wants to register.

    Attributes:
        name: dotted, such as ``vision.ResNet``.
        target: the object, or its reference ``module:attribute``.
        provider: whose, such as ``myapp.plugins:vision from acme-vision 1.2``.
    """

    __slots__ = ("name", "provider", "target")

    name: str
    provider: str
    target: object

    def __init__(self, *, name: str, provider: str, target: object) -> None:
        self._fill(name, provider, target)

    def is_same(self, other: "Addition") -> bool:
        """Return whether both mean one object; objects are not compared, for their own comparison may do anything."""
        targets = (self.target, other.target)
        same = targets[0] is targets[1] or (all(isinstance(one, str) for one in targets) and targets[0] == targets[1])
        return same and (self.name, self.provider) == (other.name, other.provider)


def name_problem(name: object, *, parts: int = 1, reserved: "Collection[str]" = ()) -> str:
    """Return why a name cannot be registered, or an empty string.

    Args:
        name: what somebody gave for a name.
        parts: how many dotted parts it must have at least.
        reserved: first parts that could not be reached.

    Example:
        >>> name_problem("vision.ResNet", parts=2)
        ''
        >>> name_problem("ResNet", parts=2)
        'it is no dotted name of 2 or more identifiers'
    """
    # Of a subclass of str, somebody else's methods would run, under our lock too.
    words = name.split(".") if type(name) is str else [""]
    if not all(word.isidentifier() and not word.startswith("_") for word in words) or len(words) < parts:
        return "it is no dotted name of " + (f"{parts} or more identifiers" if parts > 1 else "identifiers")
    return f"{words[0]!r} is a method there" if words[0] in reserved else ""


class References:
    """A registry of dotted names.

    It holds a name in one of two states: referred to, by a string ``module:attribute``, and resolved. ``get`` moves it
    from the first to the second by calling the resolver that was passed in; nothing moves it back.
    """

    def __init__(
        self,
        kind: str,
        *,
        resolve: "Callable[[Addition], object]",
        fill: "Callable[[], Iterable[Addition]]" = tuple,
    ) -> None:
        """Make an empty registry.

        Args:
            kind: what the names mean, such as ``class``, for messages.
            resolve: imports what an addition refers to.
            fill: returns the names that entry points declare; called at the first use and after ``refill``.
        """
        self._kind = kind
        self._resolve = resolve
        self._fill = fill
        self._lock = threading.Lock()
        self._declared: dict[str, Addition] | None = None
        self._generation = 0
        self._registered: dict[str, Addition] = {}
        self._resolved: dict[str, tuple[Addition, object]] = {}

    def commit(self, additions: "Iterable[Addition]") -> None:
        """Register several names, or none of them.

        Raises:
            RegistrationConflictError: one of them is registered already, or is among them twice.
        """
        self._known()
        with self._lock:
            known = {**(self._declared or {}), **self._registered}
            added: dict[str, Addition] = {}
            for addition in additions:
                present = known.setdefault(addition.name, addition)
                if present is not addition:
                    raise RegistrationConflictError(self._kind, addition.name, present.provider, addition.provider)
                added[addition.name] = addition
            self._registered = {**self._registered, **added}

    def _known(self) -> dict[str, Addition]:
        declared = self._declared
        while declared is None:
            generation = self._generation
            found: dict[str, Addition] = {}
            for addition in self._fill():  # may look at the environment, so no lock is held
                found.setdefault(addition.name, addition)
            with self._lock:
                if generation == self._generation:  # else a refill overtook this look
                    declared = self._declared = found
        return {**declared, **self._registered}

    def refill(self) -> None:
        """Ask again for the names that entry points declare, at the next use; what is registered stays."""
        with self._lock:
            self._generation += 1
            self._declared = None

    def forget(self, provider: str) -> None:
        """Remove what one provider registered; objects that are in use stay what they are."""
        with self._lock:
            self._registered = {name: one for name, one in self._registered.items() if one.provider != provider}

    def get(self, name: str) -> object:
        """Return what a name means; its module is imported at the first call.

        Raises:
            NotRegisteredError: there is no such name.
            Exception: whatever the resolver raises; it can be tried again.
        """
        addition = self._find(name)
        kept = self._resolved.get(name)
        target = addition.target
        if kept is None or not kept[0].is_same(addition):
            kept = addition, self._resolve(addition) if isinstance(target, str) else target
            self._resolved[name] = kept
        return kept[1]

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
        known = self._known()
        if name not in known:
            raise NotRegisteredError(self._kind, name, tuple(known))
        return known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known()

    def __iter__(self) -> "Iterator[str]":
        return iter(sorted(self._known()))

    def __len__(self) -> int:
        return len(self._known())

    def __repr__(self) -> str:
        return f"<{self._kind} names: {', '.join(self) or 'none'}>"


class Registrar:
    """What a plugin is given to register names of one kind; they take effect together, after all its hooks returned.

    Attributes:
        additions: what was added so far, in order.
    """

    def __init__(
        self,
        kind: str,
        provider: str,
        *,
        accepts: "Callable[[object], bool]" = callable,
        parts: int = 1,
        reserved: "Collection[str]" = (),
    ) -> None:
        """Make a registrar for one plugin.

        Args:
            kind: such as ``class``.
            provider: the plugin, for messages.
            accepts: whether an object is of the kind; also asked about a reference that names a whole module.
            parts: how many dotted parts a name must have at least.
            reserved: first parts that could not be reached.
        """
        self.kind = kind
        self.additions: list[Addition] = []
        self._provider = provider
        self._accepts = accepts
        self._parts = parts
        self._reserved = reserved

    def add(self, name: str, target: object = _MISSING) -> "Callable[[T], T] | None":
        """Register an object, or the reference ``module:attribute`` of one, under a dotted name.

        Without a target it is a decorator: ``@classes.add("vision.ResNet")``.

        Raises:
            RegistrationError: the name is not dotted identifiers, or the target is not of the kind.
        """
        if target is _MISSING:
            return lambda defined: (self.add(name, defined), defined)[1]
        problem = name_problem(name, parts=self._parts, reserved=self._reserved)
        if problem:
            message = f"{self._provider} registers the {self.kind} {name!r}: {problem}"
            raise RegistrationError(message)
        reference = split_reference(target)[:2] if isinstance(target, str) and ":" in target else None
        if not (all(reference) if reference else self._accepts(target)):
            message = f"{self._provider} registers {target!r} as the {self.kind} {name!r}, which it is not"
            raise RegistrationError(message)
        self.additions.append(Addition(name=name, provider=self._provider, target=target))
        return None
