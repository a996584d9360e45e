"""The topic ``cli``: decisions and what tells of them, the start of a host whose mode is locked, verifying a lock."""

from collections.abc import Sequence

from benchmarks import locks, policy
from benchmarks.environments import Environment
from benchmarks.measure import Contender, Figure
from benchmarks.report import Goal

SIZES = (50,)


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Lay out what is measured, and return every command that is."""
    locked = [contender for size in sizes for contender in locks.contenders(environment, size)]
    return [*policy.contenders(environment), *locked]


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures with what the framework promises."""
    return [*policy.goals(figures), *locks.goals(figures)]


def notes() -> list[str]:
    """Say how the figures came about."""
    return [*policy.notes(), *locks.notes()]
