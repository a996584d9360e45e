"""Which functions of a plugin are marked as hook implementations, without asking its attributes for anything.

pluggy looks at every name in ``dir()`` one by one. Looking through the dictionaries once finds the few that are marked;
only those are then looked at with pluggy's care.
"""

import inspect
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_UNSURE = (staticmethod, classmethod, MethodType, MemberDescriptorType)
_mro = vars(type)["__mro__"].__get__
_dictionary = vars(type)["__dict__"].__get__


def marked_names(plugin: object, key: str) -> list[str]:
    """Return the names of ``dir(plugin)`` that may stand for marked functions, in its order.

    Args:
        plugin: a module, class or object; neither properties nor a module's ``__getattr__`` run.
        key: the attribute that the marker sets on functions.
    """
    found = {
        name
        for dictionary in _dictionaries(plugin)
        for name, value in tuple(dictionary.items())
        # By type alone: isinstance asks an object for its class, and a lazy module then imports itself.
        if (key in value.__dict__ if type(value) is FunctionType else issubclass(type(value), _UNSURE))
    }
    return [name for name in dir(plugin) if name in found]


def _dictionaries(plugin: object) -> "Iterator[Mapping[str, object]]":
    if isinstance(plugin, type):
        yield from (_dictionary(kind) for kind in _mro(plugin) if kind is not object)
    else:
        try:
            own = object.__getattribute__(plugin, "__dict__")
        except AttributeError:
            own = None
        if isinstance(own, dict):
            yield own
    yield from (_dictionary(kind) for kind in _mro(type(plugin)) if kind not in {object, type, ModuleType})


def bound_function(plugin: object, name: str) -> "Callable[..., object] | None":
    """Return the function that ``getattr(plugin, name)`` would, found without running any code of the plugin."""
    static = inspect.getattr_static(plugin, name, None)
    if isinstance(plugin, (type, ModuleType)):
        return _unwrapped(static, plugin if isinstance(plugin, type) else type(plugin))
    if isinstance(static, MemberDescriptorType):
        try:
            static = static.__get__(plugin, type(plugin))
        except AttributeError:
            return None
        return static if isinstance(static, (FunctionType, MethodType)) else None
    try:
        own = object.__getattribute__(plugin, "__dict__")
    except AttributeError:
        own = None
    if isinstance(own, dict) and name in own:
        return own[name] if isinstance(own[name], (FunctionType, MethodType)) else None
    if isinstance(static, FunctionType):
        return static.__get__(plugin, type(plugin))
    return _unwrapped(static, type(plugin))


def _unwrapped(static: object, owner: type) -> "Callable[..., object] | None":
    if isinstance(static, staticmethod):
        function: Callable[..., object] = static.__func__
        return function
    if isinstance(static, classmethod):
        bound: Callable[..., object] = static.__get__(owner, owner)
        return bound
    return static if isinstance(static, (FunctionType, MethodType)) else None
