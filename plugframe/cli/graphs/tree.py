"""A graph as a tree: hosts, their plugins, and what belongs to each."""

from plugframe.cli.render import printable, style_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.tree import Tree

    from plugframe.cli.graphs.relations import Graph, Node


def trees(graph: "Graph", *, invert: bool) -> "list[Tree]":
    """Return a tree for each host.

    A distribution is unfolded where it comes first; further down it is marked, so that circles end.

    Args:
        graph: what to draw.
        invert: whether requirements lead from a distribution to who requires it.
    """
    seen: set[str] = set()
    return [_host(graph, node, seen, invert=invert) for node in graph.nodes.values() if node.kind == "host"]


def _host(graph: "Graph", host: "Node", seen: set[str], *, invert: bool) -> "Tree":
    from rich.text import Text
    from rich.tree import Tree

    top = Tree(Text(printable(host.name), style="bold"))
    for plugin, _ in graph.out(host.id, "has"):
        label = Text(f"{_called(plugin)} ").append(plugin.state, style=style_of(plugin.state))
        branch = top.add(label)
        for told in _told(graph, plugin):
            branch.add(Text(told))
        for distribution, _ in graph.out(plugin.id, "from"):
            _add(graph, branch, distribution, "", seen, invert=invert)
    return top


def _called(node: "Node") -> str:
    return printable(f"{node.name} {node.version}".rstrip())


def _told(graph: "Graph", plugin: "Node") -> list[str]:
    lines = [printable(f"provides {kind}: {', '.join(names)}") for kind, names in plugin.provides.items()]
    lines += [
        printable(f"starts before {other.name} in {hook}") for other, hook in graph.out(plugin.id, "starts-before")
    ]
    lines += [f"shadows {_called(other)}" for other, _ in graph.out(plugin.id, "shadows")]
    return lines + [f"shadowed by {_called(other)}" for other, _ in graph.into(plugin.id, "shadows")]


def _add(graph: "Graph", branch: "Tree", node: "Node", extra: str, seen: set[str], *, invert: bool) -> None:
    """Add a distribution to a branch, and what it requires, or who requires it, below; deep chains need no stack."""
    from rich.text import Text

    waiting = [(branch, node, "from", extra)]
    while waiting:
        above, one, word, extra = waiting.pop()
        known = one.id in seen
        seen.add(one.id)
        following = [] if known else graph.into(one.id, "requires") if invert else graph.out(one.id, "requires")
        again = known and bool(graph.into(one.id, "requires") if invert else graph.out(one.id, "requires"))
        text = Text(f"{word} {_called(one)}{f' [{printable(extra)}]' if extra else ''}")
        text.append(" missing" if one.state else "", style=style_of("broken")).append(" (see above)" if again else "")
        below = above.add(text)
        word = "required by" if invert else "requires"
        waiting += [(below, other, word, label) for other, label in reversed(following)]
