"""Native libraries for tests: C sources compiled with the machine's own compiler, once for a run of the tests."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import plugframe

SOURCES = Path(__file__).resolve().parent / "native"
STRICT = ("-Wall", "-Wextra", "-pedantic", "-Werror")
SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
PATIENCE = 60

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler named cc")
needs_cpp_compiler = pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler named c++")


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="plugframe-native-")


def compile_c(source: str | Path, output: Path, *options: str, shared: bool = True) -> Path:
    """Compile a file below ``tests/native``, or C code, with the header's folder; return the output.

    Args:
        source: the file's path, or code.
        output: where to; made anew, so that what is loaded of an older one stays as it is.
        options: for the compiler, after the strict ones.
        shared: a library, not a program.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(source, str):
        path = output.with_suffix(".c")
        path.write_text(source, encoding="utf-8")
    else:
        path = source
    output.unlink(missing_ok=True)
    kind = ("-shared", "-fPIC") if shared else ()
    command = ("cc", "-std=c11", *STRICT, "-O1", "-g", *kind, f"-I{plugframe.get_include()}", path, "-o", output)
    done = subprocess.run([*command, *options, "-lpthread"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output


@functools.cache
def everything(*options: str) -> Path:
    """Return the library of ``everything.c``, compiled with further options."""
    name = f"everything{abs(hash(options)) if options else ''}{SUFFIX}"
    return compile_c(SOURCES / "everything.c", Path(_folder().name) / name, *options)


def run_python(code: str, *arguments: str | os.PathLike[str], env: dict[str, str] | None = None) -> str:
    """Run Python code in a fresh process with our plugframe, which must end well, and return what it printed."""
    done = start_python(code, *arguments, env=env)
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def start_python(
    code: str, *arguments: str | os.PathLike[str], env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python code in a fresh process with our plugframe, however it ends."""
    home = os.path.dirname(os.path.dirname(plugframe.__file__))
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": home, "PLUGFRAME_CACHE": "off", **(env or {})},
        cwd=os.path.abspath(os.sep),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
