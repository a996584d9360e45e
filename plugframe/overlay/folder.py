"""The folder that makes a command, and every Python process under it, leave out entry points; gone with the command."""

import os
import pkgutil
import shutil
import tempfile
from contextlib import contextmanager

from plugframe.overlay.child.sitecustomize import TAKEN_UP, WATCHER
from plugframe.policy import overlays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugframe.policy.overlays import Selection

_CHILD = "plugframe.overlay.child"


class Overlay:
    """A folder to stand first on the path of a command, while the command runs.

    Attributes:
        folder: where it is; what its processes write for whoever started them goes there, too.
    """

    def __init__(self, folder: str) -> None:
        """Take an empty folder."""
        self.folder = folder

    def variables(self) -> dict[str, str]:
        """Return the environment variables for the command: this process's own, the overlay's put first."""
        # An empty part of PYTHONPATH is the working directory, which was not on it.
        path = os.pathsep.join(filter(None, (self.folder, os.environ.get("PYTHONPATH", ""))))
        nested = os.pathsep.join((self.folder, *overlays.folders()))
        return {**os.environ, "PYTHONPATH": path, overlays.VARIABLE: nested}

    def taken_up(self) -> bool:
        """Return whether a Python process has obeyed: those with ``-I``, ``-E`` or ``-S`` see no overlay."""
        return any(name.startswith(TAKEN_UP) for name in os.listdir(self.folder))


@contextmanager
def overlay(selection: "Selection", *, watch_imports: bool = False) -> "Iterator[Overlay]":
    """Make the folder of an overlay, and remove it whatever becomes of the command.

    Args:
        selection: which entry points are left out.
        watch_imports: also make each process write down what it imports; see ``plugframe.overlay.child.imports``.

    Yields:
        The overlay; start the command with its ``variables()``.
    """
    made = Overlay(tempfile.mkdtemp(prefix="plugframe-overlay-"))
    try:
        if os.pathsep in made.folder:
            message = f"no overlay can be made in {made.folder}, whose name has {os.pathsep!r}; set TMPDIR"
            raise OSError(message)
        overlays.write(made.folder, selection)
        _copy("sitecustomize", made.folder, "sitecustomize")
        if watch_imports:
            _copy("imports", made.folder, WATCHER)
        yield made
    finally:
        shutil.rmtree(made.folder, ignore_errors=True)


def _copy(module: str, folder: str, name: str) -> None:
    source = pkgutil.get_data(_CHILD, f"{module}.py") or b""
    with open(os.path.join(folder, f"{name}.py"), "wb") as file:
        file.write(source)
