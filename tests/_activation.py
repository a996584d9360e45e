"""Plugins that declare their hooks or do not, fresh processes that call some, and all ways to change a plugin."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

from _changes import keep_folder_time, replace, rewrite
from _sites import plugin

import plugframe
from plugframe.testing.environments import Tree, distribution, write_tree

PATIENCE = 60
"""Seconds after which a process counts as hanging."""
MODES = ("declared", "learned", "eager")

APPLICATION = """
    import os
    import plugframe

    host = plugframe.Host("myapp", activation=os.environ.get("ACTIVATION", "declared"))
    hookimpl = host.hookimpl

    @host.hookspec
    def render(page): ...

    @host.hookspec
    def finish(page): ...
"""
CALLS = """
    import json, os, sys
    if os.environ.get("FIRST"):
        exec(os.environ["FIRST"])
    from myapp import host
    results = {hook: getattr(host.hook, hook)(page="p") for hook in sys.argv[1:]}
    told = {
        "results": results,
        "imported": sorted(name for name in sys.modules if isinstance(name, str) and name.startswith("acme_")),
        "states": {result.plugin.name: result.state for result in host.report()},
    }
    print(json.dumps(told))
"""


class Called(NamedTuple):
    """What a fresh process told that called some hooks.

    Attributes:
        results: hook to what its call returned.
        imported: the modules of plugins that were imported in the end, sorted.
        states: plugin to what became of it.
    """

    results: dict[str, Any]
    imported: list[str]
    states: dict[str, str]


def says(*hooks: str, name: str = "__name__") -> str:
    """Return a module's code that implements hooks by telling the module's name."""
    functions = "".join(f"\n@hookimpl\ndef {hook}(page):\n    return {name}\n" for hook in hooks)
    return f"from myapp import hookimpl\n{functions}"


def declares(
    name: str, *hooks: str, code: str | None = None, target: str = "{module}", version: str = "1.0"
) -> dict[str, "str | bytes | Tree"]:
    """Return the tree of the distribution of one plugin that declares hooks, and by default implements them."""
    entries = {f"{name}.{hook}": f"acme_{name}:{hook}" for hook in hooks}
    code = says(*hooks) if code is None else code
    return plugin(name, code, target=target, version=version, also={"myapp.hooks": entries})


def specified(hook: str) -> Callable[[str], None]:
    """Return a function that specifies a hook."""

    def specification(page: str) -> None: ...

    specification.__name__ = hook
    return specification


class World:
    """The application ``myapp``, a folder that plugins are installed in, and fresh processes that use both."""

    def __init__(self, root: Path, *trees: Tree, application: str = "") -> None:
        """Write the application, with some more code of its own, and install distributions."""
        self.site = root / "site"
        self.cache = root / "cache"
        self.more: list[Path] = []
        self.install({"myapp.py": dedent(APPLICATION) + dedent(application)}, *trees)

    def install(self, *trees: Tree) -> None:
        """Write distributions or modules."""
        for tree in trees:
            write_tree(self.site, tree)

    def uninstall(self, name: str) -> None:
        """Remove a distribution's metadata; its modules stay."""
        (folder,) = self.site.glob(f"{name}-*.dist-info")
        shutil.rmtree(folder)

    def start(
        self,
        code: str,
        *arguments: str,
        activation: str = "declared",
        python: str | Path = sys.executable,
        flags: Iterable[str] = (),
        cwd: str | Path = os.sep,
        **variables: str,
    ) -> subprocess.Popen[str]:
        """Start a fresh process; nothing that it imports leaves bytecode behind."""
        package = os.path.dirname(os.path.dirname(plugframe.__file__))
        path = [*map(os.fspath, (*self.more, self.site)), package, os.path.dirname(__file__)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPYCACHEPREFIX": "",  # elsewhere there may be no bytecode of the standard library to start with
            "PLUGFRAME_CACHE": os.fspath(self.cache),
            "ACTIVATION": activation,
            **variables,
        }
        return subprocess.Popen(
            [python, "-X", "faulthandler", *flags, "-c", dedent(code), *arguments], env=environment, cwd=cwd, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, code: str, *arguments: str, activation: str = "declared", **how: str) -> str:
        """Run code in a fresh process, and return what it printed."""
        return finish(self.start(code, *arguments, activation=activation, **how))

    def call(
        self,
        *hooks: str,
        activation: str = "learned",
        python: str | Path = sys.executable,
        flags: Iterable[str] = (),
        cwd: str | Path = os.sep,
        **variables: str,
    ) -> Called:
        """Call hooks in a fresh process, one after the other.

        Args:
            hooks: their names.
            activation: the host's.
            python: the interpreter.
            flags: its options.
            cwd: where it runs.
            variables: environment variables; ``FIRST`` is code to run before the application is imported.
        """
        process = self.start(CALLS, *hooks, activation=activation, python=python, flags=flags, cwd=cwd, **variables)
        return Called(**json.loads(finish(process)))

    def record(self) -> Path:
        """Return the one file that holds what was learned."""
        (found,) = self.records()
        return found

    def records(self) -> list[Path]:
        """Return the files that hold what was learned: those that are no index."""
        return [path for path in sorted(self.cache.iterdir()) if not path.read_bytes().startswith(b"plugframe-index")]


