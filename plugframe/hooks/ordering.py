"""In which order a hook's implementations start: pluggy's bands, and what plugins ask for by name.

Source: https://pluggy.readthedocs.io/en/stable/#call-time-order for the bands; ``before`` and ``after`` are our own.
"""

from plugframe.errors import HookValidationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from pluggy import HookImpl


def is_bound(implementation: "HookImpl") -> bool:
    """Return whether an implementation asks to start before or after other plugins."""
    return bool(_asked(implementation, "before") or _asked(implementation, "after"))


def _asked(implementation: "HookImpl", what: str) -> tuple[str, ...]:
    options: Mapping[str, Any] = implementation.opts  # with more in it than pluggy knows
    return options.get(what) or ()


def name_of(implementation: "HookImpl") -> str:
    """Return whose an implementation is, for messages."""
    return f"plugin {implementation.plugin_name!r}"


def arrange(
    implementations: "Iterable[HookImpl]", hook: str, describe: "Callable[[HookImpl], str]" = name_of
) -> "list[HookImpl]":
    """Return implementations as a hook caller keeps them: in reverse of the order in which they start.

    Wrappers start before the others. Of each, those that ask to be first or last are; of equals the one that came last
    starts first. Whatever of this is against a ``before`` or ``after`` gives way to it.

    Args:
        implementations: in the order in which they came.
        hook: the name of the hook, for messages.
        describe: returns whose an implementation is, for messages.

    Raises:
        HookValidationError: what plugins ask for is a circle, or an ordinary implementation asks to start before a
            wrapper.
    """
    came = list(implementations)
    inner = [one for one in came if not (one.wrapper or one.hookwrapper)]
    outer = [one for one in came if one.wrapper or one.hookwrapper]
    if any(map(is_bound, came)):
        _check_floors(inner, outer, hook, describe)
        return [*_obey(_bands(inner), hook, describe), *_obey(_bands(outer), hook, describe)]
    return [*_bands(inner), *_bands(outer)]


def _bands(came: "Sequence[HookImpl]") -> "list[HookImpl]":
    last = [one for one in came if one.trylast]
    first = [one for one in came if one.tryfirst and not one.trylast]
    return [*reversed(last), *(one for one in came if not (one.trylast or one.tryfirst)), *first]


def _obey(banded: "Sequence[HookImpl]", hook: str, describe: "Callable[[HookImpl], str]") -> "list[HookImpl]":
    """Return implementations of one kind with the fewest changes that what they ask for needs."""
    waiting = list(reversed(banded))
    earlier = {id(one): _earlier(one, waiting) for one in waiting}
    started: list[HookImpl] = []
    while waiting:
        names = {one.plugin_name for one in waiting}
        ready = next((one for one in waiting if not earlier[id(one)] & names - {one.plugin_name}), None)
        if ready is None:
            raise HookValidationError(hook, describe(waiting[0]), _circle(waiting, earlier))
        waiting.remove(ready)
        started.append(ready)
    return started[::-1]


def _earlier(one: "HookImpl", others: "Iterable[HookImpl]") -> set[str]:
    """Return the names of the plugins that must start before an implementation."""
    wanted = set(_asked(one, "after"))
    return wanted.union(other.plugin_name for other in others if one.plugin_name in _asked(other, "before"))


def _circle(waiting: "Sequence[HookImpl]", earlier: dict[int, set[str]]) -> str:
    """Return the circle that implementations wait for each other in, in words."""
    needs: dict[str, set[str]] = {}
    for one in waiting:
        needs.setdefault(one.plugin_name, set()).update(earlier[id(one)] - {one.plugin_name})
    path = [waiting[0].plugin_name]
    while path[-1] not in path[:-1]:
        path.append(min(needs[path[-1]] & needs.keys()))
    circle = path[path.index(path[-1]) :][::-1]
    chain = " before ".join(map(repr, circle))
    return f"the plugins ask to be called in a circle: {chain}"


def _check_floors(
    inner: "Sequence[HookImpl]", outer: "Sequence[HookImpl]", hook: str, describe: "Callable[[HookImpl], str]"
) -> None:
    wrappers = {one.plugin_name for one in outer} - {one.plugin_name for one in inner}
    plain = {one.plugin_name for one in inner} - {one.plugin_name for one in outer}
    impossible = [(one, wrappers.intersection(_asked(one, "before"))) for one in inner]
    impossible += [(one, plain.intersection(_asked(one, "after"))) for one in outer]
    for one, others in impossible:
        if others:
            asks, kinds = ("before", "a wrapper's") if one in inner else ("after", "an implementation's")
            reason = f"it asks to be called {asks} {kinds} plugin {min(others)!r}, but wrappers start before all others"
            raise HookValidationError(hook, describe(one), reason)
