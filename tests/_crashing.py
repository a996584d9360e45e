"""Starts of an application in fresh processes, for plugins that do not come back from being loaded."""

import os
import signal
import subprocess
import sys
import time
from textwrap import dedent

from _sites import PATIENCE, Site

START = """
    import myapp
    for result in myapp.host.load_all():
        print(result.plugin.name, result.state, sep=": ")
"""
SEGFAULT = "import ctypes; ctypes.string_at(0)"
"""The code of a module that reads from the null address."""
HANG = "import time; print('hanging', flush=True); time.sleep(60)"


class Starts:
    """Starts the application of a site, each time in a new process."""

    def __init__(self, site: Site) -> None:
        """Take the folder that everything is installed in."""
        self.site = site

    def popen(self, code: str = START, **changed: str) -> subprocess.Popen[str]:
        """Start a process that imports the application; it writes no bytecode, so that edited modules are read."""
        package = sys.modules["plugframe"].__file__
        assert package is not None
        path = [os.fspath(self.site.folder), os.path.dirname(os.path.dirname(package))]
        return subprocess.Popen(
            [sys.executable, "-c", dedent(code)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1", **changed},
            cwd=os.path.abspath(os.sep),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str = START, **changed: str) -> tuple[int, list[str], str]:
        """Run a process; return its exit code, the lines that it printed, and what it said of errors."""
        with self.popen(code, **changed) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out.splitlines(), err

    def kill(self, how: signal.Signals, *, after: float = 0.0, code: str = START, **changed: str) -> int:
        """Run a process until it prints that it hangs, send it a signal later, and return its exit code."""
        with self.popen(code, **changed) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "hanging\n"
            time.sleep(after)
            process.send_signal(how)
            process.communicate(timeout=PATIENCE)
        return process.returncode