def finish(process: subprocess.Popen[str]) -> str:
    """Return what a process printed once it has ended well."""
    try:
        printed, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    return printed


def other_pythons() -> Iterator[str]:
    """Yield one interpreter of each other version from 3.11 on, found on PATH or where pyenv keeps them."""
    names = [f"python3.{minor}" for minor in range(11, 20)]
    found = [path for name in names if (path := shutil.which(name))]
    found += map(os.fspath, sorted(Path.home().glob(".pyenv/versions/3.*/bin/python")))
    seen = {"{}.{}".format(*sys.version_info)}
    for path in found:
        ask = [path, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
        version = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
        if version and int(version.partition(".")[2]) > 10 and version not in seen:
            seen.add(version)
            yield path


# Ways to change a plugin so that it implements another hook. "acme_me" stands for the plugin's module, in code and in
# the names of files, and for what it answers.

SAYS = says("render", name='"acme_me"')
FINISHES = says("finish", name='"acme_me"')
NOTHING = ""
STARRED = "from acme_me.inner import *\n"
SCANS = """
import importlib, pkgutil
for found in pkgutil.iter_modules([folder + {below!r} for folder in __path__]):
    module = importlib.import_module(f"{{__name__}}{dotted}.{{found.name}}")
    globals().update({{name: value for name, value in vars(module).items() if not name.startswith("_")}})
"""
SCANS_ITSELF = SCANS.format(below="", dotted="")
SCANS_BELOW = SCANS.format(below="/below", dotted=".below")
SCANS_NAMESPACE = """
import importlib, pkgutil
for found in pkgutil.iter_modules(acme_me.__path__):
    if found.name != "plugin":
        finish = importlib.import_module("acme_me." + found.name).finish
"""
INDENTED = "".join(f"    {line}\n" for line in FINISHES.splitlines())
BY_NAME = f"""
import importlib
{SAYS}
module = importlib.import_module("acme_me" + "_2")
globals().update({{name: value for name, value in vars(module).items() if not name.startswith("_")}})
"""
SCANNER = {"__init__.py": SCANS_ITSELF, "one.py": SAYS}
DERIVED = "from acme_me_base import Base\n\nclass Plugin(Base): ...\n\nplugin = Plugin()\n"
BASE = (
    "from myapp import hookimpl\n\nclass Base:\n    @hookimpl\n    def {hook}(self, page):\n        return 'acme_me'\n"
)
REPLACES_ITSELF = f"import sys\nfrom myapp import hookimpl\n{DERIVED}\nsys.modules[__name__] = plugin\n"
ADDED = "class Plugin(Base):\n    @hookimpl\n    def finish(self, page):\n        return 'acme_me'\n"
INSTANCE = f"{BASE.format(hook='render')}\nplugin = Base()\n"
CLASS = """
from myapp import hookimpl

class Plugin:
    @staticmethod
    @hookimpl
    def render(page):
        return "acme_me"
"""
DECORATED = "from acme_me_lib import mark\n\n@mark\ndef render(page):\n    return 'acme_me'\n"
WRAPS = """
import functools
from myapp import hookimpl

def mark(function):
    @functools.wraps(function)
    def inner(page):
        return function(page)
    return hookimpl(specname="render")(inner)
"""
MARKS = 'from myapp import hookimpl\n\ndef mark(function):\n    return hookimpl(specname="render")(function)\n'
WITHOUT_WRAPS = WRAPS.replace("    @functools.wraps(function)\n", "")

Edit = Callable[[Path, str], object]


class Change(NamedTuple):
    """A plugin that implements ``render`` at most, and what makes it implement ``finish``.

    Attributes:
        modules: its distribution's.
        edit: changes it, given the folder it is installed in and what stands for ``acme_me``.
        target: its entry point's value.
        other: the modules of another distribution.
    """

    modules: Tree
    edit: Edit
    target: str = "acme_me"
    other: Tree = {}  # noqa: RUF012 # a mapping that nobody changes


def _writes(*path: str, content: str) -> Edit:
    """Return an edit that writes a file, new or there before, with the times that this gives it."""

    def edit(at: Path, me: str) -> None:
        file = at.joinpath(*path[:-1]) / path[-1]
        file = Path(str(file).replace("acme_me", me))
        file.parent.mkdir(exist_ok=True)
        file.write_text(content.replace("acme_me", me), encoding="utf-8")

    return edit


def _turns(
    *path: str, how: Callable[[Path, str, str], object] = rewrite, old: str = "render", new: str = "finish"
) -> Edit:
    """Return an edit that puts other words in a file's text; all looks as before but what cannot be forged."""
    return lambda at, me: how(
        at.joinpath(*(part.replace("acme_me", me) for part in path)),
        old.replace("acme_me", me),
        new.replace("acme_me", me),
    )


def _keeping_folder_time(folder: str, edit: Edit) -> Edit:
    return lambda at, me: keep_folder_time(at / folder.replace("acme_me", me), lambda: edit(at, me))


def _links(at: Path, me: str) -> None:
    (at / f"{me}.py").unlink()
    (at / f"{me}.py").symlink_to(f"{me}_other.py")


def _hides(at: Path, me: str) -> None:
    """Put a module of the same name in a folder that is earlier on the path."""
    write_tree(at.parent / "earlier", {f"{me}.py": FINISHES.replace("acme_me", me)})


def _adds_portion(at: Path, me: str) -> None:
    """Put another portion of a namespace package in a folder that is later on the path."""
    write_tree(at.parent / "later", {me: {"two.py": FINISHES.replace("acme_me", me)}})


MODULE: Tree = {"acme_me.py": SAYS}
PACKAGE: Tree = {"acme_me": {"__init__.py": STARRED, "inner.py": SAYS}}

EDITS: Mapping[str, Change] = {
    "edited in place": Change(MODULE, _writes("acme_me.py", content=f"{FINISHES}# longer\n")),
    "edited in place, of the same size": Change(MODULE, _writes("acme_me.py", content=FINISHES)),
    "edited in place, its time set back": Change(MODULE, _turns("acme_me.py")),
    "replaced, its time set back": Change(MODULE, _turns("acme_me.py", how=replace)),
    "linked to another file": Change({**MODULE, "acme_me_other.py": FINISHES}, _links),
    "instance edited": Change({"acme_me.py": INSTANCE}, _turns("acme_me.py"), "acme_me:plugin"),
    "class edited": Change({"acme_me.py": CLASS}, _turns("acme_me.py"), "acme_me:Plugin"),
    "submodule edited": Change(PACKAGE, _writes("acme_me", "inner.py", content=FINISHES)),
    "submodule edited, its time set back": Change(PACKAGE, _turns("acme_me", "inner.py")),
    "submodule without a hook edited": Change(
        {"acme_me": {"__init__.py": f"{SAYS}{STARRED}", "inner.py": NOTHING}},
        _writes("acme_me", "inner.py", content=FINISHES),
    ),
    "package edited above the plugin": Change(
        {"acme_me": {"__init__.py": SAYS, "plugin.py": "from acme_me import *\n"}},
        _turns("acme_me", "__init__.py"),
        "acme_me.plugin",
    ),
    "module added to a scanned package": Change({"acme_me": SCANNER}, _writes("acme_me", "two.py", content=FINISHES)),
    "module added to a scanned package, its time set back": Change(
        {"acme_me": SCANNER},
        _keeping_folder_time("acme_me", _writes("acme_me", "two.py", content=FINISHES)),
    ),
    "module removed from a scanned package": Change(
        {"acme_me": {**SCANNER, "__init__.py": f"{SCANS_ITSELF}{FINISHES}\nif 'render' in globals(): del finish\n"}},
        lambda at, me: (at / me / "one.py").unlink(),
    ),
    "first module added to a scanned folder": Change(
        {"acme_me": {"__init__.py": f"{SAYS}{SCANS_BELOW}", "below": {"README": ""}}},
        _writes("acme_me", "below", "two.py", content=FINISHES),
    ),
    "namespace package's module edited": Change(
        {"acme_me": {"plugin.py": SAYS}}, _turns("acme_me", "plugin.py"), "acme_me.plugin"
    ),
    "second module edited": Change(
        {"acme_me.py": "from acme_me_2 import *\n", "acme_me_2.py": SAYS}, _turns("acme_me_2.py")
    ),
    "second module without a hook edited": Change(
        {"acme_me.py": f"{SAYS}from acme_me_2 import *\n", "acme_me_2.py": NOTHING},
        _writes("acme_me_2.py", content=FINISHES),
    ),
    "second module appears": Change(
        {"acme_me.py": f"{SAYS}\ntry:\n    from acme_me_2 import *\nexcept ImportError: ...\n"},
        _writes("acme_me_2.py", content=FINISHES),
    ),
    "second module disappears": Change(
        {"acme_me.py": f"try:\n    from acme_me_2 import *\nexcept ImportError:\n{INDENTED}", "acme_me_2.py": SAYS},
        lambda at, me: (at / f"{me}_2.py").unlink(),
    ),
    "shared module edited that is imported by its name": Change(
        {"acme_me.py": BY_NAME, "acme_me_2.py": NOTHING},
        _writes("acme_me_2.py", content=FINISHES),
    ),
    "portion added to a scanned namespace package": Change(
        {"acme_me": {"plugin.py": f"import acme_me\n{SAYS}{SCANS_NAMESPACE}"}},
        _adds_portion,
        "acme_me.plugin",
    ),
    "base class edited": Change(
        {"acme_me.py": DERIVED, "acme_me_base.py": BASE.format(hook="render")},
        _turns("acme_me_base.py"),
        "acme_me:plugin",
    ),
    "base class without a hook edited": Change(
        {"acme_me.py": DERIVED, "acme_me_base.py": "class Base: ...\n"},
        _writes("acme_me_base.py", content=BASE.format(hook="finish")),
        "acme_me:plugin",
    ),
    "imported class without a hook edited": Change(
        {"acme_me.py": "from acme_me_2 import Plugin\n", "acme_me_2.py": "class Plugin: ...\n"},
        _writes("acme_me_2.py", content=CLASS.replace("render", "finish")),
        "acme_me:Plugin",
    ),
    "module that puts an object in its place edited": Change(
        {"acme_me.py": REPLACES_ITSELF, "acme_me_base.py": BASE.format(hook="render")},
        _turns("acme_me.py", old="class Plugin(Base): ...\n", new=ADDED),
    ),
    "implementations of another distribution edited": Change(
        {"acme_me.py": "from acme_me_lib import *\n"}, _turns("acme_me_lib.py"), other={"acme_me_lib.py": SAYS}
    ),
    "decorator of another distribution edited": Change(
        {"acme_me.py": DECORATED}, _turns("acme_me_lib.py"), other={"acme_me_lib.py": WITHOUT_WRAPS}
    ),
    "decorator of another distribution edited that wraps": Change(
        {"acme_me.py": DECORATED}, _turns("acme_me_lib.py"), other={"acme_me_lib.py": WRAPS}
    ),
    "decorator of another distribution edited that only marks": Change(
        {"acme_me.py": DECORATED}, _turns("acme_me_lib.py"), other={"acme_me_lib.py": MARKS}
    ),
    "package put in the place of the module": Change(MODULE, _writes("acme_me", "__init__.py", content=FINISHES)),
    "module put before it on the path": Change(MODULE, _hides),
}
"""Name to a plugin and what changes it."""

PROMISED = (*(name for name in EDITS if name.startswith(("edited", "submodule", "module added"))), "class edited")
"""Those that are plain enough that nothing but a record explains their not being imported."""


def slug(name: str) -> str:
    """Return the name of the module that stands for a change's plugin."""
    return "acme_" + re.sub(r"\W+", "_", name)


def write_changes(root: Path, changes: Mapping[str, Change]) -> list[Path]:
    """Write each change's plugin into a folder of its own, and return the folders; the first and last are empty."""
    for name in ("earlier", "later"):
        (root / name).mkdir()
    folders = [root / "earlier"]
    for name, change in changes.items():
        me = slug(name)
        entry_points = {"myapp.plugins": {me: change.target.replace("acme_me", me)}}
        trees = [distribution(me, entry_points=entry_points, modules=_named(change.modules, me))]
        if change.other:
            trees.append(distribution(f"{me}_lib", modules=_named(change.other, me)))
        for tree in trees:
            write_tree(root / me, tree)
        folders.append(root / me)
    return [*folders, root / "later"]


def _named(tree: Tree, me: str) -> "dict[str, str | bytes | Tree]":
    made: dict[str, str | bytes | Tree] = {}
    for name, content in tree.items():
        if isinstance(content, str):
            made[name.replace("acme_me", me)] = content.replace("acme_me", me)
        elif not isinstance(content, bytes):
            made[name.replace("acme_me", me)] = _named(content, me)
    return made
