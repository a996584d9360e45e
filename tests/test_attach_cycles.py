"""Packages whose modules need each other import in any order, from any entry, in any number of threads."""

import itertools
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest
from _sites import fresh, site_at, together

from plugframe.testing.environments import write_tree

SEEDS = range(44)
THREADS = 16
MOST_ORDERS = 24
# How a module may need another one, whichever of the two is imported first.
BY_NAME = (
    "from {package} import m{other}",
    "from {package} import m{other} as n{other}",
    "from . import m{other}",
    "import {package}",
)
# In circles between threads these may raise _DeadlockError: the import system's own fault, without any laziness, too.
BY_MODULE = ("import {package}.m{other}", "import {package}.m{other} as n{other}")
INIT = "from plugframe import attach\n__getattr__, __dir__, __all__ = attach(__name__, {submodules}, {attributes})\n"


@dataclass(frozen=True)
class Knot:
    """A package of modules that need each other: which needs which at once, and whose attribute at once."""

    name: str
    needs: Mapping[int, Sequence[int]]
    takes: Mapping[int, Sequence[int]]

    @property
    def modules(self) -> list[str]:
        """The modules' names."""
        return [f"m{number}" for number in self.needs]


def reachable(needs: Mapping[int, Sequence[int]], start: int) -> set[int]:
    """Return what a module needs, directly or not."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        fresh_ones = set(needs[waiting.pop()]) - found
        found |= fresh_ones
        waiting.extend(fresh_ones)
    return found


def make(folder: Path, seed: int, ways: Sequence[str] = (*BY_NAME, *BY_MODULE)) -> Knot:
    """Write a random package, and return what it is like."""
    chance = random.Random(seed)  # noqa: S311 # it is to be repeatable
    name, size = f"acme_knot{seed}", chance.randint(4, 8)
    numbers = range(size)
    needs = {one: [other for other in numbers if other != one and chance.random() < 0.4] for one in numbers}
    for one in numbers:  # Whatever else: there is a circle through all, or through half of them.
        needs[one] = sorted({*needs[one], (one + 1) % (size if seed % 2 else size // 2 + one)} - {one})
    needs = {one: [other for other in others if other < size] for one, others in needs.items()}
    # An attribute can be had at once of a module that does not need this one, in Python as it is.
    takes = {one: [other for other in others if one not in reachable(needs, other)] for one, others in needs.items()}
    files = {f"m{one}.py": body(chance, ways, name, one, needs[one], takes[one]) for one in numbers}
    submodules = [f"m{one}" for one in numbers]
    attributes = {f"m{one}": [f"value{one}", f"value{one} as other{one}"] for one in numbers}
    write_tree(folder, {name: {"__init__.py": INIT.format(submodules=submodules, attributes=attributes), **files}})
    return Knot(name, needs, takes)


def body(
    chance: random.Random, ways: Sequence[str], package: str, one: int, needs: Sequence[int], takes: Sequence[int]
) -> str:
    """Return the code of a module: it needs some modules while it is imported, and uses them all when it is called."""
    lines = [f"acme_runs.append({one})"]
    for other in needs:
        if other in takes and chance.random() < 0.5:
            lines.append(f"from {package} import value{other} as taken{other}\nassert taken{other}.number == {other}")
        else:
            lines.append(chance.choice(ways).format(package=package, other=other))
    position = chance.randint(0, len(lines))
    lines.insert(position, f"def value{one}(): return [{', '.join(f'pkg.value{other}.number' for other in needs)}]")
    lines.insert(position + 1, f"value{one}.number = {one}")
    return "\n".join([f"import {package} as pkg", *lines, ""])


def forget(knot: Knot) -> None:
    """Forget a package and all its modules."""
    for name in [name for name in sys.modules if name.partition(".")[0] == knot.name]:
        del sys.modules[name]


def orders(knot: Knot) -> list[tuple[str, ...]]:
    """Return the orders in which to enter a package: all, or each entry first and then by chance."""
    if len(knot.modules) == 4:
        return list(itertools.permutations(knot.modules))
    chance = random.Random(knot.name)  # noqa: S311 # it is to be repeatable
    found: list[tuple[str, ...]] = []
    while len(found) < MOST_ORDERS:
        first = knot.modules[len(found) % len(knot.modules)]
        found.append((first, *chance.sample([name for name in knot.modules if name != first], len(knot.modules) - 1)))
    return found


def enter(knot: Knot, order: Sequence[str], *, by_import: bool) -> list[list[int]]:
    """Use the modules of a package in an order, and return what each says it needs."""
    package = import_module(knot.name)
    said = {}
    for name in order:
        module = import_module(f"{knot.name}.{name}") if by_import else getattr(package, name)
        number = int(name[1:])
        said[number] = getattr(module, f"value{number}")()
        assert getattr(package, name) is module
        assert (
            getattr(package, f"value{number}")
            is getattr(package, f"other{number}")
            is module.__dict__[f"value{number}"]
        )
    return [said[number] for number in sorted(said)]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[list[int]]:
    """Return the numbers of the modules that were run since, while packages in a folder can be imported."""
    found: list[int] = []
    with site_at(tmp_path), mock.patch("builtins.acme_runs", found, create=True):
        yield found


@pytest.mark.parametrize("seed", SEEDS)
def test_package_imports_in_every_order(tmp_path: Path, runs: list[int], seed: int) -> None:
    knot = make(tmp_path, seed)
    assert any(one in reachable(knot.needs, one) for one in knot.needs)
    for number, order in enumerate(orders(knot)):
        assert enter(knot, order, by_import=number % 2 == 0) == list(knot.needs.values()), order
        assert sorted(runs) == list(knot.needs), "each module runs once"
        assert "__getattr__" not in vars(sys.modules[knot.name])
        runs.clear()
        forget(knot)


@pytest.mark.parametrize("seed", SEEDS)
def test_package_imports_in_many_threads_that_enter_at_different_modules(
    tmp_path: Path, runs: list[int], seed: int
) -> None:
    knot = make(tmp_path, seed, BY_NAME)
    for _ in range(3):
        entries = orders(knot)

        def run(index: int, entries: list[tuple[str, ...]] = entries) -> object:
            return enter(knot, entries[index % len(entries)], by_import=False)

        found = together(THREADS, run)
        assert found == [list(knot.needs.values())] * THREADS
        assert sorted(runs) == list(knot.needs), "each module runs once"
        runs.clear()
        forget(knot)


def test_packages_import_in_fresh_processes_from_each_entry(tmp_path: Path) -> None:
    knots = [make(tmp_path, seed) for seed in (0, 1)]
    for knot in knots:
        for name in knot.modules:
            code = f"import builtins; builtins.acme_runs = []\nfrom {knot.name} import {name}\nprint({name}.__name__)"
            assert fresh(code, tmp_path) == f"{knot.name}.{name}\n"


def test_modules_of_a_circle_that_fails_are_tried_again_together(tmp_path: Path, runs: list[int]) -> None:
    files = {
        "__init__.py": INIT.format(submodules=["a", "b"], attributes={}),
        "a.py": "from acme_circle import b\n1 / len(acme_runs)",
        "b.py": "from acme_circle import a",
    }
    write_tree(tmp_path, {"acme_circle": files})
    package = import_module("acme_circle")
    with pytest.raises(ImportError, match="ZeroDivisionError"):
        _ = package.a
    assert "a" not in vars(package), "the half of a module that b saw"
    assert "acme_circle.a" not in sys.modules
    runs.append(1)
    assert package.a is sys.modules["acme_circle.a"]
    assert package.b is sys.modules["acme_circle.b"]
