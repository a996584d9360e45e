"""``plugframe profile``: what plugins cost when an application starts."""

import json
import math
import os
import sys

import click

from plugframe.cli import drawing, render
from plugframe.cli.placing import Place, chosen, place, selecting_options
from plugframe.cli.status import status
from plugframe.overlay.processes import ended_by_signals, located
from plugframe.overlay.profiling import SECONDS, Run, last_begun, middle, profile, start_of
from plugframe.overlay.targets import HOSTS
from plugframe.overlay.timing import Owners, costs, medians

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugframe.cli.facts import Row
    from plugframe.overlay.processes import Ended
    from plugframe.overlay.targets import Target
    from plugframe.overlay.timing import Cost

FIELDS = ("name", "self_ms", "cumulative_ms", "modules", "memory_mb", "trigger", "state")
_SPEEDSCOPE = ".json"
_MILLI = 1000
_MEGA = 1e6
_EPILOG = """\b
SELF MS is the time in the plugin's own modules, CUMULATIVE MS that with all that it was the first to need.
Exit codes: 0 fine; 1 a plugin is over the budget; 2 the command was wrong, or is no Python program.
"""


def _milliseconds(_: click.Context, __: click.Parameter, written: str | None) -> float | None:
    """Return a time such as ``50ms``, ``0.2s`` or ``50`` in milliseconds."""
    if written is None:
        return None
    text = written.strip().lower()
    factor = _MILLI if text.endswith("s") and not text.endswith("ms") else 1
    try:
        found = float(text.removesuffix("s").removesuffix("m")) * factor
    except ValueError:
        found = 0.0
    if not 0 < found < math.inf:
        message = f"{written!r} is no time; write 50ms or 0.2s"
        raise click.BadParameter(message)
    return found


