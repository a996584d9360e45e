"""plugframe: plugins for Python applications, found without importing them, loaded when used, broken ones isolated.

Importing this package scans, reads and imports nothing. Each public name is resolved at its first use.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe import classes as classes
    from plugframe.errors import PlugframeError as PlugframeError
    from plugframe.hooks.manager import PluginManager as PluginManager
    from plugframe.hooks.markers import HookimplMarker as HookimplMarker
    from plugframe.host import Host as Host
    from plugframe.host import default_host as default_host
    from plugframe.loading.headers import get_include as get_include
    from plugframe.loading.library import Library as Library
    from plugframe.namespaces.references import Registrar as Registrar

    hookspec = default_host.hookspec
    hookimpl = default_host.hookimpl
    callbacks = default_host.callbacks
    ops = default_host.ops
    load_library = default_host.load_library
    loaded_libraries = default_host.loaded_libraries

__version__ = "0.1.0"

_HOMES = {
    "HookimplMarker": "plugframe.hooks.markers",
    "PluginManager": "plugframe.hooks.manager",
    "Registrar": "plugframe.namespaces.references",
    "Host": "plugframe.host",
    "default_host": "plugframe.host",
    "Library": "plugframe.loading.library",
    "get_include": "plugframe.loading.headers",
    "PlugframeError": "plugframe.errors",
}
_TWINS = ("callbacks", "hookimpl", "hookspec", "load_library", "loaded_libraries", "ops")

__all__ = [
    "HookimplMarker", "Host", "Library", "PlugframeError", "PluginManager",
    "Registrar", "__version__", "callbacks", "classes", "default_host",
    "get_include", "hookimpl", "hookspec", "load_library", "loaded_libraries", "ops",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(__import__(_HOMES[name], fromlist=(name,)), name)
    elif name in _TWINS:
        value = getattr(__import__("plugframe.host", fromlist=("default_host",)).default_host, name)
    elif name == "classes":
        value = __import__("plugframe.classes", fromlist=("classes",))
    else:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
