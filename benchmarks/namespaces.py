"""The topic ``namespaces``: reading lazy names, touching them first, the finder, and importing many of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import comparisons, imports, packages
from benchmarks.comparisons import Case
from benchmarks.environments import Environment
from benchmarks.measure import Contender, Figure
from benchmarks.report import Goal

SIZES = (imports.SIZE,)  # lazy names of the packages that are imported
READ = "attribute already loaded : a plain module's"
CHAIN = "three attributes in a row, already loaded : those of plain packages"
TORCH = "attribute already loaded : torch.classes"
TOUCH = "first touch : plain import"
FINDER = "first touch through the finder : plain import of the real module"
FOREIGN = "import of a foreign module, with the finder : without"
BY_HAND = "by hand, or by lazy_loader : the same plain"


def _cases() -> Iterator[Case]:
    yield Case(READ, "attach, all loaded", 1.1, ("read", "closed"))
    yield Case(READ, "attach, all loaded, one named like its submodule", 1.1, ("read", "closed-shadowing"))
    yield Case(READ, "attach, partly loaded", 4, ("read", "open"))
    yield Case(READ, "host.namespace, partly loaded", 4, ("read", "plugin"))
    yield Case(READ, "host.classes.<namespace>, partly loaded", 4, ("read", "class"))
    yield Case(READ, "host.classes.<namespace>, all loaded", 4, ("read", "class-of-all"))
    yield Case(READ, "<application>.classes.<namespace>, mounted", 4, ("read", "class-mounted"))
    yield Case(CHAIN, "host.classes.vision.Net", 4, ("read", "chain"))
    yield Case(CHAIN, "<application>.classes.vision.Net, mounted", 4, ("read", "chain-mounted"))
    yield Case(TOUCH, "attach, package.submodule", 1.08, ("touch", "submodule"))
    yield Case(TOUCH, "attach, from package import submodule", 1.08, ("touch", "from"))
    yield Case(TOUCH, "attach, attribute of a submodule", None, ("touch", "attribute"))
    yield Case(TOUCH, "host.classes.vision.Net", None, ("touch", "class"))
    yield Case(FINDER, "import application.plugins.name", 1.2, ("touch", "plugin"))
    yield Case(FINDER, "from application.plugins import name", 1.2, ("touch", "from-plugins"))
    yield Case(FOREIGN, "plugins and classes mounted", 1.02, ("touch", "foreign"))
    yield Case(BY_HAND, "read, __getattr__ by hand, partly loaded", None, ("read", "open-by-hand"))
    yield Case(BY_HAND, "read, lazy_loader, partly loaded", None, ("read", "open-of-peer"))
    yield Case(BY_HAND, "first touch, __getattr__ by hand", None, ("touch", "submodule-by-hand"))
    yield Case(BY_HAND, "first touch, finder by hand", None, ("touch", "plugin-by-hand"))


def _cases_with_torch() -> Iterator[Case]:
    yield Case(TORCH, "attach, partly loaded", 1, ("read", "torch-open"))
    yield Case(TORCH, "host.namespace, partly loaded", 1, ("read", "torch-plugin"))
    yield Case(TORCH, "host.classes.<namespace>, partly loaded", 1, ("read", "torch-class"))
    yield Case(TORCH, "host.classes.vision.Net, the whole chain", 1, ("read", "torch-chain"))


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Write all packages and compile them, and return every command that is measured; torch's only where it is."""

    def write(code: Path) -> None:
        packages.generate(code)
        imports.prepare(environment, code, sizes)

    code = comparisons.copy_code(environment, add=write)
    cases = [*_cases(), *(_cases_with_torch() if "torch" in environment.versions else ())]
    comparing = comparisons.contenders(environment, code, cases, module="benchmarks.children.namespaces")
    return [*comparing, *(contender for size in sizes for contender in imports.contenders(environment, code, size))]


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures with what the framework promises."""
    return comparisons.goals((*_cases(), *_cases_with_torch()), figures) + imports.goals(figures)


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
