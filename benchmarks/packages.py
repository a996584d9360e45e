"""Made-up packages, plugins and an application, the lazy ones next to plain ones that are the same otherwise."""

from collections.abc import Mapping
from pathlib import Path

TOUCHED = 240  # modules of each kind, each for one first touch; the first of them for what happens once
CLASSES = 3  # of the registry's namespace that is read from
NAMES_IN_MODULE = 9  # of each submodule of a package with many names, beside the submodule's own

_TRIVIAL = '"""Module {number}."""\n\nvalue_{number:04d} = {number}\n'
_WITH_CLASS = '"""Module {number}."""\n\n\nclass Net{number:04d}:\n    """Net {number}."""\n\n    number = {number}\n'
_ATTACH = "import {module}\n\n__getattr__, __dir__, __all__ = {module}.{function}(__name__, {arguments})\n"
_BY_HAND = """\
import sys
from importlib import import_module

_SUBMODULES = frozenset({submodules})
_MODULES = {modules}
__all__ = sorted([*_SUBMODULES, *_MODULES])


def __getattr__(name):
    if name in _SUBMODULES:
        return import_module(f"{{__name__}}.{{name}}")
    if name in _MODULES:
        value = globals()[name] = getattr(import_module(f"{{__name__}}.{{_MODULES[name]}}"), name)
        return value
    raise AttributeError(name)


def __dir__():
    return __all__
"""
_APPLICATION = {
    "__init__.py": "import os\n\nimport plugframe\n\n"
    "host = plugframe.Host(__name__, path=[os.path.dirname(os.path.dirname(__file__))])\n",
    "plugins/__init__.py": "from hosted import host\n\nhost.namespace(__name__)\n",
    "classes/__init__.py": "from hosted import host\n\nhost.classes.mount(__name__)\n",
}
_PLAIN_APPLICATION = {
    "__init__.py": "",
    "plugins.py": "import plugin_0000\n",
    "values.py": "value_0000 = 0\n",
    "classes/__init__.py": "",
    "classes/vision.py": "from net_0000 import Net0000\n",
}

Tree = Mapping[str, str]


def generate(folder: Path) -> None:
    """Write what is read from and touched into a folder that is to be on the path.

    ``hosted`` is an application with a namespace for its plugins and a mount for its classes, ``plain_hosted`` has the
    same attributes without a framework. The packages that begin with ``lazy_`` and ``plain_`` have the same submodules.
    """
    numbers = range(TOUCHED)
    submodules = {f"m{number:04d}": _TRIVIAL.format(number=number) for number in numbers}
    values = {f"m{number:04d}": [f"value_{number:04d}"] for number in numbers}
    few = {f"m{number:04d}": [f"value_{number:04d}"] for number in range(CLASSES)}
    shadowing = {"tree": ["tree"], **few}
    for name, start in {
        "plain_package": "",
        "lazy_package": _attach(list(submodules), {}),
        "lazy_by_hand": _by_hand(list(submodules), {}),
        "lazy_values": _attach([], values),
        "lazy_values_by_hand": _by_hand([], values),
        "lazy_values_of_peer": _attach([], values, module="lazy_loader"),
        "lazy_closed": _attach([], few),
        "lazy_shadowing": _attach([], shadowing),
    }.items():
        _write(folder / name, {"__init__.py": start, **{f"{module}.py": text for module, text in submodules.items()}})
    _write(folder / "lazy_shadowing", {"tree.py": "def tree():\n    return 0\n"})
    _write_application(folder)


def _write_application(folder: Path) -> None:
    _write(folder / "hosted", _APPLICATION)
    _write(folder / "plain_hosted", _PLAIN_APPLICATION)
    for number in range(TOUCHED):
        trivial, with_class = _TRIVIAL.format(number=number), _WITH_CLASS.format(number=number)
        single = {f"{kind}_{number:04d}.py": trivial for kind in ("plugin", "single", "foreign", "other")}
        _write(folder, {**single, f"net_{number:04d}.py": with_class, f"plain_net_{number:04d}.py": with_class})
    plugins = [f"plugin_{number:04d} = plugin_{number:04d}" for number in range(TOUCHED)]
    # Two namespaces: one is read from while some of its classes are not loaded, of the other all are.
    classes = [f"vision.Net{number:04d} = net_{number:04d}:Net{number:04d}" for number in range(TOUCHED)]
    classes += [f"few.Net{number:04d} = net_{number:04d}:Net{number:04d}" for number in range(CLASSES)]
    lines = ["[hosted.plugins]", *plugins, "", "[hosted.classes]", *classes, ""]
    files = {
        "METADATA": "Metadata-Version: 2.4\nName: hosted-plugins\nVersion: 1.0\nSummary: All that hosted takes\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: hatchling 1.27.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "INSTALLER": "pip\n",
        "entry_points.txt": "\n".join(lines),
    }
    _write(folder / "hosted_plugins-1.0.dist-info", files)


def generate_large(folder: Path, count: int) -> None:
    """Write packages with so many names, a tenth of them submodules and the others attributes of these.

    Args:
        folder: is to be on the path.
        count: how many names; the packages' names end with it.
    """
    attributes = names_by_module(count)
    modules = list(attributes)
    eager = "".join(f"from .{module} import {', '.join(names)}\n" for module, names in attributes.items() if names)
    stub = f"from . import {', '.join(modules)}\n{eager}"
    for name, start in {
        "eager": stub,
        "attach": _attach(modules, attributes),
        "peer_attach": _attach(modules, attributes, module="lazy_loader"),
        "by_hand": _by_hand(modules, attributes),
        "stub": _ATTACH.format(module="plugframe", function="attach_stub", arguments="__file__"),
        "stub_parsed": _ATTACH.format(module="plugframe", function="attach_stub", arguments="__file__"),
        "peer_stub": _ATTACH.format(module="lazy_loader", function="attach_stub", arguments="__file__"),
    }.items():
        files = {f"{module}.py": _values(names) for module, names in attributes.items()}
        stubs = {"__init__.pyi": stub} if "attach_stub" in start else {}
        _write(folder / f"{name}_{count}", {"__init__.py": start, **stubs, **files})


def names_by_module(count: int) -> dict[str, list[str]]:
    """Return the submodules of a package, and the attributes in each, that are so many names together."""
    together = NAMES_IN_MODULE + 1
    starts = {f"m{start // together:04d}": start for start in range(0, count, together)}
    return {
        module: [f"{module}_{number}" for number in range(min(together, count - start) - 1)]
        for module, start in starts.items()
    }


def _attach(modules: list[str], attributes: Mapping[str, list[str]], *, module: str = "plugframe") -> str:
    return _ATTACH.format(module=module, function="attach", arguments=f"{modules!r}, {attributes!r}")


def _by_hand(modules: list[str], attributes: Mapping[str, list[str]]) -> str:
    targets = {name: module for module, names in attributes.items() for name in names}
    return _BY_HAND.format(submodules=modules, modules=targets)


def _values(names: list[str]) -> str:
    return "".join(f"{name} = {number}\n" for number, name in enumerate(names))


def _write(folder: Path, files: Tree) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
