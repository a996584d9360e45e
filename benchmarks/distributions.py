"""Folders of made-up distributions that look like what pip leaves behind."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

GROUP = "bench.plugins"
HOST = GROUP.partition(".")[0]
VERSION = "1.1"
IMPORT_SECONDS = 0.005  # how long the module of a plugin with hooks takes to run

_HEADERS = """\
Metadata-Version: 2.4
Name: dist-{number:04d}
Version: {version}
Summary: Distribution {number} of the benchmark: adds one thing to an application and documents it at some length
Author-email: Somebody Who Maintains It <maintainer-{number}@example.org>, Another One <another-{number}@example.org>
Maintainer-email: The Benchmark Maintainers <maintainers-{number}@example.org>
License-Expression: MIT
License-File: LICENSE
Project-URL: Homepage, https://example.org/projects/dist-{number:04d}
Project-URL: Documentation, https://example.org/projects/dist-{number:04d}/docs/latest/index.html
Project-URL: Changelog, https://example.org/projects/dist-{number:04d}/docs/latest/changelog.html
Project-URL: Source, https://example.org/projects/dist-{number:04d}/source/tree/main
Project-URL: Issues, https://example.org/projects/dist-{number:04d}/issues
Project-URL: Funding, https://example.org/projects/dist-{number:04d}/how-to-support-the-maintainers
Project-URL: Release notes, https://example.org/projects/dist-{number:04d}/docs/latest/release-notes.html
Keywords: benchmark,distribution,metadata,plugins,entry points,discovery,applications,extension
{classifiers}
Requires-Python: >=3.9
Description-Content-Type: text/markdown
{requires}
Provides-Extra: test
Provides-Extra: docs
Dynamic: license-file

"""
_CLASSIFIERS = (
    "Development Status :: 5 - Production/Stable",
    "Environment :: Console",
    "Framework :: Sphinx :: Extension",
    "Intended Audience :: Developers",
    "Intended Audience :: Information Technology",
    "Intended Audience :: Science/Research",
    "Intended Audience :: System Administrators",
    "Natural Language :: English",
    "Operating System :: MacOS :: MacOS X",
    "Operating System :: Microsoft :: Windows",
    "Operating System :: POSIX :: Linux",
    *(f"Programming Language :: Python :: 3.{minor}" for minor in range(9, 16)),
    "Programming Language :: Python :: 3 :: Only",
    "Programming Language :: Python :: Implementation :: CPython",
    "Programming Language :: Python :: Implementation :: PyPy",
    "Topic :: Scientific/Engineering :: Information Analysis",
    "Topic :: Software Development :: Libraries :: Application Frameworks",
    "Topic :: Software Development :: Libraries :: Python Modules",
    "Topic :: System :: Archiving :: Packaging",
    "Topic :: Utilities",
    "Typing :: Typed",
)
_REQUIRES = (  # All of them can be met: an unmet one would be a finding, and the finding's cost would be measured.
    "packaging>=21",
    "pluggy>=1.0",
    'importlib-metadata>=4.6; python_version < "3.15"',
    'colorama>=0.4; sys_platform == "win32"',
    'pytest>=7.0; extra == "test"',
    'pytest-cov>=4.0; extra == "test"',
    'sphinx>=6.0; extra == "docs"',
    'furo>=2023.1.1; extra == "docs"',
    'sphinx-copybutton>=0.5; extra == "docs"',
    'myst-parser[linkify]>=1.0; extra == "docs"',
)
_PARAGRAPH = (
    "It says what the distribution does, how to install it, how to configure it and what changed in the last versions, "
    "as the descriptions of most projects do, with a list of links and a few lines of code between the paragraphs.\n\n"
    "```python\nimport dist_{number:04d}\n\ndist_{number:04d}.register()\n```\n\n"
)
_MODULE = '''\
"""Plugin {number}, which takes its time."""

import time

import pluggy

hookimpl = pluggy.HookimplMarker("{host}")
end = time.perf_counter() + {seconds}
while time.perf_counter() < end:
    pass
'''
_MODULES = ("models", "readers")
_CLASSES = 7
_CLASS = '''

class Thing{number}:
    """A thing with a name and a size."""

    limit = {number}

    def __init__(self, name, *, size=0):
        self.name = name
        self.size = size

    def grow(self, by):
        if by < 0:
            raise ValueError(f"{{by}} is less than 0")
        self.size += by * self.limit
        return [self.name, *(each for each in range(self.size) if each % 2)]
'''
_HOOK = """

@hookimpl
def {hook}(page):
    return "{name}"
