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
LEFT_OUT = (
    *("activation", "bisect_command", "check_command", "check_import", "completion", "crossref_environment"),
    *("crossref_example", "diagnosis_docs", "embedding", "enable_command", "equality", "example_plugins"),
    *("graph_command", "hook_sameness", "hostile_environment", "index_concurrency", "info_command", "learned"),
    *("lock", "locked_loading", "native_example", "overlay", "profile_command", "quarantine", "quarantine_command"),
    *("run_command", "saved_drawings", "settings_damage", "tampering", "troubleshooting_docs", "verify_command"),
    *("why_command",),
)
"""Of plugframe's tests, those that pytest does not run on plugframe's manager: they mostly wait for processes."""


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
    left_out = {f"test_{name}.py" for name in LEFT_OUT}
    tests = [os.fspath(path) for path in sorted(TESTS.glob("test_*.py")) if path.name not in left_out]
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
