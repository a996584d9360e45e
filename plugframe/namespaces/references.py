"""Dotted names, each with the object that it means or with a reference that is resolved when it is first used."""

from plugframe.errors import NotRegisteredError, RegistrationConflictError, RegistrationError, near_matches
from plugframe.records import Record, split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    T = TypeVar("T")


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


class References:
    """A registry of dotted names.

    It holds a name in one of two states: referred to, by a string ``module:attribute``, and resolved. ``find`` moves it
    from the first to the second by calling the resolver that was passed in; nothing moves it back.
    """

    def __init__(
        self, kind: str, *, resolve: "Callable[[str], object]", fill: "Callable[[], Iterable[Addition]]" = tuple
    ) -> None:
        """Make an empty registry.

        Args:
            kind: what the names mean, such as ``class``, for messages.
            resolve: imports what a reference names.
            fill: returns the names that entry points declare; called once, at the first use.
        """
        self.kind = kind
        self._resolve = resolve
        self._fill = fill
        self._additions: dict[str, Addition] = {}
        self._resolved: dict[str, object] = {}
        self._declared: tuple[Addition, ...] = ()
        self._filled = False

    def commit(self, additions: "Iterable[Addition]") -> None:
        """Register several names, or none of them.

        Raises:
            RegistrationConflictError: one of them is registered already, or is among them twice.
        """
        known = dict(self._known())
        for addition in additions:
            present = known.setdefault(addition.name, addition)
            if present is not addition:
                raise RegistrationConflictError(self.kind, addition.name, present.provider, addition.provider)
        self._additions = known

    def _known(self) -> dict[str, Addition]:
        if not self._filled:
            self._filled = True
            self._declared = tuple(self._fill())
            known = dict(self._additions)
            for addition in self._declared:
                known.setdefault(addition.name, addition)
            self._additions = known
        return self._additions

    def refill(self) -> None:
        """Ask again for the names that entry points declare, at the next use; what is resolved stays so."""
        declared = {addition.name for addition in self._declared}
        self._additions = {name: kept for name, kept in self._additions.items() if name not in declared}
        self._filled = False

    def forget(self, provider: str) -> None:
        """Remove what one provider registered; objects that are in use stay what they are."""
        self._additions = {name: kept for name, kept in self._known().items() if kept.provider != provider}
        self._resolved = {name: value for name, value in self._resolved.items() if name in self._additions}

    def get(self, name: str) -> object:
        """Return what a name means; its module is imported at the first call.

        Raises:
            NotRegisteredError: there is no such name.
        """
        if name not in self._resolved:
            addition = self._known().get(name)
            if addition is None:
                raise NotRegisteredError(self.kind, name, near_matches(name, tuple(self._known())))
            target = addition.target
            self._resolved[name] = self._resolve(target) if isinstance(target, str) else target
        return self._resolved[name]

    def provider(self, name: str) -> str:
        """Return who registered a name.

        Raises:
            NotRegisteredError: there is no such name.
        """
        addition = self._known().get(name)
        if addition is None:
            raise NotRegisteredError(self.kind, name, near_matches(name, tuple(self._known())))
        return addition.provider

    def __contains__(self, name: object) -> bool:
        return name in self._known()

    def __iter__(self) -> "Iterator[str]":
        return iter(sorted(self._known()))

    def __len__(self) -> int:
        return len(self._known())


class Registrar:
    """What a plugin is given to register names of one kind; they take effect together, after all its hooks returned.

    Attributes:
        additions: what was added so far, in order.
    """

    def __init__(
        self, kind: str, provider: str, *, accepts: "Callable[[object], bool]" = callable, parts: int = 0
    ) -> None:
        """Make a registrar for one plugin.

        Args:
            kind: such as ``class``.
            provider: the plugin, for messages.
            accepts: whether an object is of the kind.
            parts: how many dotted parts a name must have at least; 0 means any number.
        """
        self.kind = kind
        self.additions: list[Addition] = []
        self._provider = provider
        self._accepts = accepts
        self._parts = parts

    def add(self, name: str, target: object = None) -> "Callable[[T], T] | None":
        """Register an object, or the reference ``module:attribute`` of one, under a dotted name.

        Without a target it is a decorator: ``@classes.add("vision.ResNet")``.

        Raises:
            RegistrationError: the name is not dotted identifiers, or the target is not of the kind.
        """
        if target is None:
            return lambda defined: (self.add(name, defined), defined)[1]
        words = str(name).split(".")
        if not all(word.isidentifier() for word in words) or len(words) < self._parts:
            needed = f"of {self._parts} or more identifiers" if self._parts > 1 else "of identifiers"
            message = f"{self._provider} registers the {self.kind} {name!r}, which is no dotted name {needed}"
            raise RegistrationError(message)
        fits = bool(split_reference(target)[1]) if isinstance(target, str) else self._accepts(target)
        if not fits:
            message = f"{self._provider} registers {target!r} as the {self.kind} {name!r}, which it is not"
            raise RegistrationError(message)
        self.additions.append(Addition(name=name, provider=self._provider, target=target))
        return None
