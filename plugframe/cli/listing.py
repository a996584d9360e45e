"""``plugframe list``: the plugins of an environment, without running a line of them."""

import os
import sys
import time

import click

from plugframe.cli import drawing, render
from plugframe.cli.app import environment_options
from plugframe.cli.facts import Facts, environment
from plugframe.cli.programs import host_option, mounted, step
from plugframe.policy.groups import HOSTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.version import Version

    from plugframe.cli.facts import Row

PLUGIN_FIELDS = ("name", "version", "state", "provides", "distribution", "origin", "required_by")
ENTRY_FIELDS = ("name", "value", "version", "state", "distribution", "origin", "required_by")
GROUP_FIELDS = ("group", "entries", "distributions")
_MORE = ("host", "group", "value", "module", "attribute", "extras", "reason", "location", "metadata", "url")
_SHOWN = 12
_PLUGINS = ".plugins"
_EPILOG = """\b
Exit codes: 0 fine; 1 --strict and there are findings; 2 the command was wrong, or the environment cannot be read.
PLUGFRAME_CACHE=off keeps no index, PLUGFRAME_CACHE=FOLDER keeps it there.
"""


@click.command("list", epilog=_EPILOG, short_help="List plugins, without running a line of them.")
@host_option()
@click.option("--group", metavar="GROUP", help="The entry points of any group, such as pytest11.")
@click.option("--groups", is_flag=True, help="The groups themselves, with counts.")
@click.option("--all", "everything", is_flag=True, help="Shadowed and invalid ones too, with the reason.")
@click.option("--format", "form", type=click.Choice(render.FORMATS), help="How to write them.  [default: table]")
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--fields", metavar="A,B", help="These fields, in this order.")
@click.option("--sort", metavar="A,-B", help="Sort by these fields; - means descending.")
@drawing.output_option
@click.option("--strict", is_flag=True, help="Exit with 1 when there are findings.")
@click.option("-v", "--verbose", is_flag=True, help="Tell what came from the index, and how long it took.")
@environment_options
def command(  # one parameter an option
    *,
    host: str | None,
    group: str | None,
    groups: bool,
    everything: bool,
    form: str | None,
    as_json: bool,
    fields: str | None,
    sort: str | None,
    output: str | None,
    strict: bool,
    verbose: bool,
    python: str | None,
    static: bool,
) -> None:
    """List the plugins of every host in the environment, without running a line of them."""
    if mounted() is not None and (group is not None or groups):
        host = None
    _check(host, group, groups=groups, everything=everything, form=form, as_json=as_json)
    form = "json" if as_json else form or "table"
    drawing.check_output(output, form)
    started = time.perf_counter()
    facts = Facts(environment(python, static=static))
    key, chosen, tables = _tables(facts, host, group, groups=groups, everything=everything)
    show = chosen if fields is None else _fields(fields, chosen, groups=groups)
    rows = _sorted([row for table in tables.values() for row in table], sort, groups=groups)
    if form in ("json", "jsonl"):
        picked = rows if fields is None else [{field: row.get(field) for field in show} for row in rows]
        render.show_json({key: picked}, [*facts.findings, *facts.gaps()], lines=form == "jsonl")
    elif rows:
        with drawing.saved(output):
            _show(rows, show, form=form, by_host=len(tables) > 1 and "host" not in show)
    if not rows:
        _say_nothing_found(facts, host, group, groups=groups)
    _close(facts, form=form, verbose=verbose, seconds=time.perf_counter() - started)
    if strict and facts.findings:
        sys.exit(1)


def _tables(
    facts: Facts, host: str | None, group: str | None, *, groups: bool, everything: bool
) -> "tuple[str, tuple[str, ...], dict[str, list[Row]]]":
    """Return the document's key, the fields that are shown unless others are asked for, and the rows by host."""
    if groups:
        return "groups", GROUP_FIELDS, {"": facts.groups()}
    more = ("reason",) if everything else ()
    if group is not None:
        return "plugins", (*ENTRY_FIELDS, *more), {"": facts.entries(group, everything=everything)}
    hosts = facts.hosts() if host is None else [host]
    rows = {name: facts.plugins(name, everything=everything) for name in hosts}
    if any(row["state"] != "available" for table in rows.values() for row in table):
        more = ("reason",)
    return "plugins", (*PLUGIN_FIELDS, *more), rows


def _check(  # one parameter an option
    host: str | None, group: str | None, *, groups: bool, everything: bool, form: str | None, as_json: bool
) -> None:
    if sum((host is not None, group is not None, groups)) > 1:
        message = "--host, --group and --groups exclude each other"
    elif as_json and form not in (None, "json"):
        message = f"--json and --format {form} exclude each other"
    elif groups and everything:
        message = "--groups counts what can be found; it goes without --all"
    elif group == "":
        message = "the name is empty"
    else:
        return
    raise click.UsageError(message)


