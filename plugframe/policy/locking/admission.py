"""Which plugins a lock lets run, before anything of them is looked at: ``Admission.judge`` is the main function."""

import os
from shlex import quote

from plugframe.discovery.metadata import normalize
from plugframe.errors import LockError
from plugframe.policy.groups import HOSTS, groups
from plugframe.policy.locking.lockfile import NAME, anew, load
from plugframe.policy.locking.modules import Modules
from plugframe.policy.matching import is_named
from plugframe.records import Decision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.discovery.snapshot import Snapshot
    from plugframe.policy.locking.values import Lock, LockedDistribution
    from plugframe.policy.settings.values import Settings
    from plugframe.records import Distribution, EntryPoint


class Admission:
    """Decides by a lock. It reads the lock file and nothing else; each file is looked at when it is about to be run.

    Attributes:
        path: the lock file.
        modules: the modules that it has; None when it cannot be used, and then no plugin may run.
        problem: why it cannot be used; empty if it can.
        snapshot: what is installed.
    """

    def __init__(self, host: str, snapshot: "Snapshot", settings: "Settings") -> None:
        """Read the lock that the settings name, or ``plugframe.lock`` beside the settings that ask for one."""
        self.path = settings.path("lock") or _beside(settings)
        self.snapshot = snapshot
        self.modules: Modules | None = None
        self.problem = self._mend = ""
        self._host = host
        self._allowed = settings.get("allow-editable", default=False)
        self._declared: dict[str, set[tuple[str, str, str]]] | None = None
        try:
            self._take(load(self.path))
        except LockError as error:
            self.problem, self._mend = f"{error.path}: {error.reason}", error.next_step

    def _take(self, lock: "Lock") -> None:
        tag = self.snapshot.environment.cache_tag
        if lock.python != tag:
            raise LockError(self.path, f"it was made for {lock.python}, and this is {tag}", anew(self.path))
        found = ((key, self.snapshot.find(key)) for key in lock.distributions)
        places = {key: distribution.location for key, distribution in found if distribution is not None}
        self.modules = Modules(lock, places)

    def judge(self, entry: "EntryPoint") -> Decision | None:
        """Return a decision that denies a plugin, or None."""
        reason, step = self._refusal(entry)
        if not reason:
            return None
        return Decision(state="blocked", reason=f"the mode is locked, and {reason}", next_step=step)

    def _refusal(self, entry: "EntryPoint") -> tuple[str, str]:
        """Return why the lock does not let a plugin run, and what to do; empty if it does."""
        again = anew(self.path)
        if self.modules is None:
            return f"the lock cannot be used: {self.problem}", self._mend
        distribution = entry.distribution
        locked = self.modules.lock.distributions.get(distribution.key)
        if locked is None:
            return f"{self.path} does not have {distribution}", again
        if locked.version != distribution.version:
            return f"{self.path} has {locked}, not {distribution}", f"{again} --upgrade {distribution.name}"
        return self._difference(entry, locked, self.modules)

    def _difference(self, entry: "EntryPoint", locked: "LockedDistribution", modules: Modules) -> tuple[str, str]:
        """Return what keeps a plugin of a locked distribution from running, and what to do; empty if nothing does."""
        distribution = entry.distribution
        editable = self._editable(modules.lock, entry)
        if editable:
            reason = f"{editable} is an editable install, whose modules cannot be locked"
            return reason, f"install it as a copy, or let allow-editable name {editable.name}"
        if self._locked_entries(locked) != self._entries().get(distribution.key, set()):
            reason = f"the entry points of {distribution} are not those of {self.path}"
            return reason, f"plugframe verify --lock {quote(self.path)}"
        stray = "" if locked.editable else self._stray(distribution.key, modules)
        if stray:
            return f"it names the module {stray}, which {self.path} does not have", anew(self.path)
        return "", ""

    def _stray(self, key: str, modules: Modules) -> str:
        """Return a module that a distribution's entry points name and that is in no lock; empty if there is none."""
        entries = [(group, value) for group, _, value in sorted(self._entries().get(key, ()))]
        return modules.stray(entries, f"{self._host}.libraries")

    def _locked_entries(self, locked: "LockedDistribution") -> set[tuple[str, str, str]]:
        return {
            (group, name, value)
            for group in groups(self._host)
            for name, value in locked.entry_points.get(group, {}).items()
        }

    def _editable(self, lock: "Lock", entry: "EntryPoint") -> "Distribution | LockedDistribution | None":
        """Return what a plugin is, or needs, that is an editable install and not allowed; the host itself left out."""
        if self._allowed is True:
            return None
        names = self._allowed if isinstance(self._allowed, tuple) else ()
        if entry.distribution.origin == "editable" and not is_named(entry, names):
            return entry.distribution
        allowed = set(map(normalize, names)) | ({entry.distribution.key} if is_named(entry, names) else set())
        for key in lock.closure(entry.distribution.key):
            one = lock.distributions.get(key)
            if one is not None and one.editable and key not in allowed and HOSTS not in one.entry_points:
                return one
        return None

    def _entries(self) -> dict[str, set[tuple[str, str, str]]]:
        """Return what each distribution declares for the host; of one name, the first counts."""
        if self._declared is None:
            found: dict[str, dict[tuple[str, str], str]] = {}
            for group in groups(self._host):
                for entry in self.snapshot.entry_points(group):
                    found.setdefault(entry.distribution.key, {}).setdefault((group, entry.name), entry.value)
            self._declared = {key: {(*name, value) for name, value in own.items()} for key, own in found.items()}
        return self._declared


def _beside(settings: "Settings") -> str:
    found = settings.find("mode")
    place = found[1].place if found is not None and found[1].scope != "variables" else ""
    return os.path.join(os.path.dirname(os.path.abspath(place or NAME)), NAME)
