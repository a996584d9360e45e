"""What a plugin is given to register names of one kind."""

from plugframe.errors import RegistrationError
from plugframe.handles import RemovableHandle
from plugframe.namespaces.names import Addition, name_problem
from plugframe.records import split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import TypeVar, overload

    T = TypeVar("T")

_MISSING = object()


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
        withdraw: "Callable[[Addition], None] | None" = None,
    ) -> None:
        """Make a registrar for one plugin.

        Args:
            kind: such as ``class``.
            provider: the plugin, for messages.
            accepts: whether an object is of the kind; also asked about a reference that names a whole module.
            parts: how many dotted parts a name must have at least.
            reserved: first parts that could not be reached.
            withdraw: removes an addition that has taken effect.
        """
        self.kind = kind
        self.additions: list[Addition] = []
        self._provider = provider
        self._accepts = accepts
        self._parts = parts
        self._reserved = reserved
        self._table = withdraw

    if TYPE_CHECKING:

        @overload
        def add(self, name: str, *, replace: bool = ...) -> Callable[[T], T]: ...
        @overload
        def add(self, name: str, target: object, *, replace: bool = ...) -> RemovableHandle: ...

    def add(
        self, name: str, target: object = _MISSING, *, replace: bool = False
    ) -> "Callable[[T], T] | RemovableHandle":
        """Register an object, or the reference ``module:attribute`` of one, under a dotted name.

        Without a target it is a decorator: ``@classes.add("vision.ResNet")``.

        Args:
            name: dotted identifiers.
            target: the object or its reference.
            replace: take the place of what has the name already, instead of being refused with all that this plugin
                registers.

        Returns:
            What removes it again, and restores what it replaced; the decorator returns what it decorates.

        Raises:
            RegistrationError: the name is not dotted identifiers, or the target is not of the kind.
        """
        problem = name_problem(name, parts=self._parts, reserved=self._reserved)
        if problem:
            message = f"{self._provider} registers the {self.kind} {name!r}: {problem}"
            raise RegistrationError(message)
        if target is _MISSING:
            return lambda defined: (self.add(name, defined, replace=replace), defined)[1]
        if not (_is_reference(target) if type(target) is str and ":" in target else self._accepts(target)):
            message = f"{self._provider} registers {target!r} as the {self.kind} {name!r}, which it is not"
            raise RegistrationError(message)
        addition = Addition(name=name, provider=self._provider, target=target, replaces=bool(replace))
        self.additions.append(addition)
        return RemovableHandle(f"the {self.kind} {name!r} of {self._provider}", lambda: self._withdraw(addition))

    def _withdraw(self, addition: Addition) -> None:
        self.additions[:] = [other for other in self.additions if other is not addition]
        if self._table is not None:
            self._table(addition)


def _is_reference(target: str) -> bool:
    module, attribute, _ = split_reference(target)
    return all(part.isidentifier() for part in (*module.split("."), *attribute.split(".")))
