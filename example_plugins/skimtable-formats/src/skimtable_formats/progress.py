"""A line in the terminal that tells how far the host is."""

import sys


def show(done: int, total: int) -> None:
    """Write the line over itself, and wipe it when all is done; do nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        return
    line = f"{done} of {total}"
    sys.stderr.write(f"\r{line}" if done < total else f"\r{' ' * len(line)}\r")
    sys.stderr.flush()
