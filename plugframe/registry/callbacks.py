"""Callback slots: a host declares one with a default, a plugin binds a function to it."""

from itertools import count

from plugframe.errors import NotRegisteredError, RegistrationError
from plugframe.namespaces.references import Addition, References

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_KIND = "slot"
_numbers = count()


def do_nothing(*_: object, **__: object) -> None:
    """Take any arguments and return None: the default of a slot that names none."""


class Slot:
    """A place for one function; calling it calls what a plugin bound, or the default."""

    def __init__(self, name: str, bound: References, default: "Callable[..., Any]") -> None:
        """Make a slot that looks its function up in ``bound``."""
        self.name = name
        self.default = default
        self._bound = bound
        self._watchers: list[Callable[[Slot], object]] = []

    def watch(self, function: "Callable[[Slot], object]") -> None:
        """Have a function called with the slot after every change of what is bound."""
        self._watchers.append(function)

    def settle(self) -> "tuple[Callable[..., Any], Callable[[], None]]":
        """Return what a call calls now, imported, and who is told while an exception of it is handled."""
        return (self._bound.get(self.name) if self.bound else self.default), do_nothing  # type: ignore[return-value]

    def tell(self) -> None:
        """Tell those who watch that what is bound may be another function now."""
        for function in tuple(self._watchers):
            function(self)

    @property
    def bound(self) -> bool:
        """Whether a plugin has bound a function to it; asking imports nothing."""
        return self.name in self._bound

    @property
    def provider(self) -> str:
        """Who bound it; empty when nobody did."""
        return self._bound.provider(self.name) if self.bound else ""

    def __call__(self, *args: object, **kwargs: object) -> "Any":  # noqa: ANN401 # the slot's function decides
        """Call what is bound, importing it at the first call, or the default."""
        function: Any = self._bound.get(self.name) if self.bound else self.default
        return function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<slot {self.name}: {self.provider or 'default'}>"


class Binding:
    """What the host itself bound to a slot."""

    def __init__(self, callbacks: "Callbacks", addition: Addition) -> None:
        """Keep what was bound where."""
        self.addition = addition
        self._callbacks = callbacks

    def remove(self) -> None:
        """Unbind it."""
        self._callbacks._bound.forget(self.addition.provider)  # noqa: SLF001 # of this module
        self._callbacks.tell()


class Callbacks:
    """A host's slots, as attributes: ``host.callbacks.progress(done, total)``."""

    def __init__(self, bound: References) -> None:
        """Make an empty set of slots.

        Args:
            bound: the functions that plugins bind, by slot.
        """
        self._bound = bound
        self._slots: dict[str, Slot] = {}

    def slot(self, name: str, _: object = None, *, default: "Callable[..., Any] | None" = None) -> Slot:
        """Declare a slot.

        Args:
            name: an identifier.
            default: what a call does while nothing is bound; None does nothing and returns None.

        Raises:
            RegistrationError: it is declared already, could not be reached as an attribute, or its default cannot be
                called.
        """
        if not str(name).isidentifier() or str(name).startswith("_") or str(name) in dir(type(self)) or name is None:
            message = f"a slot cannot be named {name!r}: it is no identifier, or a method of callbacks"
            raise RegistrationError(message)
        if default is not None and not callable(default):
            message = f"the default of the slot {name!r} cannot be called: {default!r}"
            raise RegistrationError(message)
        if name in self._slots:
            message = f"the slot {name!r} is declared already; declare it once and keep what that returned"
            raise RegistrationError(message)
        self._slots[name] = Slot(name, self._bound, default or do_nothing)
        return self._slots[name]

    def bind(self, name: str, function: "Callable[..., Any]") -> "Binding":
        """Bind a function to a slot until what this returns is removed.

        Raises:
            RegistrationConflictError: something is bound.
        """
        binding = Binding(self, Addition(name=name, provider=f"the host's own {next(_numbers)}", target=function))
        self._bound.commit([binding.addition])
        self.tell()
        return binding

    def find(self, name: str) -> Slot | None:
        """Return the slot of this name, or None."""
        return self._slots.get(name)

    def retract(self, name: str) -> None:
        """Take a slot's declaration back; whoever has the slot can go on calling it."""
        self._slots.pop(name, None)

    def tell(self) -> None:
        """Tell those who watch slots that others may be bound now."""
        for slot in tuple(self._slots.values()):
            slot.tell()

    def unbound(self) -> tuple[str, ...]:
        """Return the slots that no plugin has bound, sorted."""
        return tuple(sorted(name for name, slot in self._slots.items() if not slot.bound))

    def __getattr__(self, name: str) -> Slot:
        # During copying and unpickling there is no "_slots" yet.
        slots: dict[str, Slot] = self.__dict__.get("_slots", {})
        if name not in slots:
            raise NotRegisteredError(_KIND, name, tuple(slots))
        return slots[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._slots]

    def __repr__(self) -> str:
        return f"<callbacks: {', '.join(sorted(self.__dict__.get('_slots', ()))) or 'none'}>"
