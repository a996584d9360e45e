"""Hosts, plugins and distributions, and what connects them; ``graph`` is the main function.

All of it is read off metadata. What only a plugin's code says, such as ``tryfirst`` or ``before``, is not in it.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from plugframe.discovery.provenance import Requirers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plugframe.cli.facts import Facts
    from plugframe.records import Distribution, Plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One of the things that are connected.

    Attributes:
        id: unique in the graph, the same at every run.
        kind: ``host``, ``plugin`` or ``distribution``.
        name: as it is spelled.
        version: a distribution's, or a plugin's distribution's; empty for a host.
        state: a plugin's; ``missing`` for a distribution that is required and not installed, else empty.
        provides: of a plugin, kind to names.
    """

    id: str
    kind: str
    name: str
    version: str = ""
    state: str = ""
    provides: "Mapping[str, Sequence[str]]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A connection.

    Attributes:
        source: a node's id.
        target: a node's id.
        kind: ``has`` (a host a plugin), ``from`` (a plugin its distribution), ``requires`` (a distribution another),
            ``shadows`` (a plugin one of the same name), ``starts-before`` (a plugin another, in a hook that both
            declare).
        label: of ``requires`` the extra without which it does not hold, of ``starts-before`` the hook.
    """

    source: str
    target: str
    kind: str
    label: str = ""


class Graph:
    """Nodes by id and edges, in the order in which they were found, each once."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: dict[Edge, None] = {}

    def add(self, node: Node) -> str:
        """Add a node, and return its id."""
        self.nodes.setdefault(node.id, node)
        return node.id

    def connect(self, source: str, target: str, kind: str, label: str = "") -> None:
        """Add an edge."""
        self.edges[Edge(source=source, target=target, kind=kind, label=label)] = None

    def out(self, node: str, kind: str) -> "list[tuple[Node, str]]":
        """Return where the edges of a kind lead from a node, with their labels."""
        return [(self.nodes[one.target], one.label) for one in self.edges if (one.source, one.kind) == (node, kind)]

    def into(self, node: str, kind: str) -> "list[tuple[Node, str]]":
        """Return where the edges of a kind come from that lead to a node, with their labels."""
        return [(self.nodes[one.source], one.label) for one in self.edges if (one.target, one.kind) == (node, kind)]


def graph(facts: "Facts", hosts: "Sequence[str]", *, invert: bool = False) -> Graph:
    """Return the plugins of some hosts, the order of their hooks, and what their distributions require.

    Args:
        facts: what is installed.
        hosts: their names.
        invert: follow who requires the plugins' distributions instead of what these require.
    """
    made = Graph()
    distributions: dict[str, Distribution] = {}
    for host in hosts:
        plugins = sorted(facts.of(host).everything(), key=lambda one: (one.name, one.distribution.key))
        top = made.add(Node(id=f"host:{host}", kind="host", name=host))
        for plugin in plugins:
            distributions[plugin.distribution.key] = plugin.distribution
            made.connect(top, made.add(_plugin(plugin)), "has")
            made.connect(_id(plugin), made.add(_distribution(plugin.distribution)), "from")
        _connect_rivals(made, plugins)
        _connect_hooks(made, plugins)
    _connect_requirements(made, facts, list(distributions.values()), invert=invert)
    return made


def _id(plugin: "Plugin") -> str:
    return f"plugin:{plugin.host}:{plugin.name}:{plugin.distribution.key}"


def _plugin(plugin: "Plugin") -> Node:
    return Node(
        id=_id(plugin),
        kind="plugin",
        name=plugin.name,
        version=plugin.distribution.version,
        state=plugin.state,
        provides=dict(plugin.provides),
    )


def _distribution(one: "Distribution") -> Node:
    return Node(id=f"distribution:{one.key}", kind="distribution", name=one.name, version=one.version)


def _connect_rivals(made: Graph, plugins: "Sequence[Plugin]") -> None:
    winners = {plugin.name: plugin for plugin in plugins if plugin.decision.allowed}
    for plugin in plugins:
        if plugin.state == "shadowed" and plugin.name in winners and _id(winners[plugin.name]) != _id(plugin):
            made.connect(_id(winners[plugin.name]), _id(plugin), "shadows")


def _connect_hooks(made: Graph, plugins: "Sequence[Plugin]") -> None:
    """Connect the plugins that declare a hook in the order in which they start: the name that sorts last is first."""
    hooks: dict[str, list[Plugin]] = {}
    for plugin in plugins:
        for hook in plugin.provides.get("hooks", ()) if plugin.decision.allowed else ():
            hooks.setdefault(hook, []).append(plugin)
    for hook, several in sorted(hooks.items()):
        for first, second in pairwise(sorted(several, key=lambda one: one.name, reverse=True)):
            made.connect(_id(first), _id(second), "starts-before", hook)


def _connect_requirements(made: Graph, facts: "Facts", start: "list[Distribution]", *, invert: bool) -> None:
    """Follow requirements from some distributions, down to what they require or up to who requires them."""
    installed = facts.snapshot.distributions()
    requirers = Requirers(installed, facts.snapshot.environment.markers)
    by_key = {one.key: one for one in installed}
    waiting = sorted(start, key=lambda one: one.key)
    seen = {one.key for one in waiting}
    while waiting:
        one = waiting.pop(0)
        below = [(key, name, "") for key, name in requirers.required(one)]
        for key, name, extra in requirers.requiring(one) if invert else below:
            other = by_key.get(key)
            missing = Node(id=f"distribution:{key}", kind="distribution", name=name, state="missing")
            there = made.add(missing if other is None else _distribution(other))
            here = made.add(_distribution(one))
            made.connect(*((there, here) if invert else (here, there)), "requires", extra)
            if other is not None and key not in seen:
                seen.add(key)
                waiting.append(other)