def _fields(written: str, defaults: "Sequence[str]", *, groups: bool) -> tuple[str, ...]:
    known = GROUP_FIELDS if groups else tuple(dict.fromkeys((*defaults, *PLUGIN_FIELDS, *_MORE, "requested")))
    wanted = tuple(name.strip().lower().replace(" ", "_").replace("-", "_") for name in written.split(","))
    wanted = tuple("name" if name == "plugin" else name for name in wanted)
    for name in wanted:
        if name not in known:
            from plugframe.errors import near_matches

            near = near_matches(name, known)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            message = f"no field {name!r}; {hint}"
            raise click.UsageError(message)
    return wanted


def _sorted(rows: "list[Row]", written: str | None, *, groups: bool) -> "list[Row]":
    for part in reversed(written.split(",") if written else ()):
        (field,) = _fields(part.strip().lstrip("-"), (), groups=groups)
        order = _version if field == "version" else _order
        rows = sorted(rows, key=lambda row: order(row.get(field)), reverse=part.strip().startswith("-"))  # used at once
    return rows


def _order(value: object) -> tuple[bool, float, str]:
    number = float(value) if isinstance(value, int) else 0.0
    return isinstance(value, int), number, render.text(value).lower()


def _version(value: object) -> "tuple[bool, Version | str]":
    from packaging.version import Version

    try:
        return True, Version(str(value))
    except ValueError:
        return False, str(value)  # What is no version goes first.


def _show(rows: "list[Row]", fields: "Sequence[str]", *, form: str, by_host: bool) -> None:
    rows = [{**dict.fromkeys(fields), **row} for row in rows]
    if not by_host or form == "plain":
        render.show(rows, fields, form=form)
        return
    for number, host in enumerate(dict.fromkeys(str(row["host"]) for row in rows)):
        of_host = [row for row in rows if row["host"] == host]
        if number:
            drawing.draw("")
        render.show(of_host, fields, form=form, title=f"{host}: {len(of_host)} plugin{'s' * (len(of_host) != 1)}")


def _say_nothing_found(facts: Facts, host: str | None, group: str | None, *, groups: bool) -> None:
    """Say on standard error what was looked for, what there is instead, and how to go on."""
    where = facts.snapshot.environment.prefix
    known = tuple(facts.snapshot.groups())
    hosts = tuple(
        dict.fromkeys((*facts.hosts(), *(name[: -len(_PLUGINS)] for name in known if name.endswith(_PLUGINS))))
    )
    if groups or not known:
        lines = [f"there are no entry points in {where}"]
        lines.append("next: pip install a plugin, or name another environment with --python PATH")
    elif group is not None:
        lines = [f"no entry points in group {group} in {where}", *_like(group, known, what="groups", option="--group")]
    elif host is not None:
        lines = [f"no plugins of {host} in {where}", *_like(host, hosts, what="hosts", option="--host")]
    else:
        lines = [f"no plugins in {where}"]
        declared = ", ".join(facts.hosts())
        lines.append(f"hosts: {declared}" if declared else f"no distribution declares a host (group {HOSTS})")
        lines += _like("", known, what="groups", option="--group")
    if _left_out(facts, host, group):
        lines[1:] = ["some are left out: they are shadowed or cannot be loaded as declared", "next: add --all"]
    click.echo("\n".join(lines), err=True)


def _like(wanted: str, known: tuple[str, ...], *, what: str, option: str) -> list[str]:
    from plugframe.errors import near_matches

    near = near_matches(wanted, known)
    more = len(known) - _SHOWN
    shown = ", ".join(known[:_SHOWN]) + (f" and {more} more" if more > 0 else "") or "none"
    lines = [f"did you mean {' or '.join(near)}?"] if near else []
    lines.append(f"{what} that exist: {shown}")
    return [*lines, f"next: {step(f'list {option} {(near or known)[0]}')}"] if known else lines


def _left_out(facts: Facts, host: str | None, group: str | None) -> bool:
    if group is not None:
        return bool(facts.entries(group, everything=True))
    return any(facts.plugins(name, everything=True) for name in ([host] if host else facts.hosts()))


def _close(facts: Facts, *, form: str, verbose: bool, seconds: float) -> None:
    if form != "json":
        render.show_findings([*facts.findings, *facts.gaps()])
    if not verbose:
        return
    index = facts.snapshot.index
    for path, why in index.missed.items():
        click.echo(f"index: miss {path or os.curdir} ({why})", err=True)
    for path in index.found:
        click.echo(f"index: hit {path}", err=True)
    click.echo(f"index: {index.path or 'off'}; {seconds * 1000:.1f} ms", err=True)
