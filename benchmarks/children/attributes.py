"""Reads of attributes that are loaded already: of lazy packages, namespaces and registries, and of plain modules."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from benchmarks.children.turns import BLOCKS, Contestant, compare, summarize, take_turns
from benchmarks.measure import Comparison, MeasurementError

VALUE = "x.value_0000"
PLUGIN = "x.plugin_0000"
CLASS = "x.Net0000"
CHAIN = "x.classes.vision.Net0000"
TORCH_CLASS = "LinearPackedParamsBase"  # one that torch itself registers
TORCH_NAMESPACE = "quantized"


def compare_package(name: str, *, whole: bool) -> Comparison:
    """Compare an attribute of a lazy package with one of a plain module.

    Args:
        name: the lazy package.
        whole: whether all its names are loaded before.
    """
    return _compare(VALUE, _package(name, whole=whole), "plain_hosted.values")


def compare_shadowing() -> Comparison:
    """Compare an attribute of a package of which all is loaded, and which has a function named like its submodule."""
    return _compare(VALUE, _package("lazy_shadowing", whole=True), "plain_hosted.values")


def compare_plugin() -> Comparison:
    """Compare a plugin's module in the namespace of its host, where other plugins are not loaded."""
    return _compare(PLUGIN, _plugins(), "plain_hosted.plugins")


def compare_class(namespace: str, *, mounted: bool) -> Comparison:
    """Compare a class in a namespace of the registry: ``vision``, of which one class is loaded, or ``few``, of all."""
    return _compare(CLASS, _classes(namespace, mounted=mounted), "plain_hosted.classes.vision")


def compare_chain(*, mounted: bool) -> Comparison:
    """Compare the whole way from the host, or from its package, to a class with three attributes of plain packages."""
    _classes("vision", mounted=mounted)
    start = import_module("hosted") if mounted else _host()
    import_module("plain_hosted.classes.vision")
    return _compare(CHAIN, start, "plain_hosted")


def compare_with_torch(call: str, start: Callable[[], object]) -> Comparison:
    """Compare an attribute that is loaded with a class of ``torch.classes``.

    Args:
        call: the expression, which starts from ``x``.
        start: returns what ``x`` is.

    Raises:
        MeasurementError: torch cannot be imported, or has no such class.
    """
    try:
        namespace = getattr(import_module("torch").classes, TORCH_NAMESPACE)
        found = type(getattr(namespace, TORCH_CLASS)).__name__
    except (ImportError, RuntimeError) as error:
        message = f"torch is installed and cannot be measured: {error}"
        raise MeasurementError(message) from error
    if found != "ScriptClass":
        message = f"torch.classes.{TORCH_NAMESPACE}.{TORCH_CLASS} is a {found}, no class"
        raise MeasurementError(message)
    ours, peer = Contestant("ours", call, x=start()), Contestant("torch.classes", f"x.{TORCH_CLASS}", x=namespace)
    if ours.result() is None:
        message = f"{call} is None"
        raise MeasurementError(message)
    return summarize(take_turns({one.who: one.turn() for one in (ours, peer)}, BLOCKS))


def _compare(call: str, start: object, plain: str) -> Comparison:
    """Compare a read with the same of a plain module, which must give the same object."""
    peer = Contestant("plain module", call, x=import_module(plain))
    return compare(Contestant("ours", call, x=start), peer)


def _package(name: str, *, whole: bool) -> ModuleType:
    package = import_module(name)
    for one in package.__all__ if whole else ("value_0000",):
        getattr(package, one)
    waiting = [one for one in package.__all__ if one not in vars(package)]
    if whole == bool(waiting):
        message = f"{len(waiting)} names of {name} are not loaded"
        raise MeasurementError(message)
    return package


def _host() -> Any:  # noqa: ANN401  # its namespaces have no types
    return import_module("hosted").host


def _plugins() -> object:
    namespace = import_module("hosted.plugins")
    if namespace.plugin_0000 is not import_module("plugin_0000"):
        message = "the namespace has another module than the plugin's own"
        raise MeasurementError(message)
    return namespace


def _classes(namespace: str, *, mounted: bool) -> object:
    """Return a namespace of classes: ``vision`` with one of its many loaded, ``few`` with all."""
    start = import_module("hosted.classes") if mounted else _host().classes
    found: object = getattr(start, namespace)
    for name in dir(found) if namespace == "few" else ("Net0000",):
        getattr(found, name)
    return found


def _open_package() -> ModuleType:
    return _package("lazy_values", whole=False)


def _open_classes() -> object:
    return _classes("vision", mounted=False)


def _host_with_class() -> object:
    _open_classes()
    return _host()


COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "closed": lambda: compare_package("lazy_closed", whole=True),
    "closed-shadowing": compare_shadowing,
    "open": lambda: compare_package("lazy_values", whole=False),
    "open-by-hand": lambda: compare_package("lazy_values_by_hand", whole=False),
    "open-of-peer": lambda: compare_package("lazy_values_of_peer", whole=False),
    "plugin": compare_plugin,
    "class": lambda: compare_class("vision", mounted=False),
    "class-of-all": lambda: compare_class("few", mounted=False),
    "class-mounted": lambda: compare_class("vision", mounted=True),
    "chain": lambda: compare_chain(mounted=False),
    "chain-mounted": lambda: compare_chain(mounted=True),
    "torch-open": lambda: compare_with_torch(VALUE, _open_package),
    "torch-plugin": lambda: compare_with_torch(PLUGIN, _plugins),
    "torch-class": lambda: compare_with_torch(CLASS, _open_classes),
    "torch-chain": lambda: compare_with_torch(CHAIN, _host_with_class),
}
