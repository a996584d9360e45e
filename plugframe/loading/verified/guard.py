"""What holds while a host's mode is locked: the finder is in its place, and what came before it is told.

``secure`` is the main function.
"""

import os
import sys
import threading

from plugframe.discovery import storage
from plugframe.errors import LibraryError
from plugframe.loading.verified.codes import Codes
from plugframe.loading.verified.finder import VerifiedFinder
from plugframe.loading.verified.loaders import Verified
from plugframe.policy.groups import HOSTS
from plugframe.policy.locking.lockfile import is_ours
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugframe.loading.files import LibraryFile
    from plugframe.policy.locking.admission import Admission
    from plugframe.policy.locking.modules import Modules
    from plugframe.policy.locking.values import Lock, LockedFile
    from plugframe.records import Plugin

_publishing = threading.Lock()
_guards: "dict[str, Guard]" = {}
_SEVERAL = 5
OURS = ("plugframe", "click", "importlib_metadata", "packaging", "platformdirs", "pluggy", "rich")
"""Plugframe and what it needs, which ran before anything could be compared; a lock need not have plugframe itself."""


def secure(admission: "Admission") -> "Guard | None":
    """Let nothing but what a lock has be executed of its distributions, from now on and in the whole process.

    Returns:
        What tells of it; the same for the same lock file. None where the lock cannot be used, and no plugin may run.
    """
    modules = admission.modules
    if modules is None:
        return None
    with _publishing:
        guard = _guards.get(admission.path)
        if guard is None:
            guard = _guards[admission.path] = Guard(admission.path, modules)
        guard.finder.modules = modules
        guard.stand_first()
        return guard


class Guard:
    """The finder of one lock, and what it could not prevent.

    Attributes:
        finder: finds the modules of the lock.
        early: the locked modules that were imported before, by the key of their distribution.
    """

    def __init__(self, path: str, modules: "Modules") -> None:
        """Make the finder of a lock.

        Args:
            path: the lock file.
            modules: what it has.
        """
        self.finder = VerifiedFinder(modules, Codes(_code_folder(path)), path)
        self.early: dict[str, list[str]] = {}
        self._path = path
        for name, module in sys.modules.copy().items():
            if name.partition(".")[0] in modules and not isinstance(_loader(module), Verified):
                found = modules.find(name)
                if found is not None:
                    self.early.setdefault(found.distribution, []).append(name)
        self._spared = _running(modules.lock)
        self._refusals: dict[str, int] = {}

    def stand_first(self) -> None:
        """Put the finder before all others, where some may have been put meanwhile."""
        if sys.meta_path[:1] != [self.finder]:
            others = [finder for finder in sys.meta_path if finder is not self.finder]
            sys.meta_path[:] = [self.finder, *others]

    def admit(self, plugin: "Plugin") -> None:
        """See that the finder is in its place when a plugin is loaded, and note what was refused before."""
        self.stand_first()
        self._refusals[plugin.name] = len(self.finder.refused)

    def remove(self) -> None:
        """Take the finder away; what it has loaded stays."""
        with _publishing:
            sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self.finder]
            _guards.pop(self._path, None)

    def findings(self, plugin: "Plugin") -> "Iterator[Diagnostic]":
        """Yield what a plugin that was loaded may have that was not compared with the lock, and what it was refused.

        The first is what was imported before the host looked at its plugins, of the plugin's distribution and of what
        it needs; but for the host's own distribution and plugframe, and what they need: they run this.
        """
        for name, path, reason in self.finder.refused[self._refusals.get(plugin.name, 0) :]:
            yield Diagnostic(
                code="PF224",
                message=f"{name} was asked for while it was loaded, and {reason}",
                path=path,
                distribution=plugin.distribution.name,
                effect="it was not run, and the plugin does without it",
                fix=self.finder.next_step,
            )
        if not self.early:
            return
        for key in self.finder.modules.lock.closure(plugin.distribution.key):
            names = sorted(self.early.get(key, ())) if key not in self._spared else []
            if names:
                more = f" and {len(names) - _SEVERAL} more" if len(names) > _SEVERAL else ""
                yield Diagnostic(
                    code="PF223",
                    message=f"{', '.join(names[:_SEVERAL])}{more} had been imported before the lock was read",
                    path=self._path,
                    distribution=self.finder.modules.lock.distributions[key].name,
                    effect="what runs of it was not compared with the lock",
                    fix="ask for the host's plugins before anything imports it",
                )

    def expect(self, path: str) -> None:
        """Refuse a library that a plugin names, where the lock does not have it.

        Raises:
            LibraryError: it is none of a locked distribution's shared libraries.
        """
        if os.path.realpath(path) not in self._natives():
            reason = f"a plugin names it, the mode is locked, and it is no shared library that {self._path} has"
            raise LibraryError(path, reason)

    def approve(self, file: "LibraryFile") -> None:
        """Refuse a library that is not as the lock has it; one that no lock has is the application's own affair.

        Raises:
            LibraryError: it is not what is locked.
        """
        expected = self._natives().get(file.path)
        if expected is not None and expected.sha256 != file.sha256:
            raise LibraryError(file.path, f"it is not what {self._path} has, and the mode is locked")

    def _natives(self) -> "dict[str, LockedFile]":
        modules = self.finder.modules
        every = (modules.natives(key) for key in modules.lock.distributions)
        return {os.path.realpath(path): content for each in every for path, content in each}


def _loader(module: object) -> object:
    return getattr(getattr(module, "__spec__", None), "loader", None)


def _code_folder(path: str) -> str | None:
    return storage.code_folder() if is_ours(path) else None


def _running(lock: "Lock") -> frozenset[str]:
    """Return the keys of what runs the check itself: hosts, plugframe, and all that they need."""
    running = {key for key, distribution in lock.distributions.items() if HOSTS in distribution.entry_points}
    return frozenset(other for key in (*running, *OURS) for other in lock.closure(key))
