"""Frozen applications: distributions whose metadata lies in the bundle that an application is started from.

Source: https://pyinstaller.org/en/stable/runtime-information.html
"""

import os
import sys

_LIBRARY = "base_library.zip"


def look_into(path: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return a frozen process's path entries that are worth a look, in order, and those of them that are in the bundle.

    The index takes nothing of the bundle, which is small, and which an application of one file unpacks to another
    folder at each start. What holds the standard library alone is not looked at: opening it would cost ten times as
    much as all the rest.
    """
    bundle = str(getattr(sys, "_MEIPASS", "")).rstrip(os.sep)
    if not bundle:
        return path, frozenset()
    library = os.path.join(bundle, _LIBRARY)
    inside = frozenset(entry for entry in path if f"{entry}{os.sep}".startswith(bundle + os.sep))
    return tuple(entry for entry in path if entry != library), inside
