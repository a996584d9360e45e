"""A reference to the object that it names."""

from importlib import import_module

from plugframe.errors import ReferenceNotFoundError, near_matches
from plugframe.records import split_reference


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
        try:
            value = getattr(value, name)
        except AttributeError as error:
            if not _is_missing(error, value, name):
                raise
            raise ReferenceNotFoundError(module_name, attribute, near_matches(name, _names(value))) from error
    if value is None:
        raise ReferenceNotFoundError(module_name, attribute, is_none=True)
    return value


def _is_missing(error: AttributeError, value: object, name: str) -> bool:
    """Return whether an AttributeError is the object's own answer that it has no such attribute.

    One that comes from deeper down, where a lazily importing ``__getattr__`` fails, is a fault of its own.
    """
    if isinstance(error.__cause__ or error.__context__, ImportError):
        return False
    if error.name not in (name, None) or error.obj not in (value, None):
        return False
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    # The interpreter fills in name and object on the way out: only where it was raised tells whose answer it is.
    if step is None or step.tb_frame.f_code is resolve.__code__:
        return True
    return step.tb_frame.f_code.co_name in ("__getattr__", "__getattribute__")


def _names(value: object) -> tuple[str, ...]:
    """Return what an object has, without asking it: that might import things."""
    own = {**getattr(type(value), "__dict__", {}), **getattr(value, "__dict__", {})}
    return tuple(name for name in own if not name.startswith("_"))
