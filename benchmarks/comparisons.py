"""What a topic compares in turns inside one process: each case to a command, and to a goal."""

import compileall
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import Environment
from benchmarks.measure import Answer, Comparison, Contender, Figure
from benchmarks.report import Goal, find

CHILDREN = "benchmarks.children"


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison that a child makes in turns.

    Attributes:
        section: what is compared.
        what: with what, or of whom.
        limit: the largest ratio that is wanted; None where none is promised.
        arguments: what the child is to measure.
    """

    section: str
    what: str
    limit: float | None
    arguments: tuple[str | int, ...]


def copy_code(environment: Environment, *, add: Callable[[Path], object] = lambda _: None) -> Path:
    """Copy what the children run, and compile it: the project's folder on their path would hide what is installed.

    Args:
        environment: below whose root it is copied.
        add: is given the folder, to write more to it before it is compiled.
    """
    code = environment.root / "code"
    shutil.copytree(Path(__file__).parent, code / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    add(code)
    compileall.compile_dir(code, quiet=1)
    return code


def contenders(
    environment: Environment,
    code: Path,
    cases: Iterable[Case],
    *,
    module: str = CHILDREN,
    variables: Mapping[str, str] | None = None,
    home: str = "comparisons",
) -> list[Contender]:
    """Return the command of each case.

    Args:
        environment: where the children run.
        code: what ``copy_code`` returned.
        cases: what they compare.
        module: what is run with a case's arguments.
        variables: of the children's environment, beyond the usual ones.
        home: the name of the home folder that is made for them.
    """
    usual = environment.variables(home=environment.home(home), path=code)
    return [
        Contender(
            section=case.section,
            size=0,
            what=case.what,
            command=(str(environment.python), "-m", module, *map(str, case.arguments)),
            environment=usual | {"PLUGFRAME_CACHE": "off"} | dict(variables or {}),
            folder=environment.empty_folder(),
            read=_read,
            ours=True,
        )
        for case in cases
    ]


def _read(output: str) -> Answer:
    # What is imported may warn, as torch does; the answer is the last line.
    return Answer(comparison=Comparison(**json.loads(output.splitlines()[-1])))


def goals(cases: Iterable[Case], figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures of cases with what is wanted of them."""
    found = []
    for case in cases:
        if case.limit is not None:
            figure = find(figures, case.section, 0, case.what)
            found.append(Goal(f"{case.section}, {case.what}", case.limit, figure.median_ratio if figure else None))
    return found
