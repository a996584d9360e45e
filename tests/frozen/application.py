"""An application with plugins, as distributions, and what PyInstaller makes of it."""

import _ctypes  # a shared library that every Python has
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from textwrap import dedent

from _installed import CHECKOUT, Installation, build_wheels, check, write_wheel

from plugframe.testing.environments import Tree, distribution

PATIENCE = 300
"""Seconds; PyInstaller looks at everything that the application imports."""

MAIN = """
    import importlib.resources, inspect, json, pickle, pkgutil, sys, threading  # for the code that it is given

    import myapp

    exec(sys.argv[1])
"""
SPEC = """
    analysis = Analysis(
        ["main.py"],
        excludes=["acme_vision.excluded"],
        hooksconfig={"plugframe": {"exclude": ["acme.unwanted"]}},
    )
    archive = PYZ(analysis.pure)
    folder = EXE(archive, analysis.scripts, [], exclude_binaries=True, name="app")
    COLLECT(folder, analysis.binaries, analysis.datas, name="onedir")
    EXE(archive, analysis.scripts, analysis.binaries, analysis.datas, [], name="onefile")
"""
MYAPP = """
    import plugframe

    host = plugframe.Host("myapp")
    hookimpl = host.hookimpl

    @host.hookspec
    def render(page): ...

    __getattr__, __dir__, __all__ = plugframe.attach(__name__, ["reports"])
"""
VISION = """
    from myapp import hookimpl

    @hookimpl
    def render(page):
        return f"{__name__}: {page}"
"""
REGISTERS = """
    import plugframe

    @plugframe.hookimpl
    def plugframe_register_classes(classes):
        classes.add("vision.Registered", "acme_registered.nets:Registered")
"""
LAZY = """
    import plugframe as lazy

    __getattr__, __dir__, __all__ = lazy.attach(__name__, ["shapes"], submod_attrs={"colors": ["Red"]})
"""
STUBBED = """
    from plugframe import attach_stub

    __getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
"""
COMPUTED = """
    from plugframe import attach

    __getattr__, __dir__, __all__ = attach(__name__, submodules=[name.lower() for name in ("Deep",)])
"""


def application() -> Tree:
    """Return the distribution of the application."""
    mount = "from myapp import host\n\nhost.{}(__name__)\n"
    modules: Tree = {
        "myapp": {
            "__init__.py": dedent(MYAPP),
            "reports.py": "title = 'a report'\n",
            "classes": {"__init__.py": mount.format("classes.mount")},
            "plugins": {"__init__.py": mount.format("namespace")},
            "unused.py": "",
        }
    }
    return distribution("myapp", "3.0", modules=modules, requires=("plugframe",))


def vision() -> Tree:
    """Return the distribution of a plugin with hooks, classes, and packages whose names load on first use."""
    entry_points = {
        "myapp.plugins": {"vision": "acme_vision", "registering": "acme_registering"},
        "myapp.classes": {"vision.ResNet": "acme_classes.nets:ResNet"},
        "myapp.hooks": {"vision.render": "acme_vision:render"},
        "myapp.libraries": {"stats": "acme_native.libstats"},
    }
    modules: Tree = {
        "acme_vision": {
            "__init__.py": dedent(VISION),
            "models.py": "class Model:\n    pass\n",
            "excluded.py": "",
            "damaged.py": "this is no Python\n",
            "use.py": "import acme_lazy, acme_stubbed, acme_computed\n",
        },
        "acme_classes": {"__init__.py": "", "nets.py": "class ResNet:\n    layers = 50\n", "unused.py": ""},
        "acme_native": {"__init__.py": "", "libstats.so": Path(_ctypes.__file__).read_bytes()},
        "acme_registering.py": dedent(REGISTERS),
        "acme_registered": {"__init__.py": "", "nets.py": "class Registered:\n    pass\n"},
        "acme_lazy": {"__init__.py": dedent(LAZY), "shapes.py": "sides = 3\n", "colors.py": "Red = 'red'\n"},
        "acme_stubbed": {
            "__init__.py": dedent(STUBBED),
            "__init__.pyi": "from . import parts as parts\nfrom .tools import hammer as hammer\n",
            "parts.py": "number = 7\n",
            "tools.py": "hammer = 'bang'\n",
        },
        "acme_computed": {"__init__.py": dedent(COMPUTED), "deep.py": "depth = 9\n"},
    }
    return distribution("acme-vision", "1.2", entry_points=entry_points, modules=modules)


