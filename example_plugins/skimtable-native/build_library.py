"""Compiles the C library when a wheel is built, with the machine's C compiler; it needs nothing of Python."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
FLAGS = ("-std=c11", "-O3", "-Wall", "-Wextra", "-pedantic", "-fPIC", "-fvisibility=hidden", "-shared")


class LibraryBuildHook(BuildHookInterface[Any]):
    """Puts the compiled library into the wheel, which is then for this kind of machine only."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name the wheel ``py3-none-PLATFORM``: any Python can load the library.

        Raises:
            RuntimeError: there is no C compiler.
        """
        del version
        compiler = shlex.split(os.environ.get("CC", "")) or [shutil.which("cc") or shutil.which("gcc") or ""]
        if not compiler[0]:
            message = "building skimtable-native needs a C compiler: install one, or name it in the variable CC"
            raise RuntimeError(message)
        self.folder = tempfile.mkdtemp()
        library = os.path.join(self.folder, f"libspread{SUFFIX}")
        source = os.path.join(self.root, "native", "spread.c")
        subprocess.run([*compiler, *FLAGS, source, "-o", library], check=True)  # noqa: S603 # the builder's own compiler
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["force_include"][library] = f"skimtable_native/libspread{SUFFIX}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled; the wheel has it."""
        del version, build_data, artifact_path
        shutil.rmtree(self.folder)
