"""``plugframe bisect``: which plugins make a command fail."""

import shlex
import sys

import click

from plugframe.cli import render
from plugframe.cli.placing import Place, chosen, named, place, selecting_options
from plugframe.cli.status import status
from plugframe.overlay.bisecting import FAILS, Exits, Trials, Verdict, bisect, under_overlays
from plugframe.overlay.processes import Ended, ended_by_signals, located
from plugframe.overlay.targets import HOSTS, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN_LINES = 20
_NO_VERDICT = {
    "passes": "the command passes with all plugins ({told}): there is nothing to find",
    "fails": "the command fails without any of the {count} plugins too ({told}): none of them is to blame",
    "unclear": "with all plugins the command neither passes nor fails ({told}): name the codes by --bad-exit",
    "deaf": "no Python process of the command obeyed: those with -I, -E or -S or a cleared environment see no overlay",
    "unstable": "the command does not end the same with the same plugins (now {told}): try --repeats 5",
}
_EPILOG = """\b
Exit codes: 0 found; 1 no plugin can be blamed; 2 the command was wrong; 130 interrupted.
A plugin is never there without those that its distribution requires.
"""


@click.command(
    "bisect",
    epilog=_EPILOG,
    short_help="Find the plugins that make a command fail.",
    context_settings={"allow_interspersed_args": False},
)
@selecting_options
@click.option("--keep", metavar="NAME", multiple=True, help="Always there; what the command cannot do without.")
@click.option("--bad-exit", metavar="CODE", type=int, multiple=True, help="Failure.  [default: all but 0]")
@click.option("--good-exit", metavar="CODE", type=int, multiple=True, help="Success.  [default: 0]")
@click.option("--timeout", metavar="SECONDS", type=click.FloatRange(0, min_open=True), help="Failure, when it is up.")
@click.option("--repeats", metavar="N", type=click.IntRange(1), default=1, help="Runs of each set, until one fails.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of each run, and the end of the last one's output.")
@click.argument("command", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    *,
    hosts: tuple[str, ...],
    groups: tuple[str, ...],
    python: str | None,
    keep: tuple[str, ...],
    bad_exit: tuple[int, ...],
    good_exit: tuple[int, ...],
    timeout: float | None,
    repeats: int,
    as_json: bool,
    verbose: bool,
    command: tuple[str, ...],
) -> None:
    """Run COMMAND, any Python program, with ever fewer plugins, until nothing is left but those that make it fail.

    One plugin is found, or several that fail only together. Nothing is changed on disk, so that it can be interrupted.
    Without --host and --group it is about every plugin and entry point but those of scripts.
    """
    where = place(python)
    known = chosen(where, hosts, groups)
    kept = named(where, known, keep)
    exits = Exits(good=frozenset(good_exit), bad=frozenset(bad_exit))
    spoken = {target.group for target in known}
    words = located(command, where.programs)
    with ended_by_signals(), status("running the command with all plugins") as show:
        run = under_overlays(words, spoken, seconds=timeout)

        def shown(enabled: frozenset[Target]) -> tuple[Ended, bool]:
            show(f"run {len(trials.done) + 1}: with {len(enabled)} of {len(known)} plugins")
            return run(enabled)

        trials = Trials(shown, exits=exits, repeats=repeats)
        verdict = bisect(known, trials, where.snapshot, keep=kept)
    if verbose:
        _show_trials(verdict)
    if as_json:
        _show_json(verdict, where)
    elif verdict.kind == "found":
        _show_culprits(verdict, where, command)
    if verdict.kind != "found":
        _say_why_not(verdict, len(known) - len(kept))
        sys.exit(1)


def _show_trials(verdict: Verdict) -> None:
    for number, trial in enumerate(verdict.trials, 1):
        names = ", ".join(sorted(target.name for target in trial.enabled)) or "none"
        unstable = "" if trial.stable else ", not always"
        render.warn(f"run {number}: {trial.outcome}{unstable} ({trial.ended.told}) with {names}")
    for line in verdict.trial.ended.output.decode(errors="replace").splitlines()[-_SHOWN_LINES:]:
        render.warn(f"    | {line if line.isprintable() else ascii(line)[1:-1]}")


def _show_json(verdict: Verdict, where: Place) -> None:
    import json

    document = {
        "schema": 1,
        "result": verdict.kind,
        "culprits": [_row(target, where) for target in verdict.culprits],
        "needed": [_row(target, where) for target in verdict.needed],
        "others": verdict.others,
        "runs": [
            {
                "enabled": sorted(f"{target.group}:{target.name}" for target in trial.enabled),
                "outcome": trial.outcome,
                "stable": trial.stable,
                "exit": trial.ended.code,
                "seconds": round(trial.ended.seconds, 3),
            }
            for trial in verdict.trials
        ],
    }
    click.echo(json.dumps(document, indent=2))


def _row(target: Target, where: Place) -> dict[str, object]:
    distribution = target.distribution
    return {
        "group": target.group,
        "name": target.name,
        "value": target.value,
        "distribution": distribution.name,
        "version": distribution.version,
        "origin": distribution.origin,
        "required_by": list(where.snapshot.required_by(distribution)),
    }


def _show_culprits(verdict: Verdict, where: Place, words: "Sequence[str]") -> None:
    """Say what fails, whose it is, what follows, who installed it and what to do: a line each."""
    if len(verdict.culprits) > 1:
        click.echo(f"{len(verdict.culprits)} plugins that fail only together:")
    for target in verdict.culprits:
        click.echo(f"culprit: {target}")
        chain = where.snapshot.required_by(target.distribution)
        click.echo(f"  required by: {' > '.join(chain) or 'nothing; it was asked for'}")
    for target in verdict.needed:
        click.echo(f"  with: {target}, which is required")
    click.echo(f"  effect: {verdict.trial.ended.told}")
    them = "it" if len(verdict.culprits) == 1 else "them"
    if verdict.others:
        click.echo(f"  the command fails without {them}, too: leave {them} out, and bisect again for the next")
    else:
        click.echo(f"  without {them} the command passes")
    names = " ".join(f"--without {shlex.quote(f'{target.group}:{target.name}')}" for target in verdict.culprits[:1])
    click.echo(f"  next: plugframe run {names} -- {shlex.join(words)}")
    first = next(iter(verdict.culprits))
    if any(first.group == f"{name}.plugins" for _, name in where.snapshot.names(HOSTS)):
        click.echo(f"        plugframe disable {shlex.quote(first.name)} --host {first.group.removesuffix('.plugins')}")


def _say_why_not(verdict: Verdict, count: int) -> None:
    render.warn(_NO_VERDICT[verdict.kind].format(told=verdict.trial.ended.told, count=count))
    first = verdict.trials[0].ended
    if verdict.kind == "fails" and first.code != verdict.trial.ended.code:
        render.warn(
            f"    with all it is {first.told}: name that by --bad-exit, or keep what the command needs by --keep"
        )
    if any(not trial.stable for trial in verdict.trials if trial.outcome == FAILS):
        render.warn("    some sets of plugins fail in some runs only")
