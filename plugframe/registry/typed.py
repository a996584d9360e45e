"""The type of a callback slot, for type checkers: what its live function is, seen from outside.

Source: PEP 612 (ParamSpec), PEP 544 (protocols)
"""

from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar

from plugframe.handles import RemovableHandle

P = ParamSpec("P")
Result_co = TypeVar("Result_co", covariant=True)


class Slot(Protocol[P, Result_co]):
    """The live function of a slot.

    It stays good whatever is bound later, and its attributes are those of the moment at which they are read.

    Attributes:
        name: the slot's.
        bound: whether anything is bound to it.
        provider: whose function that is; empty where nothing is bound.
        required: whether a call is an error while nothing is bound.
    """

    __name__: str
    name: str
    bound: bool
    provider: str
    required: bool

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result_co:
        """Call what is bound, importing it at the first call, or the default."""
        ...

    def bind(self, function: Callable[..., Any], *, provider: str = "", replace: bool = False) -> RemovableHandle:
        """Bind a function; see ``Callbacks.bind``."""
        ...

    def watch(self, function: "Callable[[Slot[P, Result_co]], object]") -> RemovableHandle:
        """Let a function be called with the slot after every change of what is bound; see ``registry.slots``."""
        ...
