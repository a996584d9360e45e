"""Why something is not there: who declares it and may not provide it, or may register it once it is loaded."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from plugframe.loading.plugins import Loader
    from plugframe.namespaces.names import Names
    from plugframe.policy.plugins import Plugins
    from plugframe.records import Plugin

_MOST_NAMED = 3


def explain_absence(name: str, plugins: "Plugins", loader: "Loader", registered: "Names") -> str:
    """Return who would provide a class or a namespace that is not registered, and the next step.

    Nothing is imported to find out. Of several reasons the best known counts: a plugin that may not run, an entry
    point that cannot be used, a plugin that failed, and those that were not loaded yet.

    Args:
        name: dotted, such as ``vision.ResNet``.
        plugins: the host's.
        loader: knows what became of them.
        registered: the classes that there are.

    Returns:
        Sentences, or an empty string where nobody is known.
    """
    reasons = (
        _namespace(name, registered),
        _refused("classes", plugins, lambda declared: _covers(declared, name)),
        _unusable(name, plugins, registered),
        _failed(name, plugins, loader),
    )
    for reason in reasons:
        for sentence in reason:
            return sentence
    return _waiting(_by_likeness(name, plugins.values()), loader)


def _namespace(name: str, registered: "Names") -> "Iterator[str]":
    """Yield how to reach a class in the namespace that the name is."""
    first = next((known for known in registered.full if known.startswith(f"{name}.")), "")
    if first:
        yield f"{name!r} is a namespace of classes, and has {first!r}. Next: ask for a class by its full name"


def _unusable(name: str, plugins: "Plugins", registered: "Names") -> "Iterator[str]":
    """Yield what to say of entry points that declare it and are left out."""
    for entry in plugins.snapshot.entry_points(f"{plugins.host}.classes"):
        if _covers(entry.name, name) and entry.name not in registered.additions:
            reason = entry.problem or "its name cannot be used beside those of others, or at all"
            advice = f"Next: plugframe list --host {plugins.host}, whose findings tell more"
            yield f"{entry} declares it and is left out: {reason}. {advice}"


def explain_refusal(kind: str, name: str, plugins: "Plugins") -> str:
    """Return which plugin declares something and may not run, why, and the next step; empty where none does.

    Args:
        kind: such as ``hooks`` or ``callbacks``.
        name: the whole name of what is not there, or the namespace that it would be in.
        plugins: the host's.
    """
    return next(_refused(kind, plugins, lambda declared: _covers(declared, name)), "")


def explain_refused_backend(operation: str, backend: str, plugins: "Plugins") -> str:
    """Return the same of a backend of an operation; of any, where its name is empty."""

    def is_meant(declared: str) -> bool:
        whose, _, name = declared.rpartition(".")
        return name == backend and operation in ("", whose)

    return next(_refused("operations", plugins, is_meant), "")


def _refused(kind: str, plugins: "Plugins", is_meant: "Callable[[str], bool]") -> "Iterator[str]":
    for plugin in plugins.everything():
        declares = any(map(is_meant, plugin.provides.get(kind, ())))
        if declares and not plugin.decision.allowed:
            reason = f"{plugin.state}: {plugin.decision.reason}"
            step = plugin.decision.next_step or f"plugframe why {plugin.name} --host {plugins.host}"
            yield f"{plugin} declares it and is {reason}. Next: {step}"


def _failed(name: str, plugins: "Plugins", loader: "Loader") -> "Iterator[str]":
    for plugin in _by_likeness(name, plugins.values()):
        outcome = loader.outcome(plugin)
        if outcome is not None and outcome.result.state == "broken":
            step = f". Next: {outcome.result.next_step}" if outcome.result.next_step else ""
            yield f"{plugin}, which may register it, could not be loaded: {outcome.result.reason}{step}"


def _waiting(plugins: "Iterable[Plugin]", loader: "Loader") -> str:
    """Return what to say of plugins that may run code and have not yet."""
    waiting = [
        plugin
        for plugin in plugins
        if plugin.entry_point.value and plugin.decision.allowed and loader.outcome(plugin) is None
    ]
    if not waiting:
        return ""
    shown = ", ".join(map(str, waiting[:_MOST_NAMED]))
    more = f" and {len(waiting) - _MOST_NAMED} more" if len(waiting) > _MOST_NAMED else ""
    step = f"host.load({waiting[0].name!r})" if len(waiting) == 1 else "host.load_all()"
    return f"What is not loaded yet may register it: {shown}{more}. Next: {step}"


def _by_likeness(name: str, plugins: "Iterable[Plugin]") -> "list[Plugin]":
    """Return plugins, first the one that is named like the namespace."""
    first = name.partition(".")[0]
    return sorted(plugins, key=lambda plugin: plugin.name != first)


def _covers(declared: str, name: str) -> bool:
    return declared == name or declared.startswith(f"{name}.")
