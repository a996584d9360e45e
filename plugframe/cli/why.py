"""``plugframe why``: why a plugin is in the state that it is in, and why it is there at all."""

import click

from plugframe.cli import render
from plugframe.cli.app import environment_options
from plugframe.cli.details import Details
from plugframe.cli.facts import Facts, environment
from plugframe.cli.programs import host_option
from plugframe.cli.selecting import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.cli.facts import Row

_EPILOG = """\b
Exit codes: 0 fine; 2 NAME means nothing there, or the environment cannot be read.
"""


@click.command("why", epilog=_EPILOG, short_help="Tell why a plugin runs or does not, and who had it installed.")
@click.argument("name", metavar="NAME")
@host_option()
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
@environment_options
def command(*, name: str, host: str | None, as_json: bool, python: str | None, static: bool) -> None:
    """Tell why a plugin is available, disabled, blocked or anything else, and who had it installed.

    NAME is a plugin, an entry point or a distribution, in any spelling.
    """
    facts = Facts(environment(python, static=static))
    found = select(facts, name, host)
    details = Details(facts)
    rows = [details.why(plugin) for plugin in found]
    if as_json:
        render.show_json({"plugins": rows}, facts.about(found), lines=False)
        return
    for number, row in enumerate(rows):
        if number:
            click.echo()
        _show(row)
    render.show_findings(facts.about(found))


def _show(row: "Row") -> None:
    """Write what it is, and below that why, the effect, who had it installed, and the next command."""
    lines = [
        ("why", row["reason"] or f"nothing speaks against it; the mode is {row['mode']} ({row['mode_source']})"),
        ("declared in", row["where"]),
        ("effect", row["effect"]),
        ("installed", row["installed_by"]),
        ("next", row["next"]),
    ]
    render.show_facts(f"{row['state']}: {row['what']}", lines)
