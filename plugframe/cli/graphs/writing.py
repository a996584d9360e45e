"""A graph as a document of others' tools: Graphviz's DOT, Mermaid, and plain values for JSON.

Sources: https://graphviz.org/doc/info/lang.html and https://mermaid.js.org/syntax/flowchart.html
"""

from plugframe.cli.render import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.cli.graphs.relations import Edge, Graph, Node

_SHAPES = {"host": "house", "plugin": "box", "distribution": "ellipse"}
_BRACKETS = {"host": ("{{", "}}"), "plugin": ("[", "]"), "distribution": ("(", ")")}
_STYLES = {"has": "bold", "from": "dashed", "requires": "solid", "shadows": "dotted", "starts-before": "dotted"}
_ARROWS = {"has": "==>", "from": "-.->", "requires": "-->", "shadows": "-.->", "starts-before": "-.->"}


def dot(graph: "Graph") -> str:
    """Return a graph in Graphviz's language."""
    lines = ["digraph plugins {", "  rankdir=LR;"]
    for node in graph.nodes.values():
        label = "\\n".join(map(_quoted, _label(node)))
        lines.append(f'  "{_quoted(node.id)}" [label="{label}", shape={_SHAPES[node.kind]}];')
    for edge in graph.edges:
        ends = f'"{_quoted(edge.source)}" -> "{_quoted(edge.target)}"'
        lines.append(f'  {ends} [label="{_quoted(_named(edge))}", style={_STYLES[edge.kind]}];')
    return "\n".join([*lines, "}"])


def mermaid(graph: "Graph") -> str:
    """Return a graph as a Mermaid flowchart."""
    numbers = {name: f"n{number}" for number, name in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes.values():
        opening, closing = _BRACKETS[node.kind]
        label = "<br/>".join(map(_entities, _label(node)))
        lines.append(f'  {numbers[node.id]}{opening}"{label}"{closing}')
    for edge in graph.edges:
        arrow = f'{_ARROWS[edge.kind]}|"{_entities(_named(edge))}"|'
        lines.append(f"  {numbers[edge.source]} {arrow} {numbers[edge.target]}")
    return "\n".join(lines)


def document(graph: "Graph") -> dict[str, object]:
    """Return a graph as plain values."""
    nodes = [
        {
            "id": node.id,
            "kind": node.kind,
            "name": node.name,
            "version": node.version,
            "state": node.state,
            "provides": {kind: list(names) for kind, names in node.provides.items()},
        }
        for node in graph.nodes.values()
    ]
    edges = [
        {"source": edge.source, "target": edge.target, "kind": edge.kind, "label": edge.label} for edge in graph.edges
    ]
    return {"nodes": nodes, "edges": edges}


def _label(node: "Node") -> list[str]:
    first = " ".join(filter(None, (node.name, node.version)))
    state = f"({node.state})" if node.state not in ("", "available") else ""
    provided = [f"{kind}: {', '.join(names)}" for kind, names in node.provides.items()]
    return [" ".join(filter(None, (first, state))), *provided]


def _named(edge: "Edge") -> str:
    return " ".join(filter(None, (edge.kind, edge.label)))


def _quoted(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


def _entities(text: str) -> str:
    """Return a text in which nothing is left that Mermaid, or the HTML that it makes, could understand."""
    return "".join(
        f"#{ord(character)};" if character in "#\"'<>&;`|\\{}[]()" else character for character in printable(text)
    )
