"""What resolves a declared name to what it stands for, and says whose fault it is where it cannot."""

import sys

from plugframe.errors import LockMismatchError, PluginImportError
from plugframe.loading.faults import fault_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from plugframe.namespaces.names import Addition

_EFFECT = "what it declares cannot be used; everything else is not affected"
_NEXT_STEP = "upgrade or uninstall its distribution"


def resolver(
    find: "Callable[[str], object]", accepts: "Callable[[object], bool]" = lambda _: True
) -> "Callable[[Addition], object]":
    """Return what imports the target of a declared name, whatever goes wrong an ImportError that says whose it is.

    What is no failure but a wish to stop, such as a KeyboardInterrupt or an asyncio.CancelledError, is let pass.
    """

    def resolve_addition(addition: "Addition") -> object:
        try:
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
