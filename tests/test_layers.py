"""The floors of the house: a room imports only rooms on lower floors, wherever the import stands."""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

FLOORS = {
    "errors": 0,
    "handles": 0,
    "records": 0,
    "discovery": 1,
    "calls": 1,
    "namespaces": 1,
    "policy": 2,
    "hooks": 2,
    "registry": 2,
    "operations": 2,
    "loading": 3,
    "host": 4,
    "classes": 5,
    "freezing": 5,
    "overlay": 5,
    "testing": 5,
    "cli": 6,
}
OUTSIDE = {"", "__init__", "__main__"}  # the public names and the command stand above all floors
MOST_LINES_OF_HOST = 400


def package() -> Path:
    """Return the folder of the plugframe that is tested."""
    spec = find_spec("plugframe")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def room(module: str) -> str:
    """Return the room of a module, such as ``discovery`` of ``plugframe.discovery.index``."""
    return [*module.split("."), ""][1]


def imports(source: str, module: str, *, is_package: bool) -> Iterator[tuple[int, str]]:
    """Yield the line and the module of every import: top-level, in functions, for type checkers, by function call."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield node.lineno, base
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            yield from (
                (node.lineno, argument.value)
                for argument in node.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )


def climbing(source: str, module: str, *, is_package: bool) -> list[str]:
    """Return the imports of a module that reach a room on its own floor or above."""
    mine = room(module)
    if mine in OUTSIDE:
        return []
    return [
        f"{module}:{line} imports {target}"
        for line, target in imports(source, module, is_package=is_package)
        if target.split(".")[0] == "plugframe"
        and (theirs := room(target)) not in {mine, ""}
        and (theirs not in FLOORS or FLOORS[theirs] >= FLOORS[mine])
        and theirs != "__version__"
    ]


def modules() -> list[tuple[str, Path]]:
    """Return the name and file of every module of plugframe."""
    found = []
    for path in sorted(package().rglob("*.py")):
        parts = ("plugframe", *path.relative_to(package()).with_suffix("").parts)
        found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


@pytest.mark.parametrize(("module", "path"), [pytest.param(name, path, id=name) for name, path in modules()])
def test_a_room_imports_only_rooms_on_lower_floors(module: str, path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert climbing(source, module, is_package=path.name == "__init__.py") == []


@pytest.mark.parametrize(
    "source",
    [
        "from plugframe.host import Host",
        "import plugframe.cli.app",
        "def f():\n    from plugframe.loading import plugins",
        "from ..hooks import framework",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from plugframe import host",
        "import importlib\nimportlib.import_module('plugframe.registry.classes')",
        "__import__('plugframe.nowhere')",
    ],
)
def test_an_upward_edge_of_any_kind_is_seen(source: str) -> None:
    assert climbing(source, "plugframe.policy.decisions", is_package=False)


def test_every_room_stands_on_a_floor() -> None:
    assert {room(name) for name, _ in modules()} - OUTSIDE == set(FLOORS)


def test_nothing_in_the_package_imports_what_is_for_its_development() -> None:
    development = {"pytest", "hypothesis", "tests", "benchmarks", "tox"}
    for name, path in modules():
        found = {target.split(".")[0] for _, target in imports(path.read_text(), name, is_package=False)}
        assert not found & development, name


def test_the_host_only_wires() -> None:
    assert len((package() / "host.py").read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_HOST