"""


def generate(folder: Path, count: int) -> tuple[str, ...]:
    """Write well-formed distributions, each with one module, into a new folder.

    A third of them have one entry in ``GROUP``, half of those a console script as well; one in four was requested.

    Returns:
        The names of the entries in ``GROUP``, sorted.
    """
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        _write_plain(folder, number)
    return tuple(sorted(_plugin_name(number) for number in range(1, count + 1) if _is_plugin(number)))


def generate_with_hooks(folder: Path, count: int) -> tuple[str, ...]:
    """Write well-formed distributions into a new folder, each a plugin that declares and implements a hook of its own.

    The first, the middle and the last implement ``render`` too, and return their names from it.

    Args:
        folder: where.
        count: how many, 3 or more.

    Returns:
        The names of the plugins that implement ``render``, sorted.
    """
    folder.mkdir(parents=True)
    rendering = (1, (count + 1) // 2, count)
    for number in range(1, count + 1):
        hooks = [f"h{number:03d}", *(["render"] if number in rendering else [])]
        _write_plugin(folder, number, hooks)
    return tuple(f"p{number:03d}" for number in rendering)


def generate_with_packages(folder: Path, count: int) -> tuple[str, ...]:
    """Write well-formed distributions into a new folder, each a plugin that is a package of some modules.

    They import each other and take no time but that of being imported: each module has about 100 lines.

    Returns:
        The names of the plugins, sorted.
    """
    folder.mkdir(parents=True)
    names = tuple(f"p{number:03d}" for number in range(1, count + 1))
    for number, name in enumerate(names, 1):
        code = "".join(_CLASS.format(number=each) for each in range(_CLASSES))
        modules = {f"{name}_package/{module}.py": f"# {name}\n{code}" for module in _MODULES}
        imports = "".join(f"from {name}_package import {module}\n" for module in _MODULES)
        modules[f"{name}_package/__init__.py"] = ""
        modules[f"{name}_package/plugin.py"] = imports + code
        _write_distribution(folder, number, modules, f"[{GROUP}]\n{name} = {name}_package.plugin\n")
    return names


def _write_plugin(folder: Path, number: int, hooks: Sequence[str]) -> None:
    name = f"p{number:03d}"
    module = f"{name}_module"
    functions = (_HOOK.format(hook=hook, name=name) for hook in hooks)
    text = _MODULE.format(number=number, host=HOST, seconds=IMPORT_SECONDS) + "".join(functions)
    declared = "".join(f"{name}.{hook} = {module}:{hook}\n" for hook in hooks)
    entry_points = f"[{GROUP}]\n{name} = {module}\n\n[{HOST}.hooks]\n{declared}"
    _write_distribution(folder, number, {f"{module}.py": text}, entry_points)


def _is_plugin(number: int) -> bool:
    return number % 3 == 0


def _plugin_name(number: int) -> str:
    return f"plugin_{number:04d}"


def _write_plain(folder: Path, number: int) -> None:
    module = f'"""Plugin {number}."""\n\n\ndef register():\n    return {number}\n'
    entry_points = _entry_points(number) if _is_plugin(number) else None
    _write_distribution(folder, number, {f"dist_{number:04d}.py": module}, entry_points)


def _write_distribution(folder: Path, number: int, modules: Mapping[str, str], entry_points: str | None) -> None:
    info = f"dist_{number:04d}-{VERSION}.dist-info"
    files = {
        **modules,
        f"{info}/METADATA": _metadata(number),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hatchling 1.27.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/INSTALLER": "pip\n",
    }
    if number % 4 == 0:
        files[f"{info}/REQUESTED"] = ""
    if entry_points is not None:
        files[f"{info}/entry_points.txt"] = entry_points
    files[f"{info}/RECORD"] = "".join(_record_line(name, text) for name, text in files.items()) + f"{info}/RECORD,,\n"
    (folder / info).mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(text.encode())


def _metadata(number: int) -> str:
    classifiers = "\n".join(f"Classifier: {line}" for line in _CLASSIFIERS)
    requires = "\n".join(f"Requires-Dist: {line}" for line in _REQUIRES[: 6 + number % 5])
    headers = _HEADERS.format(number=number, version=VERSION, classifiers=classifiers, requires=requires)
    title = f"# dist-{number:04d}\n\n"
    return headers + title + _PARAGRAPH.format(number=number) * (10 + number % 10)


def _entry_points(number: int) -> str:
    module = f"dist_{number:04d}"
    scripts = f"[console_scripts]\ndist-{number:04d} = {module}:register\n\n" if number % 6 == 0 else ""
    return f"{scripts}[{GROUP}]\n{_plugin_name(number)} = {module}:register\n"


def _record_line(name: str, text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(text.encode())}\n"
