"""A command, or the start of hosts, run several times in fresh processes that write down what they import."""

from contextlib import contextmanager
from dataclasses import dataclass

from plugframe.overlay.child import enter
from plugframe.overlay.folder import overlay
from plugframe.overlay.processes import watched
from plugframe.overlay.targets import HOSTS, Target, selection
from plugframe.overlay.timing import read
from plugframe.policy.quarantine.marks import find, remove
from plugframe.records import split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.overlay.processes import Ended
    from plugframe.overlay.timing import Import

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        imports: what its process imported, in order; empty where it wrote nothing down.
        ended: how it ended.
    """

    imports: "tuple[Import, ...]"
    ended: "Ended"

    @property
    def seconds(self) -> float:
        """The time that all its imports took."""
        return sum(one.end - one.begin for one in self.imports if one.parent < 0)


def last_begun(ended: "Ended") -> str:
    """Return the module that the command of ``start_of`` imported when it ended; empty if it tells none."""
    lines = ended.output.decode(errors="replace").splitlines()
    return next((line.removeprefix(enter.BEGINS) for line in reversed(lines) if line.startswith(enter.BEGINS)), "")


def start_of(targets: "Sequence[Target]", python: str, snapshot: "Snapshot") -> list[str]:
    """Return the command that imports some plugins, after the hosts that they are for.

    Args:
        targets: the plugins, in the order in which they are imported.
        python: the interpreter.
        snapshot: the environment.
    """
    hosts = {f"{target.group.removesuffix('.plugins')}" for target in targets}
    entries = [entry for entry in snapshot.entry_points(HOSTS) if entry.name in hosts and not entry.problem]
    references = [*(entry.value for entry in entries), *(target.value for target in targets)]
    modules = dict.fromkeys(filter(None, (split_reference(reference)[0] for reference in references)))
    return [python, "-P", enter.__file__, *modules]


def profile(command: "Sequence[str]", *, seconds: float = SECONDS) -> Run:
    """Run a command once, with all its plugins, and return what it imported.

    Args:
        command: its words.
        seconds: after which it is ended, and has written nothing down.

    Raises:
        CommandNotRunError: it cannot be started.
    """
    with overlay(selection((), (), only=False, reason=""), watch_imports=True) as made, _accusing_nobody() as came_back:
        ended = watched(command, made.variables(), seconds=seconds)
        came_back(ended.code is not None)
        return Run(read(made.folder, ended.pid), ended)


@contextmanager
def _accusing_nobody() -> "Iterator[Callable[[bool], None]]":
    """Let no plugin be quarantined because a command was ended from here while it loaded one.

    Yields:
        What is told whether the command ended by itself: then what it leaves stays, such as a crash.
    """
    before = {mark.path for mark in find()[0]}
    ends = [False]
    try:
        yield ends.append
    finally:
        if not ends[-1]:
            for mark in find()[0]:
                if mark.path not in before and not mark.alive:
                    remove(mark.path)


def middle(runs: "Iterable[Run]") -> Run:
    """Return the run whose imports took the median time; of an even number, the faster of the two."""
    ranked = sorted(runs, key=lambda run: run.seconds)
    return ranked[(len(ranked) - 1) // 2]
