"""The example's operation: wheels with a NumPy backend and a broken one, and the check that finds what is broken."""

import importlib.util
import os
import subprocess
import sys
import sysconfig

import pytest
from _installed import CHECKOUT, EXAMPLES, Installation, build_wheels, check, make_venv

PLANETS = EXAMPLES / "planets.csv"
SWIFT = "skimtable.operations:columns.smooth.swift from skimtable-swift 0.9.0"
DEFAULT = "the reference 'default' of the host skimtable"
NAMES = ("skimtable", "skimtable-numpy", "skimtable-swift")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return a virtual environment with the wheels, which sees everything else where this test does, NumPy too."""
    wheels = tmp_path_factory.mktemp("wheels")
    build_wheels(wheels, CHECKOUT, *(EXAMPLES / name for name in NAMES))
    made = make_venv(tmp_path_factory.mktemp("installed") / "env")
    seen = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *numpy_folder()}
    (made.site / "others.pth").write_text("\n".join(sorted(seen)) + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", os.fspath(made.python), "install", "--quiet", "--no-index"]
    asked = [*pip, "--no-deps", "--ignore-installed", *map(os.fspath, wheels.glob("*.whl"))]
    check(subprocess.run(asked, capture_output=True, text=True, check=False))
    return made


def numpy_folder() -> list[str]:
    """Return the folder that NumPy is installed in, if it is."""
    spec = importlib.util.find_spec("numpy")
    return [] if spec is None or spec.origin is None else [os.path.dirname(os.path.dirname(spec.origin))]


def ask(where: Installation, code: str) -> str:
    """Return what Python code prints that runs in the environment."""
    return check(where.run("python", "-c", code)).stdout


def test_the_backends_are_known_without_importing_them(installed: Installation) -> None:
    told = ask(
        installed,
        "import sys; from skimtable import host; print(*host.ops.registered_overloads(), sep='\\n');"
        "print({'numpy', 'skimtable_numpy', 'skimtable_swift'} & set(sys.modules))",
    )
    assert told.splitlines() == [
        "columns.smooth(values: list, window: int)",
        "columns.smooth.numpy",
        "columns.smooth.swift",
        "set()",
    ]


def test_a_page_with_the_broken_backend_cannot_be_made_and_without_it_can(installed: Installation) -> None:
    failed = installed.run("skimtable", PLANETS, "--smooth", "3")
    assert failed.returncode == 1
    assert "zip() argument 2 is shorter than argument 1" in failed.stderr
    good = installed.run(
        "skimtable", PLANETS, "--smooth", "3", env=installed.variables(SKIMTABLE_BACKENDS="off", PYTHONWARNINGS="error")
    )
    assert check(good).stdout.startswith("planets.csv\n8 rows x 7 columns\n")


FINDING = """
from skimtable import host, smooth

with host.ops.crossref(reference={reference!r}, on_mismatch="collect") as report:
    smooth.using("swift")([1.0, 2.0, 6.0, 3.0], 3)
for mismatch in report.mismatches:
    print(mismatch)
"""


def test_the_check_finds_the_wrong_shape_and_tells_whose_it_is_and_how_to_see_it_again(installed: Installation) -> None:
    told = ask(installed, FINDING.format(reference="default"))
    assert told.splitlines() == [
        f"columns.smooth(values: list, window: int) by 'swift' of {SWIFT} does not do what {DEFAULT} does:",
        "  output: length 2 != 4",
        "To see it again:",
        "  from skimtable import host",
        "  with host.ops.crossref(reference='default'):",
        "      host.ops.columns.smooth.using('swift')(values=[1.0, 2.0, 6.0, 3.0], window=3)",
    ]
    pasted = "\n".join(line.removeprefix("  ") for line in told.splitlines()[3:])
    again = installed.run("python", "-c", pasted)
    assert again.returncode == 1
    assert "output: length 2 != 4" in again.stderr


def test_the_check_finds_it_by_the_application_s_own_command(installed: Installation) -> None:
    done = installed.run("skimtable", PLANETS, "--smooth", "3", env=installed.variables(PLUGFRAME_CROSSREF="default"))
    assert done.returncode == 1
    assert "CrossReferenceError: columns.smooth(values: list, window: int) by 'swift' of" in done.stderr
    assert "output: length 6 != 8" in done.stderr


def test_the_backend_with_numpy_does_what_the_host_does(installed: Installation) -> None:
    pytest.importorskip("numpy", reason="NumPy is not installed")
    told = ask(
        installed,
        """
import math
from skimtable import host, smooth

values = [float(number * number % 17) for number in range(100)]
close = lambda got, expected: math.isclose(got, expected)
with host.ops.disable("swift"), host.ops.crossref(equal=close) as report:
    for window in (1, 2, 3, 50, 300):
        for some in ([], values[:1], values[:2], values[:70], values):
            smooth.using("numpy")(some, window)
    smooth(values, 3)
    smooth(values[:3], 3)
print(report)
print(*(candidate for candidate in str(smooth.explain(values[:3], 3)).splitlines() if "numpy" in candidate))
""",
    )
    first, *_, skipped, explained = told.splitlines()
    assert first == "compared with 'default': 26 calls checked, 0 mismatched, 1 skipped"
    assert skipped == "skipped 1 of columns.smooth: 'default' itself was called"
    assert "it is worth its while from 64 numbers on" in explained


def test_the_broken_backend_is_found_against_numpy_too(installed: Installation) -> None:
    pytest.importorskip("numpy", reason="NumPy is not installed")
    told = ask(installed, FINDING.format(reference="numpy"))
    assert "'numpy' of skimtable.operations:columns.smooth.numpy from skimtable-numpy 1.0.1" in told
    assert "output: length 2 != 4" in told
