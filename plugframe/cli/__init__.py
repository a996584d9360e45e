"""The command line: commands that tell of plugins without running any.

A module each for a command; ``facts`` holds what they tell, ``render`` how it looks.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.cli.embedding import add_safe_mode as add_safe_mode
    from plugframe.cli.embedding import mount as mount
    from plugframe.cli.embedding import plugins_command as plugins_command
    from plugframe.cli.embedding import safe_mode_option as safe_mode_option
    from plugframe.cli.embedding import serve as serve

_EMBEDDING = ("add_safe_mode", "mount", "plugins_command", "safe_mode_option", "serve")


def main() -> None:
    """Run the ``plugframe`` command."""
    import gc

    gc.set_threshold(50_000)  # A short process that imports a lot looks for garbage in vain.
    from plugframe.cli.app import app

    app(prog_name="plugframe")


def __getattr__(name: str) -> object:
    """Return what mounts the commands in a host's program, imported when it is used."""
    if name in _EMBEDDING:
        from plugframe.cli import embedding

        return getattr(embedding, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message, name=name)
