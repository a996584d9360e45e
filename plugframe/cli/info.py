"""``plugframe info``: all that can be told of a plugin; nothing of it is run unless ``--errors`` asks for that."""

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
    from plugframe.records import Plugin

_EPILOG = """\b
Exit codes: 0 fine; 2 NAME means nothing there, or the environment cannot be read.
"""
_FIELDS = (
    ("state", "state"),
    ("why", "reason"),
    ("entry point", "value"),
    ("module", "file"),
    ("distribution", "distribution"),
    ("version", "version"),
    ("installed in", "location"),
    ("metadata", "metadata"),
    ("origin", "origin"),
    ("from", "url"),
    ("asked for", "requested"),
    ("required by", "required_by"),
)


@click.command("info", epilog=_EPILOG, short_help="Tell all about a plugin, without running a line of it.")
@click.argument("name", metavar="NAME")
@host_option()
@click.option("--files", is_flag=True, help="The files of its distribution, too, with their hashes.")
@click.option("--errors", is_flag=True, help="Import it, alone in a process; tell its load time, or the traceback.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
@environment_options
def command(
    *, name: str, host: str | None, files: bool, errors: bool, as_json: bool, python: str | None, static: bool
) -> None:
    """Tell what a plugin is, what it registers and where, who requires it, and what was decided about it.

    NAME is a plugin, an entry point or a distribution, in any spelling. Nothing of it is run but with --errors.
    """
    if errors and static:
        message = "--errors imports the plugin, and --static runs nothing at all; give one of them"
        raise click.UsageError(message)
    facts = Facts(environment(python, static=static))
    found = select(facts, name, host)
    details = Details(facts)
    rows = [details.info(plugin, files=files) for plugin in found]
    if errors:
        for plugin, row in zip(found, rows, strict=True):
            row["import"] = _imported(plugin, python)
    if as_json:
        render.show_json({"plugins": rows}, facts.about(found), lines=False)
        return
    for number, row in enumerate(rows):
        if number:
            click.echo()
        _show(row)
    render.show_findings(facts.about(found))


def _imported(plugin: "Plugin", python: str | None) -> "Row | None":
    """Return what became of importing a plugin alone in a process; None where nothing of it can be imported."""
    from plugframe.cli.imports import import_each
    from plugframe.cli.placing import place
    from plugframe.overlay.targets import targets

    where, entry = place(python), plugin.entry_point
    meant = (entry.group, entry.distribution.key, entry.name)
    chosen = [target for target in targets(where.snapshot, hosts=(plugin.host,), groups=()) if target.entry == meant]
    rows, _ = import_each(chosen[:1], where)
    return rows[0] if rows else None


def _show(row: "Row") -> None:
    render.show_facts(f"{row['name']} of {row['host']}", [(label, row[field]) for label, field in _FIELDS])
    for one in _rows(row, "declares"):
        lines = [("means", one["value"]), ("declared in", one["place"]), ("module", one["file"])]
        render.show_facts(f"{one['group']}:{one['name']}", lines, indent=2)
    for title in ("requires", "settings"):
        render.show_facts(title, [("", one) for one in _list(row, title)], indent=2)
    render.show_facts("required directly by", [("", one) for one in _list(row, "direct_requirers")], indent=2)
    files = [(f"{one['sha256'] or one['problem']}", f"{one['path']}") for one in _rows(row, "files")]
    render.show_facts("files", files, indent=2)
    tried = row.get("import")
    if isinstance(tried, dict):
        labels = (("result", "state"), ("error", "reason"), ("raised in", "where"), ("milliseconds", "milliseconds"))
        render.show_facts("imported alone", [(label, tried[field]) for label, field in labels], indent=2)
        for line in str(tried["traceback"] or "").splitlines():
            click.echo(f"    {render.printable(line)}")
    render.show_facts("", [("next", row["next"])])


def _rows(row: "Row", field: str) -> "list[Row]":
    found = row.get(field, [])
    return found if isinstance(found, list) else []


def _list(row: "Row", field: str) -> list[object]:
    found = row.get(field, [])
    return found if isinstance(found, list) else []
