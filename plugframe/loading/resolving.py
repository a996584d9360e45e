"""Declared names to the objects that they stand for; whatever goes wrong is told as the fault of whose name it is."""

import sys

from plugframe.errors import PluginImportError
from plugframe.loading.faults import fault_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from plugframe.namespaces.names import Addition

_ADVICE = {
    "effect": "what it declares cannot be used; everything else is not affected",
    "next_step": "upgrade or uninstall its distribution",
}


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

    def resolve_addition(addition: "Addition") -> object:
        try:
            with watch(addition):
                value = find(str(addition.target))
        except (Exception, SystemExit) as error:
            reason, where = fault_of(error, sys.exc_info()[2])
            raise PluginImportError(addition.provider, reason, where=where, **_ADVICE) from error
        if not accepts(value):
            reason = f"{addition.target!r} is an object of {type(value).__name__}, not what it is declared to be"
            raise PluginImportError(addition.provider, reason, **_ADVICE)
        return value

    return resolve_addition
