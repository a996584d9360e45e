"""Calls of warm hooks: a host's against what is written by hand, a manager's against pluggy's."""

from collections.abc import Generator

import pluggy

import plugframe
from benchmarks.children.handwritten import drives, loops
from benchmarks.children.plugins import (
    IMPLEMENTATION,
    OLD_WRAPPER,
    PROJECT,
    SPECIFICATION,
    WRAPPER,
    functions,
    hookimpl,
    manager,
    plugins,
)
from benchmarks.children.turns import Contestant, compare, define
from benchmarks.measure import Comparison, MeasurementError
from plugframe.hooks.manager import PluginManager

BEHIND_SUBSET = 3  # implementations that a subset caller leaves


def compare_host(implementations: int, wrappers: int) -> Comparison:
    """Compare a host's hook with a loop, or with a drive of generators, over the same functions."""
    host = plugframe.Host(PROJECT, path=[])
    host.hookspec(define(SPECIFICATION.format(a="a", b="b"), "h"))
    called, around = functions(IMPLEMENTATION, implementations), functions(WRAPPER, wrappers)
    marked = [*map(host.hookimpl(wrapper=True), around), *map(host.hookimpl, called)]
    for plugin in reversed(plugins(marked)):  # What is registered last is called first.
        host.manager.register(plugin, name=plugin.__name__)
    if around:
        _check_drives()
    peers = drives(around, called) if around else loops(called)
    ours = Contestant("host", "host.hook.h(a=1, b=2)", host=host)
    return compare(ours, *(Contestant(who, "loop(a=1, b=2)", loop=loop) for who, loop in peers.items()))


def _check_drives() -> None:
    """Make sure that the drives which we are compared with do what wrappers are for.

    Raises:
        MeasurementError: a wrapper did not get the exception of what it encloses.
    """

    def fail(a: object, b: object) -> None:
        raise LookupError(a, b)

    def recover(_a: object, _b: object) -> Generator[None, object, object]:
        try:
            return (yield)
        except LookupError as error:
            return error.args

    def keep(_a: object, _b: object) -> Generator[None, object, object]:
        return (yield)

    for who, drive in drives([keep, recover, keep], [fail]).items():
        if drive(a=1, b=2) != (1, 2):
            message = f"{who} is no correct drive of wrappers"
            raise MeasurementError(message)


def compare_manager(implementations: int, wrappers: int, old_wrappers: int) -> Comparison:
    """Compare a manager's hook with pluggy's, where both have the same plugins."""
    found = plugins(
        [
            *map(hookimpl, functions(IMPLEMENTATION, implementations)),
            *map(hookimpl(wrapper=True), functions(WRAPPER, wrappers)),
            *map(hookimpl(hookwrapper=True), functions(OLD_WRAPPER, old_wrappers)),
        ]
    )
    call = "pm.hook.h(a=1, b=2)"
    ours, theirs = manager(PluginManager, found), manager(pluggy.PluginManager, found)
    return compare(Contestant("manager", call, pm=ours), Contestant("pluggy", call, pm=theirs))


def compare_subset(fetched: int) -> Comparison:
    """Compare subset callers that leave out one of the plugins.

    Args:
        fetched: 1 to fetch a caller for every call, 0 to fetch it once.
    """
    found = plugins([*map(hookimpl, functions(IMPLEMENTATION, BEHIND_SUBSET + 1))])
    pms = {"manager": manager(PluginManager, found), "pluggy": manager(pluggy.PluginManager, found)}
    left_out = [found[0]]
    if fetched:
        call = "pm.subset_hook_caller('h', left_out)(a=1, b=2)"
        ours, theirs = (Contestant(who, call, pm=pm, left_out=left_out) for who, pm in pms.items())
    else:
        call = "subset(a=1, b=2)"
        ours, theirs = (Contestant(who, call, subset=pm.subset_hook_caller("h", left_out)) for who, pm in pms.items())
    return compare(ours, theirs)
