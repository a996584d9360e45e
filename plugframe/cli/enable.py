"""``plugframe enable``: let a plugin run again."""

import click

from plugframe.cli import deciding


@click.command("enable", epilog=deciding.EPILOG, short_help="Let a plugin run again.")
@deciding.options
def command(*, name: str, host: str | None, scope: str, as_json: bool, python: str | None, static: bool) -> None:
    """Let a plugin run that was disabled, and tell what its state is then.

    NAME is a plugin, an entry point or a distribution, in any spelling. What disables it in the same scope is taken
    back; where something farther does, that it is enabled is recorded in the scope.
    """
    decided = deciding.Decided(name, host=host, scope=scope, python=python, static=static)
    decided.record(enabled=True, reason="", until="")
    decided.tell(enabled=True, as_json=as_json)
