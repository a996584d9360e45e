"""``plugframe graph``: which plugins there are, what they provide and require, and which stand in whose way."""

import click

from plugframe.cli import drawing, render
from plugframe.cli.app import environment_options
from plugframe.cli.checks.choosing import ensure_host
from plugframe.cli.facts import Facts, environment
from plugframe.cli.programs import host_option, step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.cli.graphs.relations import Graph

_FORMATS = ("tree", "dot", "mermaid", "json")
_ENDINGS = {".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid", ".json": "json"}
_EPILOG = """\b
Exit codes: 0 fine; 2 the command was wrong, the environment cannot be read, or the file not be written.
"""


@click.command("graph", epilog=_EPILOG, short_help="Draw what plugins provide, require and shadow.")
@host_option()
@click.option("--format", "form", type=click.Choice(_FORMATS), help="How to write it.  [default: tree]")
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--invert", is_flag=True, help="Show who requires the plugins instead of what they require.")
@click.option("--output", metavar="FILE", help="Write a file: .svg, .html or .txt; .dot, .mmd or .json.")
@environment_options
def command(  # one parameter an option
    *,
    host: str | None,
    form: str | None,
    as_json: bool,
    invert: bool,
    output: str | None,
    python: str | None,
    static: bool,
) -> None:
    """Draw the plugins of each host: what they provide and require, in which order they start, and what is shadowed.

    All of it is read off metadata. In which order the implementations of a hook start is shown for declared hooks, as
    it is unless their code asks for another.
    """
    form = _form(form, output, as_json=as_json)
    facts = Facts(environment(python, static=static))
    if host is not None:
        ensure_host(facts, host)
    from plugframe.cli.graphs.relations import graph

    hosts = facts.hosts() if host is None else [host]
    made = graph(facts, hosts, invert=invert)
    if form == "tree":
        from plugframe.cli.graphs.tree import trees

        with drawing.saved(output):
            for tree in trees(made, invert=invert):
                drawing.draw(tree)
    else:
        _write(made, form, output)
    if not made.nodes:
        render.warn(f"no plugins in {facts.snapshot.environment.prefix}; next: {step('list --groups')}")


def _form(form: str | None, output: str | None, *, as_json: bool) -> str:
    """Return the format that the options ask for.

    Raises:
        UsageError: they exclude each other.
    """
    ending = drawing.ending_of(output or "")
    asked = {"json" if as_json else None, form, _ENDINGS.get(ending)} - {None}
    if len(asked) > 1:
        message = f"{' and '.join(sorted(map(str, asked)))} exclude each other: name one format"
        raise click.UsageError(message)
    found = str(next(iter(asked), "tree"))
    if output is not None and found == "tree":
        drawing.check_ending(output)
    return found


def _write(made: "Graph", form: str, output: str | None) -> None:
    from plugframe.cli.graphs import writing

    if form == "json":
        import json

        text = json.dumps({"schema": 1, **writing.document(made)}, indent=2)
    else:
        text = writing.dot(made) if form == "dot" else writing.mermaid(made)
    if output is None:
        click.echo(text)
    else:
        drawing.write_file(output, f"{text}\n")
