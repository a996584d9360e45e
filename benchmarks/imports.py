"""The import of a package with many lazy names in a fresh process, against the same that imports all at once."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import packages
from benchmarks.environments import Environment
from benchmarks.measure import Answer, Contender, Figure, MeasurementError, run_piped
from benchmarks.report import Goal, find, ratio

ATTACH = "import of {} lazy names, and of what makes them lazy"
ALONE = "import of {} lazy names, what makes them lazy imported before"
USE = "import of {} lazy names, and of what makes them lazy, and use of one"
STUB = "import of {} lazy names from a stub, and of what makes them lazy"
OURS, PEER, EAGER, BY_HAND = "plugframe.attach", "lazy_loader.attach", "eager", "__getattr__ by hand"
OURS_STUB, OURS_PARSED, PEER_STUB = (
    "plugframe.attach_stub, prebuilt",
    "plugframe.attach_stub, parsed",
    "lazy_loader.attach_stub",
)
SIZE = 1000  # names, of the goals
STUBS_TIMEOUT = 60

# As in the topic discovery: nothing that is not measured is imported before or between.
_CHILD = """\
import sys, time
{before}
start = time.perf_counter_ns()
import {package} as package
{use}
elapsed = time.perf_counter_ns() - start
loaded = sum(name.startswith("{package}.m") for name in sys.modules)
parsed = int("ast" in sys.modules)
found = len([name for name in dir(package) if name[0] == "m" and name[1:5].isdigit()])
print('{{"nanoseconds": %d, "found": %d, "loaded": %d, "parsed": %d}}' % (elapsed, found, loaded, parsed))
"""


@dataclass(frozen=True, slots=True)
class _Import:
    """One import that is measured.

    Attributes:
        section: what is compared, with the number of names for ``{}``.
        what: who it is.
        package: the package's name without its size.
        before: a statement that is not measured.
        uses: whether one submodule is used.
        loads: whether all submodules must have been imported in the end; else none but what is used may.
        parses: whether a parser must have been; else it may not.
    """

    section: str
    what: str
    package: str
    before: str = ""
    uses: bool = False
    loads: bool = False
    parses: bool = False


def _imports() -> Iterator[_Import]:
    yield _Import(ATTACH, OURS, "attach")
    yield _Import(ATTACH, PEER, "peer_attach")
    yield _Import(ATTACH, BY_HAND, "by_hand")
    yield _Import(ATTACH, EAGER, "eager", loads=True)
    yield _Import(ALONE, OURS, "attach", before="from plugframe import attach")
    yield _Import(ALONE, PEER, "peer_attach", before="from lazy_loader import attach")
    yield _Import(ALONE, BY_HAND, "by_hand", before="from importlib import import_module")
    yield _Import(ALONE, EAGER, "eager", loads=True)
    yield _Import(USE, OURS, "attach", uses=True)
    yield _Import(USE, PEER, "peer_attach", uses=True)
    yield _Import(USE, BY_HAND, "by_hand", uses=True)
    yield _Import(USE, EAGER, "eager", uses=True, loads=True)
    yield _Import(STUB, OURS_STUB, "stub")
    yield _Import(STUB, OURS_PARSED, "stub_parsed", parses=True)
    yield _Import(STUB, PEER_STUB, "peer_stub", parses=True)
    yield _Import(STUB, EAGER, "eager", loads=True)


def prepare(environment: Environment, folder: Path, sizes: Sequence[int]) -> None:
    """Write the packages, and what plugframe's command writes beside the stub of one of them.

    Raises:
        MeasurementError: the command failed.
    """
    variables = environment.variables(home=environment.home("stubs"))
    for size in sizes:
        packages.generate_large(folder, size)
        command = (str(environment.script("plugframe")), "stubs", str(folder / f"stub_{size}"))
        done = run_piped(command, environment=variables, folder=environment.empty_folder(), timeout=STUBS_TIMEOUT)
        if done.code:
            message = f"{' '.join(command)}: exit code {done.code}\n{done.output}"
            raise MeasurementError(message)


def contenders(environment: Environment, folder: Path, size: int) -> list[Contender]:
    """Return the imports of the packages with so many names, which ``prepare`` has written."""
    return [_contender(environment, folder, size, one) for one in _imports()]


def _contender(environment: Environment, folder: Path, size: int, one: _Import) -> Contender:
    section = one.section.format(f"{size:,}")
    expected = {
        "found": size,
        "loaded": len(packages.names_by_module(size)) if one.loads else int(one.uses),
        "parsed": int(one.parses),
    }
    home = environment.home(re.sub(r"\W+", "-", f"{section}-{one.what}"))
    use = "package.m0000" if one.uses else ""
    work = _CHILD.format(before=one.before, package=f"{one.package}_{size}", use=use)
    return Contender(
        section=section,
        size=0,
        what=one.what,
        command=(str(environment.python), "-c", work),
        environment=environment.variables(home=home, path=folder) | {"PLUGFRAME_CACHE": "off"},
        folder=environment.empty_folder(),
        read=partial(_read, expected=expected),
        ours=one.what in (OURS, OURS_STUB),
    )


def _read(output: str, *, expected: dict[str, int]) -> Answer:
    answer = json.loads(output)
    nanoseconds = answer.pop("nanoseconds")
    if answer != expected:
        message = f"the names and modules are {answer}, not {expected}"
        raise ValueError(message)
    return Answer(inside_ns=nanoseconds)


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare our import with the eager one and with the peer's."""
    found = []
    for section in (ATTACH, ALONE):
        title = section.format(f"{SIZE:,}")
        ours, peer, eager = (find(figures, title, 0, what) for what in (OURS, PEER, EAGER))
        found += [
            Goal(f"{title} : eager", 1 / 10, ratio(ours, eager)),
            Goal(f"{title} : {PEER}", 1, ratio(ours, peer)),
        ]
    return found
