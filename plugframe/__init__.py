"""plugframe: plugins for Python applications, found without importing them, loaded when used, broken ones isolated.

Importing this package scans and reads nothing. Each public name is resolved at its first use.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe import classes as classes
    from plugframe.calls.plans.callplan import CallPlan as CallPlan
    from plugframe.calls.plans.suspension import suspend_interception as suspend_interception
    from plugframe.errors import Decline as Decline
    from plugframe.errors import PlugframeError as PlugframeError
    from plugframe.handles import RemovableHandle as RemovableHandle
    from plugframe.hooks.manager import PluginManager as PluginManager
    from plugframe.hooks.markers import HookimplMarker as HookimplMarker
    from plugframe.host import Host as Host
    from plugframe.host import callbacks as callbacks
    from plugframe.host import default_host as default_host
    from plugframe.host import hookimpl as hookimpl
    from plugframe.host import hookspec as hookspec
    from plugframe.host import load_library as load_library
    from plugframe.host import loaded_libraries as loaded_libraries
    from plugframe.host import operation as operation
    from plugframe.host import ops as ops
    from plugframe.loading.headers import get_include as get_include
    from plugframe.loading.library import Library as Library
    from plugframe.namespaces.attaching import attach as attach
    from plugframe.namespaces.attaching import attach_stub as attach_stub
    from plugframe.namespaces.lazy.proxies import load as load
    from plugframe.namespaces.registrars import Registrar as Registrar
    from plugframe.operations.markers import Verdict as Verdict
    from plugframe.operations.markers import backend as backend
    from plugframe.operations.matching.conditions import Condition as Condition
    from plugframe.operations.matching.conditions import Element as Element
    from plugframe.operations.matching.conditions import Rank as Rank
    from plugframe.operations.matching.conditions import register_annotation as register_annotation

    __all__ = [
        "CallPlan", "Condition", "Decline", "Element", "HookimplMarker", "Host", "Library", "PlugframeError",
        "PluginManager", "Rank", "Registrar", "RemovableHandle", "Verdict", "__version__", "attach", "attach_stub",
        "backend", "callbacks", "classes", "default_host", "get_include", "hookimpl", "hookspec", "load",
        "load_library", "loaded_libraries", "operation", "ops", "register_annotation", "suspend_interception",
    ]  # fmt: skip
else:
    from plugframe.namespaces.attaching import attach

    __getattr__, __dir__, __all__ = attach(
        __name__,
        ["classes"],
        {
            "calls.plans.callplan": ["CallPlan"],
            "calls.plans.suspension": ["suspend_interception"],
            "errors": ["Decline", "PlugframeError"],
            "handles": ["RemovableHandle"],
            "hooks.manager": ["PluginManager"],
            "hooks.markers": ["HookimplMarker"],
            "host": [
                "Host", "callbacks", "default_host", "hookimpl", "hookspec", "load_library", "loaded_libraries",
                "operation", "ops",
            ],
            "loading.headers": ["get_include"],
            "loading.library": ["Library"],
            "namespaces.attaching": ["attach", "attach_stub"],
            "namespaces.lazy.proxies": ["load"],
            "namespaces.registrars": ["Registrar"],
            "operations.markers": ["Verdict", "backend"],
            "operations.matching.conditions": ["Condition", "Element", "Rank", "register_annotation"],
        },
    )  # fmt: skip
    __all__ += ["__version__"]

__version__ = "0.1.0"
