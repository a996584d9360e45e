"""What entry points declare: the names that can be reached, and what each of them means once it is imported."""

import sys

from plugframe.errors import LockMismatchError, PluginImportError
from plugframe.loading.faults import fault_of
from plugframe.namespaces.names import Addition, name_problem
from plugframe.policy.groups import PARTS, RESERVED
from plugframe.records import EntryPoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager


def additions(entry_points: "Iterable[EntryPoint]", kind: str) -> "Iterator[Addition]":
    """Yield what entry points declare and can be reached; of one name, that of the distribution that sorts first."""
    for entry in sorted(entry_points, key=lambda entry: entry.distribution.key):
        problem = entry.problem or name_problem(entry.name, parts=PARTS[kind], reserved=RESERVED.get(kind, ()))
        if not problem:
            yield Addition(name=entry.name, provider=str(entry), target=entry.value)


_EFFECT = "what it declares cannot be used; everything else is not affected"
_NEXT_STEP = "upgrade or uninstall its distribution"


def resolver(
    find: "Callable[[str], object]",
    watch: "Callable[[Addition], AbstractContextManager[None]]",
    accepts: "Callable[[object], bool]" = lambda _: True,
) -> "Callable[[Addition], object]":
    """Return what imports the target of a declared name, whatever goes wrong an ImportError that says whose it is.

    What is no failure but a wish to stop, such as a KeyboardInterrupt or an asyncio.CancelledError, is let pass.

    Args:
        find: imports a target.
        watch: returns what is entered around that.
        accepts: whether an object is of the kind that it is declared to be.
    """

    def resolve_addition(addition: Addition) -> object:
        try:
            with watch(addition):
                value = find(str(addition.target))
        except (Exception, SystemExit) as error:
            reason, where = fault_of(error, sys.exc_info()[2])
            step = error.next_step if type(error) is LockMismatchError else _NEXT_STEP
            raise PluginImportError(addition.provider, reason, where=where, effect=_EFFECT, next_step=step) from error
        if not accepts(value):
            reason = f"{addition.target!r} is an object of {type(value).__name__}, not what it is declared to be"
            raise PluginImportError(addition.provider, reason, effect=_EFFECT, next_step=_NEXT_STEP)
        return value

    return resolve_addition
