"""The topic ``namespaces``: reading lazy names, touching them first, the finder, and importing many of them."""

import compileall
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import imports, packages
from benchmarks.environments import Environment
from benchmarks.measure import Answer, Comparison, Contender, Figure
from benchmarks.report import Goal, find

SIZES = (imports.SIZE,)  # lazy names of the packages that are imported
READ = "attribute already loaded : a plain module's"
CHAIN = "three attributes in a row, already loaded : those of plain packages"
TORCH = "attribute already loaded : torch.classes"
TOUCH = "first touch : plain import"
FINDER = "first touch through the finder : plain import of the real module"
FOREIGN = "import of a foreign module, with the finder : without"
BY_HAND = "by hand, or by lazy_loader : the same plain"


@dataclass(frozen=True, slots=True)
class _Case:
    """One comparison that a child makes in turns.

    Attributes:
        section: what is compared.
        what: who of us.
        limit: the largest ratio that is wanted; None where none is promised.
        arguments: what ``benchmarks.children.namespaces`` is to measure.
    """

    section: str
    what: str
    limit: float | None
    arguments: tuple[str, str]


def _cases() -> Iterator[_Case]:
    yield _Case(READ, "attach, all loaded", 1.1, ("read", "closed"))
    yield _Case(READ, "attach, all loaded, one named like its submodule", 1.1, ("read", "closed-shadowing"))
    yield _Case(READ, "attach, partly loaded", 4, ("read", "open"))
    yield _Case(READ, "host.namespace, partly loaded", 4, ("read", "plugin"))
    yield _Case(READ, "host.classes.<namespace>, partly loaded", 4, ("read", "class"))
    yield _Case(READ, "host.classes.<namespace>, all loaded", 4, ("read", "class-of-all"))
    yield _Case(READ, "<application>.classes.<namespace>, mounted", 4, ("read", "class-mounted"))
    yield _Case(CHAIN, "host.classes.vision.Net", 4, ("read", "chain"))
    yield _Case(CHAIN, "<application>.classes.vision.Net, mounted", 4, ("read", "chain-mounted"))
    yield _Case(TOUCH, "attach, package.submodule", 1.08, ("touch", "submodule"))
    yield _Case(TOUCH, "attach, from package import submodule", 1.08, ("touch", "from"))
    yield _Case(TOUCH, "attach, attribute of a submodule", None, ("touch", "attribute"))
    yield _Case(TOUCH, "host.classes.vision.Net", None, ("touch", "class"))
    yield _Case(FINDER, "import application.plugins.name", 1.2, ("touch", "plugin"))
    yield _Case(FINDER, "from application.plugins import name", 1.2, ("touch", "from-plugins"))
    yield _Case(FOREIGN, "plugins and classes mounted", 1.02, ("touch", "foreign"))
    yield _Case(BY_HAND, "read, __getattr__ by hand, partly loaded", None, ("read", "open-by-hand"))
    yield _Case(BY_HAND, "read, lazy_loader, partly loaded", None, ("read", "open-of-peer"))
    yield _Case(BY_HAND, "first touch, __getattr__ by hand", None, ("touch", "submodule-by-hand"))
    yield _Case(BY_HAND, "first touch, finder by hand", None, ("touch", "plugin-by-hand"))


def _cases_with_torch() -> Iterator[_Case]:
    yield _Case(TORCH, "attach, partly loaded", 1, ("read", "torch-open"))
    yield _Case(TORCH, "host.namespace, partly loaded", 1, ("read", "torch-plugin"))
    yield _Case(TORCH, "host.classes.<namespace>, partly loaded", 1, ("read", "torch-class"))
    yield _Case(TORCH, "host.classes.vision.Net, the whole chain", 1, ("read", "torch-chain"))


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Write all packages and compile them, and return every command that is measured; torch's only where it is."""
    # A copy, for the project's folder on their path would hide the plugframe that is installed.
    code = environment.root / "code"
    shutil.copytree(Path(__file__).parent, code / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    packages.generate(code)
    imports.prepare(environment, code, sizes)
    compileall.compile_dir(code, quiet=1)
    variables = environment.variables(home=environment.home("comparisons"), path=code) | {"PLUGFRAME_CACHE": "off"}
    cases = [*_cases(), *(_cases_with_torch() if "torch" in environment.versions else ())]
    comparing = [
        Contender(
            section=case.section,
            size=0,
            what=case.what,
            command=(str(environment.python), "-m", "benchmarks.children.namespaces", *case.arguments),
            environment=variables,
            folder=environment.empty_folder(),
            read=_read,
            ours=True,
        )
        for case in cases
    ]
    return [*comparing, *(contender for size in sizes for contender in imports.contenders(environment, code, size))]


def _read(output: str) -> Answer:
    # What is imported may warn, as torch does; the answer is the last line.
    return Answer(comparison=Comparison(**json.loads(output.splitlines()[-1])))


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures with what the framework promises."""
    found = []
    for case in (*_cases(), *_cases_with_torch()):
        if case.limit is not None:
            figure = find(figures, case.section, 0, case.what)
            found.append(Goal(f"{case.section}, {case.what}", case.limit, figure.median_ratio if figure else None))
    return found + imports.goals(figures)


def notes() -> list[str]:
    """Say how the figures came about."""
    return [
        "In turns: in one process, reads in blocks of 1 ms, first touches of one module each. RATIO is the median of",
        "all processes, each the median of the ratios of neighbouring turns; LOWEST and HIGHEST are those of single",
        "processes. Partly loaded: the name that is read is, others of the same namespace are not.",
        "torch.classes has a class that torch registers itself; it is compared where torch is installed: --peer torch.",
        "By hand: without errors of its own, threads and submodules (packages.py and children/handwritten_finder.py).",
        "Import: MEDIAN is the time inside the child. A tenth of the names are submodules, the rest attributes of",
        "these. That no other submodule was imported, and no parser where none is needed, was seen to.",
    ]
