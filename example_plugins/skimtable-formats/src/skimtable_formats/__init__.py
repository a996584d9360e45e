"""Reads tab-separated, pipe-separated and JSON Lines files, and shows progress.

Most of it is declared in ``pyproject.toml``, so that nothing is imported before it is used. What a plugin knows only
once it runs, it registers from code, as here the reader for pipes.
"""

from typing import TYPE_CHECKING

import plugframe

if TYPE_CHECKING:
    from plugframe import Registrar


@plugframe.hookimpl
def plugframe_register_classes(classes: "Registrar") -> None:
    """Register the reader for pipe-separated files; its module is imported when such a file is read."""
    classes.add("readers.Psv", "skimtable_formats.readers:Psv")
