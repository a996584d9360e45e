"""plugframe's plugin manager in the place of pluggy's. Does not import pytest, which subclasses what it finds there."""

import pluggy
from pluggy import _manager as pluggy_manager

from plugframe.hooks.manager import PluginManager


def rebind() -> None:
    """Let every module that is imported from now on get plugframe's manager when it asks for pluggy's."""
    for module in (pluggy, pluggy_manager):
        # Type checkers rightly refuse an assignment to the name of a class.
        vars(module)["PluginManager"] = PluginManager
