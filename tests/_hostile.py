"""Distributions with one plugin each that breaks, hangs, crashes, exits, recurses, or takes all the memory there is."""

from textwrap import dedent

from plugframe.testing.environments import Tree, distribution

CODE = {
    "broken": """
        def prepare():
            raise RuntimeError("acme-broken is broken")

        prepare()
    """,
    "hanging": """
        import time

        while True:
            time.sleep(60)
    """,
    "segfaulting": """
        import ctypes

        ctypes.string_at(0)
    """,
    "exiting": """
        import sys

        sys.exit(3)
    """,
    "leaving": """
        import os

        os._exit(4)
    """,
    "recursing": """
        def deeper(depth):
            return deeper(depth + 1) + 1

        deeper(0)
    """,
    # 16 GiB that are asked for and never touched: no machine suffers, and any limit on the address space is reached.
    "eating": """
        hoard = [bytes(1 << 28) for _ in range(64)]
    """,
}
"""What the module of each plugin does when it is imported, by the plugin's name."""


def hostile(name: str, *, group: str = "myapp.plugins") -> Tree:
    """Return the distribution ``acme-NAME``, whose plugin of that name, in the module ``acme_NAME``, is hostile.

    Args:
        name: one of ``CODE``.
        group: the plugin's group.
    """
    module = f"acme_{name}"
    code = dedent(CODE[name])
    return distribution(f"acme-{name}", "6.6", entry_points={group: {name: module}}, modules={f"{module}.py": code})


def everything_hostile(*, group: str = "myapp.plugins") -> tuple[Tree, ...]:
    """Return a distribution for each way to be hostile."""
    return tuple(hostile(name, group=group) for name in CODE)
