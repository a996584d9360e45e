"""The backends of one operation: known by their names, imported when one is first wanted."""

from plugframe.errors import AnnotationError, ImplementationMismatchError, PluginImportError
from plugframe.operations.markers import Marked
from plugframe.operations.resolution.candidates import DEFAULT, candidates_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from inspect import Signature
    from typing import Any

    from plugframe.namespaces.names import Addition
    from plugframe.namespaces.references import References
    from plugframe.operations.resolution.candidates import Candidate, Overload

_ADVICE = {
    "effect": "the backend is passed over; everything else is not affected",
    "next_step": "upgrade or uninstall its distribution",
}


class Implementations:
    """The backends of an operation, as the registry of all backends of the host has them at each moment."""

    def __init__(self, operation: str, signature: "Signature", table: "References") -> None:
        """Know of none that was loaded.

        Args:
            operation: its name.
            signature: the calls that it allows.
            table: all backends of the host, by ``namespace.operation.backend``.
        """
        self._operation = operation
        self._signature = signature
        self._table = table
        self._made: dict[str, tuple[Addition, Sequence[Overload], tuple[Candidate, ...]]] = {}

    def names(self) -> tuple[str, ...]:
        """Return the names of the backends, sorted; nothing is imported to know them."""
        start = f"{self._operation}."
        found = (name[len(start) :] for name in self._table if name.startswith(start))
        return tuple(name for name in found if "." not in name and name != DEFAULT)

    def loaded(self) -> tuple[str, ...]:
        """Return the names of those that were imported, or registered from code."""
        return tuple(name for name in self.names() if self._is_loaded(name))

    def _is_loaded(self, backend: str) -> bool:
        addition = self._addition(backend)
        made = self._made.get(backend)
        if addition is None:  # gone since it was listed
            return False
        return not isinstance(addition.target, str) or (made is not None and made[0].is_same(addition))

    def _addition(self, backend: str) -> "Addition | None":
        return self._table.names().additions.get(f"{self._operation}.{backend}")

    def provider(self, backend: str) -> str:
        """Return whose a backend is."""
        return self._table.provider(f"{self._operation}.{backend}")

    def candidates(self, backend: str, overloads: "Sequence[Overload]") -> "tuple[Candidate, ...]":
        """Return the declared signatures that a backend implements, importing it.

        Raises:
            NotRegisteredError: there is no such backend any more.
            PluginImportError: it cannot be imported, or cannot implement the operation.
            RegistrationError: it was registered from code, before the operation was declared, and cannot implement it.
        """
        name = f"{self._operation}.{backend}"
        addition = self._addition(backend)
        if addition is None:
            raise self._table.missing(name)
        provider = addition.provider
        made = self._made.get(backend)
        if made is None or made[0] is not addition or made[1] is not overloads:
            try:
                found = self.fit(backend, provider, self._table.get(name), overloads)
            except (AnnotationError, ImplementationMismatchError) as error:
                if isinstance(addition.target, str):
                    raise PluginImportError(provider, str(error), **_ADVICE) from error
                raise
            self._made[backend] = made = (addition, overloads, found)
        return made[2]

    def fit(
        self,
        backend: str,
        provider: str,
        target: "Any",  # noqa: ANN401 # a function, or a Marked one
        overloads: "Sequence[Overload]",
    ) -> "tuple[Candidate, ...]":
        """Return the declared signatures that a function implements.

        Raises:
            ImplementationMismatchError: it implements none.
            AnnotationError: an annotation of it cannot be evaluated.
        """
        function, mark = (target.function, target.mark) if isinstance(target, Marked) else (target, None)
        return candidates_of(
            self._operation,
            self._signature,
            overloads,
            backend=backend,
            provider=provider,
            function=function,
            mark=mark,
        )
