"""``plugframe completion``: the script with which a shell completes commands, options and the names of plugins."""

import os

import click

_SHELLS = ("bash", "zsh", "fish")
_EPILOG = """\b
bash: eval "$(plugframe completion bash)"                  in ~/.bashrc
zsh:  eval "$(plugframe completion zsh)"                   in ~/.zshrc
fish: plugframe completion fish > ~/.config/fish/completions/plugframe.fish
"""


@click.command("completion", epilog=_EPILOG, short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.pass_context
def command(context: click.Context, *, shell: str | None) -> None:
    """Print the script that lets a shell complete commands, options, and the names of plugins, hosts and groups.

    Without SHELL, that of the variable SHELL. Completing runs no plugin.
    """
    from click.shell_completion import get_completion_class

    name = shell or os.path.basename(os.environ.get("SHELL", ""))
    complete = get_completion_class(name) if name in _SHELLS else None
    if complete is None:
        message = f"name one of {', '.join(_SHELLS)}" + (f"; there is none for {name}" if name else "")
        raise click.UsageError(message)
    root = context.find_root()
    program = str(root.info_name)
    variable = f"_{program}_COMPLETE".replace("-", "_").replace(".", "_").upper()
    click.echo(complete(root.command, {}, program, variable).source())