def broken() -> Tree:
    """Return the distribution of a plugin whose module is not there."""
    return distribution("acme-broken", "0.1", entry_points={"myapp.plugins": {"broken": "acme_broken.nowhere"}})


def unwanted() -> Tree:
    """Return the distribution of a plugin that the application's spec file excludes."""
    entry_points = {"myapp.plugins": {"unwanted": "acme_unwanted"}}
    return distribution("acme-unwanted", "1.0", entry_points=entry_points, modules={"acme_unwanted.py": ""})


def foreign() -> Tree:
    """Return the distribution of a plugin of a host that the application does not have."""
    entry_points = {"otherapp.plugins": {"other": "acme_other"}, "plugframe.hosts": {"otherapp": "otherapp:host"}}
    return distribution("acme-other", entry_points=entry_points, modules={"acme_other.py": ""})


class Frozen:
    """The application, frozen, in a place from which its environment cannot be reached.

    Attributes:
        log: what PyInstaller said.
        folder: that of the application in many files.
    """

    def __init__(self, root: Path) -> None:
        """Build everything, and freeze it."""
        self._root = root
        wheels = root / "wheels"
        build_wheels(wheels, CHECKOUT)
        for name, version, tree in (
            ("myapp", "3.0", application()),
            ("acme-vision", "1.2", vision()),
            ("acme-broken", "0.1", broken()),
            ("acme-other", "1.0", foreign()),
            ("acme-unwanted", "1.0", unwanted()),
        ):
            write_wheel(wheels, name, version, tree)
        venv.create(root / "environment", with_pip=True)
        environment = Installation(root / "environment")
        environment.pip("install", "--quiet", "--disable-pip-version-check", "pyinstaller", *wheels.glob("*.whl"))
        self.log = self._freeze(environment)
        shutil.move(root / "environment", root / "elsewhere")
        shutil.move(root / "project" / "dist", root / "installed")
        self.folder = root / "installed" / "onedir"
        (root / "home").mkdir()

    def _freeze(self, environment: Installation) -> str:
        project = self._root / "project"
        project.mkdir()
        (project / "main.py").write_text(dedent(MAIN), encoding="utf-8")
        (project / "app.spec").write_text(dedent(SPEC), encoding="utf-8")
        done = subprocess.run(
            [environment.python, "-m", "PyInstaller", "--noconfirm", "app.spec"],
            cwd=project,
            env=environment.variables(PYINSTALLER_CONFIG_DIR=os.fspath(self._root / "pyinstaller")),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return check(done).stderr

    def run(self, code: str, *, one_file: bool = False, **variables: str) -> str:
        """Run code in the frozen application, which has nothing but its bundle, and return what it printed."""
        ending = ".exe" if sys.platform == "win32" else ""
        program = self._root / "installed" / (f"onefile{ending}" if one_file else f"onedir/app{ending}")
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TMPDIR", "TEMP") if name in os.environ}
        home = os.fspath(self._root / "home")
        done = subprocess.run(
            [program, dedent(code)],
            cwd=home,
            env={**kept, "HOME": home, "USERPROFILE": home, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return check(done).stdout

    def kept(self) -> list[str]:
        """Return the files that the application left in its user's home."""
        return sorted(os.fspath(path) for path in (self._root / "home").rglob("*") if path.is_file())
