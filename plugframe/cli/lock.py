"""``plugframe lock``: what is installed, file by file, to a lock file, without running a line of it."""

import os
import sys

import click

from plugframe.cli import render
from plugframe.cli.app import environment_options
from plugframe.cli.facts import Facts, environment
from plugframe.cli.programs import hosts_option, mounted, step
from plugframe.cli.progress import Progress
from plugframe.discovery.metadata import normalize
from plugframe.errors import LockError, near_matches
from plugframe.policy.decisions import plugins
from plugframe.policy.locking import lockfile, making
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugframe.cli.facts import Row
    from plugframe.discovery.snapshot import Snapshot
    from plugframe.policy.locking.making import Made
    from plugframe.policy.locking.values import Lock, LockedDistribution

_MOST_NAMED = 3
_EPILOG = """\b
Exit codes: 0 fine; 1 something cannot be locked, and nothing was written; 2 the command was wrong;
3 --check, and the lock is not what would be written.
"""


@click.command("lock", epilog=_EPILOG, short_help="Write down every file of the plugins and of what they need.")
@hosts_option()
@click.option("--output", metavar="FILE", default=lockfile.NAME, show_default=True, help="The lock file.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 when the file is not what would be written.")
@click.option("--upgrade", metavar="NAME", multiple=True, help="Lock only this plugin or distribution anew.")
@click.option("--allow-editable", is_flag=True, help="Take editable installs, whose modules cannot be locked.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
@environment_options
def command(  # one parameter an option
    *,
    hosts: tuple[str, ...],
    output: str,
    check: bool,
    upgrade: tuple[str, ...],
    allow_editable: bool,
    as_json: bool,
    python: str | None,
    static: bool,
) -> None:
    """Write the sha256 of every file of the plugins, and of the distributions that they need, to a lock file.

    What is there is locked, not what installers wrote down about it; where that differs, it is said.
    """
    if check and upgrade:
        message = "--check compares the whole lock, and --upgrade makes a part of it; give one of them"
        raise click.UsageError(message)
    facts = Facts(environment(python, static=static))
    chosen = list(hosts) or facts.hosts()
    _check_hosts(facts, hosts)
    if not chosen:
        message = "no host is installed here; name one with --host"
        raise click.UsageError(message)
    keys = _keys(facts.snapshot, chosen, upgrade)
    progress = Progress("reading")
    try:
        old = lockfile.load(output) if upgrade else None
        only = _to_look_at(facts.snapshot, chosen, keys, old) if old else None
        made = making.make(facts.snapshot, chosen, editable=allow_editable, only=only, watch=progress)
    finally:
        progress.close()
    lock = making.upgrade(old, made, keys) if old else made.lock
    changes = [] if made.refused else _settle(output, lock, check=check)
    _tell(made, lock, changes, output, check=check, as_json=as_json)
    if made.refused:
        sys.exit(1)
    if check and changes:
        sys.exit(3)


def _check_hosts(facts: Facts, hosts: tuple[str, ...]) -> None:
    known = facts.hosts()
    for host in hosts:
        if mounted() is None and host not in known and not any(plugins(host, facts.snapshot.entry_points)):
            near = near_matches(host, tuple(known))
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(known) or 'none'}."
            message = f"no host {host!r} has plugins here. {hint}"
            raise click.UsageError(message)


def _keys(snapshot: "Snapshot", hosts: list[str], names: tuple[str, ...]) -> set[str]:
    """Return the keys of the distributions that names mean: those of plugins, or distributions in any spelling."""
    found = {plugin.name: plugin.distribution.key for host in hosts for plugin in plugins(host, snapshot.entry_points)}
    found |= {distribution.key: distribution.key for distribution in snapshot.distributions()}
    keys = set()
    for name in names:
        key = found.get(normalize(name)) or found.get(name)
        if key is None:
            near = near_matches(name, tuple(found))
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            message = f"no plugin or distribution {name!r} is installed.{hint}"
            raise click.UsageError(message)
        keys.add(key)
    return keys


def _to_look_at(snapshot: "Snapshot", hosts: list[str], keys: set[str], old: "Lock") -> set[str]:
    return keys | (set(making.close(snapshot, hosts).requires) - set(old.distributions))


def _settle(output: str, lock: "Lock", *, check: bool) -> list[str]:
    """Write the lock unless it is only to be checked, and return how it differs from what was there."""
    try:
        before: Lock | None = lockfile.load(output)
    except LockError as error:
        if check:
            return [str(error)]
        before = None
    if not check and lock != before:
        lockfile.save(output, lock)
    if before is None:
        return []
    was, now = before.distributions, lock.distributions
    changes = [f"added {now[key]}" for key in now if key not in was]
    changes += [f"removed {was[key]}" for key in was if key not in now]
    changes += [_change(was[key], now[key]) for key in now if key in was and now[key] != was[key]]
    if before.python != lock.python:
        changes.append(f"changed {before.python} to {lock.python}")
    if before.hosts != lock.hosts:
        changes.append(f"changed the hosts {', '.join(before.hosts)} to {', '.join(lock.hosts)}")
    return changes


def _change(was: "LockedDistribution", now: "LockedDistribution") -> str:
    """Return how a distribution differs, on one line."""
    if str(was) != str(now):
        return f"changed {was} to {now}"
    paths = sorted(path for path in {*was.files, *now.files} if was.files.get(path) != now.files.get(path))
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return f"changed {now}: {', '.join(paths[:_MOST_NAMED]) or 'not its files'}{more}"


def _tell(made: "Made", lock: "Lock", changes: list[str], output: str, *, check: bool, as_json: bool) -> None:
    findings = list(_findings(made, output))
    if as_json:
        rows: list[Row] = [
            {"distribution": one.name, "version": one.version, "editable": one.editable, "files": len(one.files)}
            for one in lock.distributions.values()
        ]
        state = "refused" if made.refused else "checked" if check else "written"
        head: dict[str, object] = {"file": os.path.abspath(output), "state": state, "hosts": list(lock.hosts)}
        render.show_document({**head, "distributions": rows, "changes": changes}, findings)
        return
    render.show_findings(findings)
    for change in changes:
        click.echo(change)
    if not made.refused:
        count = sum(len(one.files) for one in lock.distributions.values())
        verb = ("is not what would be written" if changes else "is up to date") if check else "has"
        rest = "" if check else f" {len(lock.distributions)} distributions, {count} files"
        click.echo(f"{output} {verb}{rest}")


def _findings(made: "Made", output: str) -> "Iterator[Diagnostic]":
    for distribution, reason in made.refused:
        way = step("lock --allow-editable") if distribution.origin == "editable" else "reinstall it with pip"
        yield Diagnostic(
            code="PF222",
            message=f"{distribution} cannot be locked: {reason}",
            path=distribution.metadata_path,
            distribution=distribution.name,
            effect=f"{output} is not written",
            fix=f"{way}, or uninstall it",
        )
    for owner, requirement, reason in made.gaps:
        yield Diagnostic(
            code="PF221",
            message=f"it needs {requirement}: {reason}",
            path=output,
            distribution=owner,
            effect="the lock does not have it",
            fix="install it, and lock again, if it is wanted",
        )
    for owner, path, wrong in made.disagreements:
        yield Diagnostic(
            code="PF220",
            message=wrong,
            path=path,
            distribution=owner,
            effect="what is there is locked; what cannot be read, or is elsewhere, is not",
            fix="look at the file before you trust the lock",
        )
