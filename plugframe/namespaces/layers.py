"""What was registered over what is declared: of each name the additions that replaced each other, the last on top."""

from plugframe.errors import RegistrationConflictError
from plugframe.namespaces.names import Addition, Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Layers = dict[str, tuple[Addition, ...]]


def merge(layers: "Layers", declared: "Iterable[Addition]", *, by_part: bool) -> Names:
    """Return the names that count: what lies on top of each, and what else is declared."""
    return Names((*(those[-1] for those in layers.values()), *declared), by_part=by_part)


def put(layers: "Layers", wanted: "tuple[Addition, ...]", names: Names, *, kind: str, by_part: bool) -> "Layers":
    """Return layers with several names more.

    Args:
        layers: those that are there; not changed.
        wanted: the additions, in order.
        names: the names that count now.
        kind: what they mean, for messages.
        by_part: whether they are reached part by part.

    Raises:
        RegistrationConflictError: one of them is registered already and not to be replaced, excludes one that is, or is
            among them twice.
    """
    together = Names(by_part=by_part)
    made = dict(layers)
    for addition in wanted:
        rival = together.rival(addition.name) or names.rival(addition.name)
        if rival is not None and not (
            addition.replaces and rival.name == addition.name and addition.name not in together.additions
        ):
            other = "" if rival.name == addition.name else rival.name
            raise RegistrationConflictError(kind, addition.name, rival.provider, addition.provider, other)
        together.take(addition)
        made[addition.name] = (*made.get(addition.name, ()), addition)
    return made


def keep(layers: "Layers", stays: "Callable[[Addition], bool]") -> "Layers | None":
    """Return layers with those additions only for which a function says so; None where those are all."""
    made = {name: tuple(filter(stays, those)) for name, those in layers.items()}
    if sum(map(len, made.values())) == sum(map(len, layers.values())):
        return None
    return {name: those for name, those in made.items() if those}