@click.command(
    "profile",
    epilog=_EPILOG,
    short_help="Show what plugins cost when an application starts.",
    context_settings={"allow_interspersed_args": False},
)
@selecting_options
@click.option("--runs", metavar="N", type=click.IntRange(1), default=3, help="Fresh processes.  [default: 3]")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    default=SECONDS,
    help=f"End a run that takes longer.  [default: {SECONDS:g}]",
)
@click.option(
    "--budget", metavar="TIME", callback=_milliseconds, help="Exit with 1 if a plugin takes longer, such as 50ms."
)
@click.option("--compare", metavar="FILE", help="What a former --json said; show the difference.")
@click.option("--output", metavar="FILE", help="Save the drawing as .svg, .html or .txt, or .json for speedscope.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
@click.argument("command", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
def command(
    *,
    hosts: tuple[str, ...],
    groups: tuple[str, ...],
    python: str | None,
    runs: int,
    timeout: float,
    budget: float | None,
    compare: str | None,
    output: str | None,
    as_json: bool,
    command: tuple[str, ...],
) -> None:
    """Show what the plugins of COMMAND, any Python program, cost when they are imported: the medians of several runs.

    Without COMMAND, the hosts and their plugins are imported one after the other, by name, in fresh processes.
    """
    if output is not None and not output.lower().endswith(_SPEEDSCOPE):
        drawing.check_ending(output)
    where = place(python)
    base = _base(compare) if compare is not None else None
    known = _known(where, hosts, groups, with_command=bool(command))
    words = located(command, where.programs) if command else start_of(known, where.python, where.snapshot)
    done = _profiled(words, runs, timeout)
    owners = Owners(known)
    found = [
        cost
        for cost in medians([costs(run.imports, owners) for run in done])
        if hosts or groups or not command or cost.state != "unused"
    ]
    rows = [_row(cost, base) for cost in found]
    shown = middle(done)
    if output is not None:
        _save(output, shown, costs(shown.imports, owners), " ".join(command) or "plugins")
    over = [row for row in rows if budget is not None and float(str(row["cumulative_ms"])) > budget]
    if as_json:
        render.show_json({"plugins": rows}, [], lines=False)
    else:
        _show(rows, costs(shown.imports, owners), compared=base is not None)
    for row in over:
        what = f"{row['name']} of {row['distribution']} takes {row['cumulative_ms']} ms"
        render.warn(f"over the budget of {budget:g} ms: {what}")
    if over:
        sys.exit(1)


def _known(
    where: Place, hosts: tuple[str, ...], groups: tuple[str, ...], *, with_command: bool
) -> "tuple[Target, ...]":
    if not (with_command or hosts or groups):
        hosts = tuple(sorted({name for _, name in where.snapshot.names(HOSTS)}))
        if not hosts:
            message = f"no host is installed in {where.snapshot.environment.prefix}; name a COMMAND or a --group"
            raise click.UsageError(message)
        groups = ()
    return chosen(where, hosts, groups)


def _profiled(words: "Sequence[str]", runs: int, timeout: float) -> list[Run]:
    done = []
    with ended_by_signals(), status(f"run 1 of {runs}") as show:
        for number in range(1, runs + 1):
            show(f"run {number} of {runs}")
            done.append(profile(words, seconds=timeout))
            if not done[-1].imports:
                break
    last = done[-1]
    if not last.imports:
        raise click.UsageError(_unknown(os.path.basename(words[0]), last.ended))
    if last.ended.code:
        render.warn(f"{os.path.basename(words[0])} did not succeed: {last.ended.told}")
    return done


def _unknown(program: str, ended: "Ended") -> str:
    """Say why nothing was written down, and by which plugin where that is known."""
    module = last_begun(ended)
    where = f" while it imported {module}" if module else ""
    lines = [f"nothing is known of {program}: {ended.told}{where}, and it wrote nothing down"]
    if module:
        lines.append("next: plugframe check --import, which imports each plugin alone")
    elif ended.code is None:
        lines.append("next: give it longer with --timeout, or find what it waits for: plugframe check --import")
    else:
        lines.append("next: name a Python program that ends by itself, without -I, -E or -S")
    return "\n".join(lines)


def _base(path: str) -> "dict[tuple[str, str], float]":
    """Return the cumulative milliseconds by distribution and name that a former document tells."""
    try:
        with open(path, encoding="utf-8") as file:
            rows = json.load(file)["plugins"]
        return {(str(row["distribution"]), str(row["name"])): float(row["cumulative_ms"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or f"it is not what plugframe profile --json writes ({error!r})"
        message = f"--compare {path}: {reason}"
        raise click.UsageError(message) from None


def _row(cost: "Cost", base: "dict[tuple[str, str], float] | None") -> "Row":
    distribution = cost.targets[0].distribution
    name = ", ".join(target.name for target in cost.targets)
    row: Row = {
        "name": name,
        "distribution": distribution.name,
        "version": distribution.version,
        "self_ms": round(cost.own * _MILLI, 2),
        "cumulative_ms": round(cost.whole * _MILLI, 2),
        "modules": cost.modules,
        "memory_mb": round(cost.memory / _MEGA, 2),
        "trigger": cost.trigger,
        "state": cost.state,
    }
    if base is not None:
        former = base.get((distribution.name, name))
        row["change"] = "new" if former is None else f"{cost.whole * _MILLI - former:+.2f}"
    return row


def _show(rows: "Sequence[Row]", drawn: "Sequence[Cost]", *, compared: bool) -> None:
    from plugframe.cli.waterfall import WIDTH, waterfall

    if not rows:
        render.warn("no plugin was imported")
        return
    render.show(rows, (*FIELDS, *(("change",) if compared else ())), form="table")
    click.echo()
    where = drawing.console()
    drawing.draw(waterfall(drawn, width=min(where.width, WIDTH), narrow=where.options.ascii_only))


def _save(path: str, run: Run, drawn: "Sequence[Cost]", title: str) -> None:
    if path.lower().endswith(_SPEEDSCOPE):
        from plugframe.overlay.speedscope import speedscope

        drawing.write_file(path, json.dumps(speedscope(run.imports, title)))
        return
    from plugframe.cli.waterfall import WIDTH, waterfall

    with drawing.saved(path, title=title):
        drawing.draw(waterfall(drawn, width=WIDTH))
