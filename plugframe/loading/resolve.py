"""A reference to the object that it names."""

from importlib import import_module

from plugframe.errors import ReferenceNotFoundError, near_matches
from plugframe.records import split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def resolve(reference: str) -> object:
    """Import the module that a reference names and return the module or the attribute.

    Args:
        reference: ``module`` or ``module:attribute.attribute``, with or without extras.

    Raises:
        ReferenceNotFoundError: the module was imported and has no such attribute, or it is None.
        Exception: whatever importing the module raises.

    Source: https://packaging.python.org/specifications/entry-points/#data-model
    """
    module_name, attribute, _ = split_reference(reference)
    module = import_module(module_name)
    value: object = module
    for name in filter(None, attribute.split(".")):
        found = _attribute(value, name)
        if found is None:
            raise ReferenceNotFoundError(module_name, attribute, near_matches(name, _names(value)))
        value = found[0]
    if value is None:
        raise ReferenceNotFoundError(module_name, attribute, is_none=True)
    return value


def _attribute(value: object, name: str) -> tuple[object] | None:
    """Return the attribute in a tuple, or None when there is none.

    Only the object's own answer means "there is none": an AttributeError out of a lazily importing ``__getattr__``'s
    depths is a failure of its own.
    """
    try:
        return (getattr(value, name),)
    except AttributeError as error:
        own = error.name in (name, None) and (error.obj is value or error.obj is None)
        if own and not isinstance(error.__cause__ or error.__context__, ImportError):
            return None
        raise


def _names(value: "object | ModuleType") -> tuple[str, ...]:
    return tuple(name for name in getattr(value, "__dict__", ()) if not name.startswith("_"))
