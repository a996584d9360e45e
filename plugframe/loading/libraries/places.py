"""A module-style path, such as ``acme_vision._native.libstats``, to the file that it names; nothing is imported."""

import importlib.util
import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

from plugframe.errors import LibraryError

SUFFIXES = tuple(dict.fromkeys((".so", ".dylib", ".dll", *EXTENSION_SUFFIXES, ".py", ".whl", ".zip", "")))


def find_file(reference: str) -> str:
    """Return the path of the library that a reference names.

    The folder of the first part's package is looked up without importing it, and the rest are folders below it.

    Args:
        reference: dotted; the last part is the file's name without its suffix.

    Raises:
        LibraryError: there is no such file.
    """
    parts = reference.split(".")
    places = [os.path.join(folder, *parts[1:]) for folder in _folders(parts[0])] if len(parts) > 1 else []
    places += [os.path.join(folder, *parts) for folder in sys.path]
    for place in places:
        for suffix in SUFFIXES:
            if os.path.isfile(place + suffix) or (not suffix and os.path.isfile(os.path.join(place, "__init__.py"))):
                return place + suffix
    raise LibraryError(
        reference, f"it should be a file with one of the suffixes {', '.join(SUFFIXES[:-1])}; there is none"
    )


def _folders(package: str) -> list[str]:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return []
    return list(spec.submodule_search_locations or ()) if spec else []
