"""The finder that stands before the import system's own while a lock decides what is executed.

``VerifiedFinder.find_spec`` is the main function.
"""

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from shlex import quote

from plugframe.errors import LockMismatchError
from plugframe.loading.verified.loaders import Verified, spec_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, ModuleType

    from plugframe.loading.verified.codes import Codes
    from plugframe.policy.locking.modules import LockedModule, Modules

_MACHINERY = ("<frozen importlib", os.path.join(os.path.dirname(os.__file__), "importlib", ""))
_STANDARD = tuple(
    os.path.join(folder, "")
    for folder in (
        os.path.dirname(os.__file__),
        os.path.join(sys.base_exec_prefix, sys.platlibdir, f"python{sys.version_info[0]}.{sys.version_info[1]}"),
        os.path.join(sys.base_prefix, sys.platlibdir, f"python{sys.version_info[0]}{sys.version_info[1]}.zip"),
    )
)
_MOST_KEPT = 1000
_EFFECT = "it was not run, and nothing that needs it can be"


class VerifiedFinder:
    """Finds locked modules where the lock says that they are, and nothing else in their place.

    What no locked distribution has is none of its business, unless locked code imports it from a folder of locked
    distributions: then it would run as part of what is locked.

    Attributes:
        next_step: the command that tells what differs.
        refused: the name, the file and the reason of what was refused, whether or not the error was caught, in order.
    """

    def __init__(self, modules: "Modules", codes: "Codes", path: str) -> None:
        """Keep what there is.

        Args:
            modules: of locked distributions.
            codes: the code of sources that were compiled before.
            path: the lock file, for messages.
        """
        self.modules = modules
        self.codes = codes
        self.refused: list[tuple[str, str, str]] = []
        self.next_step = f"plugframe verify --lock {quote(path)}"

    def find_spec(
        self,
        name: str,
        path: "Sequence[str] | None" = None,
        target: "ModuleType | None" = None,
    ) -> ModuleSpec | None:
        """Return the spec of a locked module, or None for what is left to other finders.

        Raises:
            LockMismatchError: what would be found is not locked, and stands where only locked modules may.
        """
        first = name.partition(".")[0]
        if first in sys.builtin_module_names or first == "plugframe":
            return None
        if first not in self.modules:
            return self._unlocked(name, path, target) if _is_for_locked_code() else None
        module = self.modules.find(name)
        if module is not None:
            return self._before(module, path) or self._spec(module)
        if self.modules.above(name) is None and not self.modules.is_namespace(name) and not _is_for_locked_code():
            return None
        return self._unlocked(name, path, target)

    def _spec(self, module: "LockedModule") -> ModuleSpec:
        return spec_of(module, self.refuse, codes=self.codes, natives=self.modules.natives)

    def _before(self, module: "LockedModule", path: "Sequence[str] | None") -> ModuleSpec | None:
        """Return the spec of a module of the standard library that comes before a locked one on the path.

        Raises:
            LockMismatchError: something else does.
        """
        folder = os.path.dirname(module.package or module.path)
        earlier = []
        for entry in sys.path if path is None else path:
            if os.path.abspath(entry) == folder:
                break
            earlier.append(entry)
        found = PathFinder.find_spec(module.name, earlier) if earlier else None
        if found is None or _is_namespace(found):
            return None
        if self._is_standard(found):
            return found
        raise self.refuse(module.name, _origin(found), f"is not locked, and comes before {module.path} on the path")

    def _unlocked(self, name: str, path: "Sequence[str] | None", target: "ModuleType | None") -> ModuleSpec | None:
        """Return the spec of what no lock has, where that may be run; it is looked for once, here.

        Raises:
            LockMismatchError: it may not.
            ModuleNotFoundError: there is none.
        """
        found = PathFinder.find_spec(name, path, target)
        if found is None:
            found = _ask_others(self, name, path, target)
        if found is None:
            if _is_imported():  # Whoever put it there meanwhile has come too late.
                message = f"No module named {name!r}"
                raise ModuleNotFoundError(message, name=name)
            return None
        if _is_namespace(found) or self._may_run(found, name):
            return found
        raise self.refuse(name, _origin(found), "is not in the lock")

    def _may_run(self, found: ModuleSpec, name: str) -> bool:
        origin = _origin(found)
        if not origin or self._is_standard(found):
            return True
        inside = any(origin.startswith(os.path.join(folder, "")) for folder in self.modules.folders)
        return not inside and self.modules.above(name) is None and not self.modules.is_namespace(name)

    def _is_standard(self, found: ModuleSpec) -> bool:
        origin = _origin(found)
        inside = any(origin.startswith(os.path.join(folder, "")) for folder in self.modules.folders)
        return origin.startswith(_STANDARD) and not inside

    def refuse(self, name: str, path: str, reason: str) -> LockMismatchError:
        """Return the error for a module that must not be run, and remember it."""
        if len(self.refused) < _MOST_KEPT:
            self.refused.append((name, path, reason))
        return LockMismatchError(name, path, reason, effect=_EFFECT, next_step=self.next_step)


def _is_namespace(found: ModuleSpec) -> bool:
    return found.loader is None or (found.origin is None and found.submodule_search_locations is not None)


def _origin(found: ModuleSpec) -> str:
    """Return the file that a spec would have executed; empty where it is of no file."""
    return os.path.abspath(found.origin) if found.origin and found.has_location else ""


def _ask_others(
    mine: VerifiedFinder, name: str, path: "Sequence[str] | None", target: "ModuleType | None"
) -> ModuleSpec | None:
    """Return what the finders find that come after one, that of the path left out."""
    finders = list(sys.meta_path)
    for finder in finders[finders.index(mine) + 1 :] if mine in finders else finders:
        find = getattr(finder, "find_spec", None)
        found: ModuleSpec | None = find(name, path, target) if find and finder is not PathFinder else None
        if found is not None:
            return found
    return None


def _is_imported() -> bool:
    """Return whether a module is imported, and not only looked for."""
    frame = sys._getframe(2)  # noqa: SLF001 # the import system does not say what for it asks
    while frame.f_back is not None and frame.f_code.co_name in ("find_spec", "_find_spec"):
        frame = frame.f_back
        if frame.f_code.co_name == "_find_and_load_unlocked":
            return True
    return False


def _is_for_locked_code() -> bool:
    """Return whether it is a locked module that imports something."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 # the import system does not say who imports
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_MACHINERY) and frame.f_globals is not globals():
            return isinstance(getattr(frame.f_globals.get("__spec__"), "loader", None), Verified)
        frame = frame.f_back
    return False
