"""The operations of a host as attributes: ``host.ops.image.resize``."""

from plugframe.errors import NotRegisteredError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


class OperationNamespace:
    """The operations whose names start with one prefix; they and the namespaces below it are attributes.

    Iterating yields the names below it, dotted where there are namespaces between. Looking at it imports nothing.
    """

    def __init__(self, prefix: str, known: "Callable[[], tuple[str, ...]]") -> None:
        """Make an empty namespace.

        Args:
            prefix: what the names start with.
            known: returns the full names of all operations of the host.
        """
        self.__dict__["_prefix"] = prefix
        self.__dict__["_known"] = known

    if TYPE_CHECKING:
        _prefix: str
        _known: Callable[[], tuple[str, ...]]

        def __setattr__(self, name: str, value: object) -> None: ...

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # an operation's function, or a namespace
        prefix = self.__dict__.get("_prefix", "")  # which there is none of yet while it is copied
        if name.startswith("_"):
            message = f"the operations of {prefix} have no {name!r}"
            raise AttributeError(message, name=name)
        kind = "operation"
        raise NotRegisteredError(kind, f"{prefix}.{name}", self._known())

    def _below(self) -> tuple[str, ...]:
        start = f"{self._prefix}."
        return tuple(name[len(start) :] for name in self._known() if name.startswith(start))

    def __dir__(self) -> list[str]:
        return sorted({name.partition(".")[0] for name in self._below()})

    def __iter__(self) -> "Iterator[str]":
        return iter(self._below())

    def __len__(self) -> int:
        return len(self._below())

    def __contains__(self, name: object) -> bool:
        return name in self._below()

    def __repr__(self) -> str:
        return f"<operations of {self._prefix}: {', '.join(self._below()) or 'none'}>"

    def __copy__(self) -> "OperationNamespace":
        return self

    def __deepcopy__(self, _: object) -> "OperationNamespace":
        return self


def put(root: object, name: str, value: object, known: "Callable[[], tuple[str, ...]]") -> None:
    """Make something an attribute under a dotted name, and the namespaces on the way to it."""
    place = vars(root)
    words = name.split(".")
    for end in range(1, len(words)):
        place = vars(place.setdefault(words[end - 1], OperationNamespace(".".join(words[:end]), known)))
    place[words[-1]] = value
