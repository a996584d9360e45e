"""What the imports of a process cost, and whose they are."""

import json
import os
from dataclasses import dataclass, replace
from statistics import median

from plugframe.overlay.child.imports import PREFIX
from plugframe.overlay.targets import Target
from plugframe.records import split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NANO = 1e-9


@dataclass(frozen=True, slots=True)
class Import:
    """One module that a process imported, in the order in which the imports began.

    Attributes:
        module: its full name.
        parent: the position of the import in whose midst it was, or -1.
        importer: the module and line that wanted it, as ``module:line``; empty for the interpreter itself.
        begin: seconds since the first import began.
        end: the same, when it was done.
        memory: the bytes by which the resident memory grew meanwhile; 0 where the system does not tell.
        failure: the name of the exception that it raised; empty when it raised none.
        thread: the number of its thread.
    """

    module: str
    parent: int
    importer: str
    begin: float
    end: float
    memory: int
    failure: str
    thread: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What the plugins of one distribution cost a process.

    Attributes:
        targets: the distribution's plugins, or entry points.
        state: ``imported``, ``failed`` or ``unused``.
        own: seconds in modules of its own.
        whole: seconds until they were there, with all that they were the first to need.
        modules: how many modules those were.
        memory: the bytes by which the resident memory grew meanwhile.
        trigger: what wanted the first of its modules, as ``module:line``.
        spans: when it was imported: begin and end in seconds since the first import, in order.
    """

    targets: tuple[Target, ...]
    state: str
    own: float = 0.0
    whole: float = 0.0
    modules: int = 0
    memory: int = 0
    trigger: str = ""
    spans: tuple[tuple[float, float], ...] = ()


def read(folder: str, pid: int) -> tuple[Import, ...]:
    """Return the imports that the processes under an overlay wrote down: those of one process.

    Args:
        folder: the overlay's.
        pid: the process that counts; where it is no Python program, the first that is one.
    """
    written: dict[int, tuple[float, list[list[object]]]] = {}
    for name in os.listdir(folder):
        if name.startswith(PREFIX):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found = json.load(file)
            written[int(name.removeprefix(PREFIX))] = found["begun"], found["imports"]
    if not written:
        return ()
    _, rows = written[pid] if pid in written else min(written.values())
    return tuple(_imports(rows))


def _imports(rows: "Sequence[Sequence[object]]") -> "Iterator[Import]":
    zero = min((int(str(row[5])) for row in rows), default=0)
    for name, parent, importer, line, before, begin, end, after, failure, thread in rows:
        numbers = [int(str(value)) for value in (parent, before, begin, end or begin, after or before, thread)]
        place = f"{importer}:{line}" if importer else ""
        growth = max(0, numbers[4] - numbers[1])
        yield Import(
            module=str(name),
            parent=numbers[0],
            importer=place,
            begin=(numbers[2] - zero) * _NANO,
            end=(numbers[3] - zero) * _NANO,
            memory=growth,
            failure=str(failure),
            thread=numbers[5],
        )


class Owners:
    """Which modules belong to which distribution, as far as its plugins' references tell."""

    def __init__(self, targets: "Iterable[Target]") -> None:
        """Look at the references."""
        self.targets: dict[str, list[Target]] = {}
        modules: dict[str, set[str]] = {}
        for target in targets:
            key = target.distribution.key
            self.targets.setdefault(key, []).append(target)
            references = (target.value, *target.references)
            modules.setdefault(key, set()).update(filter(None, (split_reference(one)[0] for one in references)))
        self._homes = {home: key for key, home in _homes(modules)}

    def of(self, module: str) -> str:
        """Return the normalised name of the distribution that a module belongs to; empty for any other."""
        while module:
            if module in self._homes:
                return self._homes[module]
            module = module.rpartition(".")[0]
        return ""


def _homes(modules: "dict[str, set[str]]") -> "Iterator[tuple[str, str]]":
    """Yield each distribution with the shortest packages that hold its modules and no other distribution's."""
    for key, mine in modules.items():
        others = {prefix for other, theirs in modules.items() if other != key for prefix in _prefixes(theirs)}
        for module in mine:
            yield key, next((prefix for prefix in _prefixes([module]) if prefix not in others), module)


def _prefixes(modules: "Iterable[str]") -> "Iterator[str]":
    for module in modules:
        parts = module.split(".")
        yield from (".".join(parts[: number + 1]) for number in range(len(parts)))


def costs(imports: "Sequence[Import]", owners: Owners) -> tuple[Cost, ...]:
    """Return what the plugins of each distribution cost in one run, the dearest first."""
    outermost: dict[str, list[int]] = {}
    own: dict[str, float] = {}
    around: list[frozenset[str]] = []  # the owners of each import and of those in whose midst it was
    inside, sizes = _within(imports)
    for number, one in enumerate(imports):
        key = owners.of(one.module)
        above = around[one.parent] if one.parent >= 0 else frozenset()
        around.append(above | {key})
        own[key] = own.get(key, 0.0) + one.end - one.begin - inside[number]
        if key and key not in above:
            outermost.setdefault(key, []).append(number)
    found = []
    for key, targets in owners.targets.items():
        numbers = outermost.get(key, [])
        modules = sum(sizes[number] for number in numbers)
        found.append(_cost(tuple(targets), [imports[number] for number in numbers], own.get(key, 0.0), modules))
    return tuple(sorted(found, key=lambda cost: (-cost.whole, cost.targets[0].entry)))


def _within(imports: "Sequence[Import]") -> tuple[list[float], list[int]]:
    """Return the seconds that each import spent in others, and how many modules it imported, its own included."""
    inside, sizes = [0.0] * len(imports), [1] * len(imports)
    for number in range(len(imports) - 1, -1, -1):  # What is in the midst of another began after it.
        parent = imports[number].parent
        if parent >= 0:
            inside[parent] += imports[number].end - imports[number].begin
            sizes[parent] += sizes[number]
    return inside, sizes


def _cost(targets: "tuple[Target, ...]", outermost: "Sequence[Import]", own: float, modules: int) -> Cost:
    if not outermost:
        return Cost(targets, "unused")
    return Cost(
        targets,
        "failed" if any(one.failure for one in outermost) else "imported",
        own=own,
        whole=sum(one.end - one.begin for one in outermost),
        modules=modules,
        memory=sum(one.memory for one in outermost),
        trigger=outermost[0].importer,
        spans=tuple((one.begin, one.end) for one in outermost),
    )


def medians(runs: "Sequence[tuple[Cost, ...]]") -> tuple[Cost, ...]:
    """Return the costs of several runs as one: of each figure the median, the rest as in the last run."""
    series: dict[tuple[Target, ...], list[Cost]] = {}
    for run in runs:
        for cost in run:
            series.setdefault(cost.targets, []).append(cost)
    found = [
        replace(
            several[-1],
            own=median(cost.own for cost in several),
            whole=median(cost.whole for cost in several),
            modules=round(median(cost.modules for cost in several)),
            memory=round(median(cost.memory for cost in several)),
        )
        for several in series.values()
    ]
    return tuple(sorted(found, key=lambda cost: (-cost.whole, cost.targets[0].entry)))
