"""Frozen applications: what PyInstaller cannot see of plugins and of names that load on first use.

PyInstaller finds ``get_hook_dirs`` by the group ``pyinstaller40``. Nothing of this room is needed at run time.
"""

import os


def get_hook_dirs() -> list[str]:
    """Return the folder with the hook that PyInstaller runs for applications that import plugframe.

    Source: https://pyinstaller.org/en/stable/hooks.html#provide-hooks-with-package
    """
    return [os.path.dirname(os.path.abspath(__file__))]
