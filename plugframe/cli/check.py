"""``plugframe check``: what is wrong with the installed plugins, found without running a line of them."""

import sys

import click

from plugframe.cli import drawing, render
from plugframe.cli.app import environment_options
from plugframe.cli.checks import choosing, writing
from plugframe.cli.facts import Facts, environment
from plugframe.cli.programs import host_option
from plugframe.discovery.metadata import normalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.cli.facts import Row
    from plugframe.records import Diagnostic

FORMATS = ("table", "plain", "json", "github", "sarif")
_FIELDS = ("code", "distribution", "message", "effect", "fix", "place")
_EPILOG = """\b
Exit codes: 0 nothing is wrong; 1 there are findings; 2 the command was wrong, or the environment cannot be read.
"""


@click.command("check", epilog=_EPILOG, short_help="Find what is wrong with plugins, without running them.")
@click.argument("name", required=False)
@host_option()
@click.option("--select", metavar="PF1,…", multiple=True, help="Only findings whose codes begin so.")
@click.option("--ignore", metavar="PF1,…", multiple=True, help="No findings whose codes begin so.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to write them.  [default: table]")
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--import", "imports", is_flag=True, help="Import each plugin too, alone in a process of its own.")
@click.option("--timeout", metavar="SECONDS", type=click.FloatRange(0.01), default=30.0, help="Of --import, for each.")
@click.option(
    "--memory", metavar="MB", type=click.IntRange(0), default=4096, help="Of --import, for each; 0: no limit."
)
@drawing.output_option
@click.option("--strict", is_flag=True, help="What could not be seen counts as a finding.")
@environment_options
def command(  # one parameter an option
    *,
    name: str | None,
    host: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str | None,
    as_json: bool,
    imports: bool,
    timeout: float,
    memory: int,
    output: str | None,
    strict: bool,
    python: str | None,
    static: bool,
) -> None:
    """Find what is wrong with the installed plugins and their metadata, without running a line of them.

    NAME is a plugin or a distribution, in any spelling; without, all that is installed is checked. With --import, each
    plugin of the hosts, or what NAME means, is imported alone in a process of its own: what goes wrong then, and what
    it touches, is among the findings. The codes are explained in plugframe's documentation, on the page of findings.
    """
    if as_json and form not in (None, "json"):
        message = f"--json and --format {form} exclude each other"
        raise click.UsageError(message)
    form = "json" if as_json else form or "table"
    drawing.check_output(output, form)
    if imports and static:
        message = "--import runs what --static is not to run"
        raise click.UsageError(message)
    wanted, unwanted = choosing.codes(select), choosing.codes(ignore)
    facts = Facts(environment(python, static=static))
    everything = _found(facts, name, host)
    rows: list[Row] | None = None
    if imports:
        rows, more = _imported(facts, name, host, python, seconds=timeout, megabytes=memory)
        everything += more
    found = choosing.chosen(everything, select=wanted, ignore=unwanted)
    gaps = choosing.chosen(facts.gaps(), select=wanted, ignore=unwanted)
    if strict:
        found, gaps = (*found, *gaps), ()
    with drawing.saved(output):
        _show(found, gaps, rows, form=form)
    if found:
        sys.exit(1)


def _found(facts: Facts, name: str | None, host: str | None) -> "list[Diagnostic]":
    """Return the findings about all that is installed, or about what a name or a host stands for."""
    if host is not None:
        choosing.ensure_host(facts, host)
    plugins = choosing.plugins_of(facts, host)
    for each in dict.fromkeys([*facts.hosts(), *filter(None, [host])]):
        facts.plugins(each, everything=True)  # which looks at what a host's groups declare together
    found = [*facts.findings, *choosing.quarantined(plugins)]
    if name is None and host is None:
        return found
    own = {plugin.distribution.key for plugin in plugins}
    keys = own if name is None else choosing.owners(facts, plugins, name)
    return [finding for finding in found if normalize(finding.distribution) in keys]


def _imported(
    facts: Facts, name: str | None, host: str | None, python: str | None, *, seconds: float, megabytes: int
) -> "tuple[list[Row], list[Diagnostic]]":
    """Import plugins, each alone; return a row for each and what was found."""
    from plugframe.cli.imports import import_each
    from plugframe.cli.placing import chosen, named, place

    where = place(python)
    hosts = [host] if host is not None else facts.hosts()
    if name is None:
        targets = chosen(where, hosts, ()) if hosts else ()
    else:
        targets = named(where, chosen(where, () if host is None else hosts, ()), [name])
    return import_each(targets, where, seconds=seconds, megabytes=megabytes)


def _show(
    found: "tuple[Diagnostic, ...]", gaps: "tuple[Diagnostic, ...]", imported: "list[Row] | None", *, form: str
) -> None:
    if form == "json":
        render.show_json({} if imported is None else {"imports": imported}, [*found, *gaps], lines=False)
    elif form == "sarif":
        import json

        click.echo(json.dumps(writing.sarif(found), indent=2))
    elif form == "github":
        for finding in found:
            click.echo(writing.github(finding))
    else:
        if imported and form == "table":
            from plugframe.cli.imports import FIELDS

            render.show(imported, FIELDS, form=form)
            drawing.draw("")
        rows = [{**finding.asdict(), "place": _place(finding)} for finding in found]
        if rows:
            render.show(rows, _FIELDS, form=form)
    if form != "json":
        render.show_findings(gaps)
    if form == "table":
        render.warn(f"{len(found)} finding{'s' * (len(found) != 1)}")


def _place(finding: "Diagnostic") -> str:
    return f"{finding.path}:{finding.line}" if finding.line else finding.path
