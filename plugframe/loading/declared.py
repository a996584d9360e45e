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


def additions(entry_points: "Iterable[EntryPoint]", kind: str) -> "Iterator[Addition]":
    """Yield what entry points declare and can be reached; of one name, that of the distribution that sorts first."""
    for entry in sorted(entry_points, key=lambda entry: entry.distribution.key):
        problem = entry.problem or name_problem(entry.name, parts=PARTS[kind], reserved=RESERVED.get(kind, ()))
        if not problem:
            yield Addition(name=entry.name, provider=str(entry), target=entry.value)


_ADVICE = {
    "effect": "what it declares cannot be used; everything else is not affected",
    "next_step": "upgrade or uninstall its distribution",
}


def resolver(
    find: "Callable[[str], object]", accepts: "Callable[[object], bool]" = lambda _: True
) -> "Callable[[Addition], object]":
    """Return what imports the target of a declared name, whatever goes wrong an ImportError that says whose it is.

    What is no failure but a wish to stop, such as a KeyboardInterrupt or an asyncio.CancelledError, is let pass.
    """

    def resolve_addition(addition: Addition) -> object:
        try:
            value = find(str(addition.target))
        except (Exception, SystemExit) as error:
            reason, where = fault_of(error, sys.exc_info()[2])
            advice = {**_ADVICE, "next_step": error.next_step} if type(error) is LockMismatchError else _ADVICE
            raise PluginImportError(addition.provider, reason, where=where, **advice) from error
        if not accepts(value):
            reason = f"{addition.target!r} is an object of {type(value).__name__}, not what it is declared to be"
            raise PluginImportError(addition.provider, reason, **_ADVICE)
        return value

    return resolve_addition
