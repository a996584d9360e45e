"""The command line: commands that tell of plugins without running any.

A module each for a command; ``facts`` holds what they tell, ``render`` how it looks.
"""


def main() -> None:
    """Run the ``plugframe`` command."""
    from plugframe.cli.app import app

    app(prog_name="plugframe")
