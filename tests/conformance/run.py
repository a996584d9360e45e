"""Run pluggy's own test suite, and pytest itself, on plugframe's plugin manager: ``tox run -e conformance``."""

import argparse
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
TAKEN = (
    *("attach", "breaker", "call_plans", "calls", "class_statements", "classes", "decisions", "errors", "findings"),
    *("handles", "hook_annotations", "hook_async", "hook_copies", "hook_errors", "hook_order", "hook_registration"),
    *("hook_rollback", "hook_statements", "hooks", "host", "interception", "layers", "loading", "namespace_names"),
    *("operation_resolution", "operation_statements", "operations", "plugin_namespace", "policy_modes", "records"),
    *("registries", "scanner", "slot_signatures", "slots", "snapshot"),
)
"""Of plugframe's tests, those that pytest runs on plugframe's manager: the others mostly wait for processes."""


def main() -> int:
    """Run the parts that the command line names, or all; return how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where pluggy's source distribution is fetched to and unpacked")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; without, all of them")
    given = parser.parse_args()
    unknown = sorted(set(given.parts).difference(PARTS))
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    failed = 0
    for part in given.parts or PARTS:
        sys.stdout.write(f"\n{part}: {PARTS[part].__doc__}\n")
        sys.stdout.flush()
        failed += PARTS[part](given.folder) != 0
    return failed


def interpreted(folder: Path) -> int:
    """Run pluggy's suite on plugframe's manager, as applications get it."""
    return run_suite(fetch_suite(folder), "conformance.suite")


def compiled(folder: Path) -> int:
    """Run pluggy's suite on plugframe's manager, with every hook compiled at its first call."""
    return run_suite(fetch_suite(folder), "conformance.suite", "conformance.eager")


def underneath(_: Path) -> int:
    """Run plugframe's own tests with a pytest whose plugin manager is plugframe's."""
    tests = [os.fspath(TESTS / f"test_{name}.py") for name in TAKEN]
    return run_python(TESTS.parent, HERE / "underneath.py", "-q", *tests)


PARTS: dict[str, Callable[[Path], int]] = {part.__name__: part for part in (interpreted, compiled, underneath)}


@cache
def fetch_suite(folder: Path) -> Path:
    """Fetch and unpack pluggy's source distribution; return its folder.

    Raises:
        CalledProcessError: pip did not get it, or what it got is not what it was.
    """
    source = ("--no-deps", "--no-binary", "pluggy", "--requirement", HERE / "pluggy.txt", "--dest", folder)
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *source], check=True)
    [archive] = folder.glob("pluggy-*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def run_suite(project: Path, *plugins: str) -> int:
    """Run pluggy's tests with plugins of pytest's that put plugframe's manager in place.

    Its benchmarks are in the same folder, but not in a file that pytest takes for tests.
    """
    loaded = [argument for plugin in plugins for argument in ("-p", plugin)]
    return run_python(project, "-m", "pytest", "-q", *loaded, "testing")


def run_python(folder: Path, *arguments: str | Path) -> int:
    """Run this Python in a folder, which is not on its path, and return its exit status.

    What is tested is the installed plugframe.
    """
    variables = {**os.environ, "PYTHONPATH": os.fspath(TESTS)}
    return subprocess.run([sys.executable, "-P", *arguments], cwd=folder, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
