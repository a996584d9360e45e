"""``plugframe disable``: keep a plugin from running."""

import time

import click

from plugframe.cli import deciding
from plugframe.policy.settings.keys import read_day


@click.command("disable", epilog=deciding.EPILOG, short_help="Keep a plugin from running.")
@deciding.options
@click.option("--reason", metavar="TEXT", default="", help="Why; every message about the plugin repeats it.")
@click.option("--until", metavar="DATE", default="", help="The day from which it runs again, such as 2026-12-31.")
def command(
    *,
    name: str,
    host: str | None,
    scope: str,
    as_json: bool,
    python: str | None,
    static: bool,
    reason: str,
    until: str,
) -> None:
    """Keep a plugin from being imported, before anything of it is, and tell what its state is then.

    NAME is a plugin, an entry point or a distribution, in any spelling.
    """
    day = _day(until)
    decided = deciding.Decided(name, host=host, scope=scope, python=python, static=static)
    decided.record(enabled=False, reason=reason, until=day)
    decided.tell(enabled=False, as_json=as_json)


def _day(until: str) -> str:
    if not until:
        return ""
    try:
        day = read_day(until)
    except ValueError as error:
        message = f"--until: {error}"
        raise click.UsageError(message) from None
    if day <= time.strftime("%Y-%m-%d"):
        message = f"--until {day}: that day has come already"
        raise click.UsageError(message)
    return day
