"""The example plugin in C end to end: its own wheel build, pip, a fresh environment, the real command."""

import csv
import math
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from _command import rows
from _installed import CHECKOUT, EXAMPLES, Installation, build_wheels, check
from _native import SUFFIX, needs_compiler

pytestmark = needs_compiler

PLANETS = EXAMPLES / "planets.csv"
NAMES = ("skimtable", "skimtable-formats", "skimtable-native")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheels of plugframe, the application, a plugin that shows progress, and the one in C."""
    made = tmp_path_factory.mktemp("wheels")
    build_wheels(made, CHECKOUT, *(EXAMPLES / name for name in NAMES))
    return made


@pytest.fixture(scope="module")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return a virtual environment with all of them; plugframe's own requirements need the network."""
    prefix = tmp_path_factory.mktemp("installed") / "env"
    check(subprocess.run([sys.executable, "-m", "venv", prefix], capture_output=True, text=True, check=False))
    made = Installation(prefix)
    (plugframe,) = wheels.glob("plugframe-*.whl")
    made.pip("install", "--quiet", plugframe)
    made.pip("install", "--quiet", "--no-index", "--find-links", wheels, *NAMES)
    return made


def ask(where: Installation, code: str) -> list[str]:
    """Return the lines that Python code prints that runs in the environment."""
    return check(where.run("python", "-c", code)).stdout.splitlines()


def test_wheel_has_the_library_and_is_for_any_python_on_such_a_machine(wheels: Path) -> None:
    (wheel,) = wheels.glob("skimtable_native-*.whl")
    tag = wheel.name.removeprefix("skimtable_native-1.0.0-").removesuffix(".whl")
    assert tag.startswith("py3-none-")
    assert tag != "py3-none-any"
    with zipfile.ZipFile(wheel) as archive:
        assert f"skimtable_native/libspread{SUFFIX}" in archive.namelist()
        assert "Root-Is-Purelib: false" in archive.read("skimtable_native-1.0.0.dist-info/WHEEL").decode()


def test_wheel_of_plugframe_has_the_header(installed: Installation) -> None:
    code = "import plugframe, os; print(os.path.isfile(os.path.join(plugframe.get_include(), 'plugframe.h')))"
    assert ask(installed, code) == ["True"]


def test_list_shows_what_it_provides_as_the_readme_does(installed: Installation) -> None:
    (found,) = [row for row in rows(check(installed.run("plugframe", "list")).stdout) if row["PLUGIN"] == "native"]
    assert found["PROVIDES"] == "hooks: describe_column; classes: spread.Histogram; libraries: spread"
    block = (CHECKOUT / "README.md").read_text(encoding="utf-8").partition("$ plugframe list\n")[2].partition("```")[0]
    (shown,) = [row for row in rows(block) if row["PLUGIN"] == "native"]
    assert {**shown, "ORIGIN": found["ORIGIN"]} == found


def test_command_draws_what_the_library_counted(installed: Installation) -> None:
    done = check(installed.run("skimtable", PLANETS, "--width", "80"))
    assert done.stderr == ""
    blocks = {lines[0]: lines[1:] for lines in (block.splitlines() for block in done.stdout.split("\n\n"))}
    with PLANETS.open(encoding="utf-8", newline="") as file:
        masses = [float(planet["mass (10^24 kg)"]) for planet in csv.DictReader(file)]
    low, high = min(masses), max(masses)
    counts = Counter(min(3, int((mass - low) / (high - low) * 4)) for mass in masses)  # eight rows are four bins
    bars = "".join(" ▁▂▃▄▅▆▇█"[math.ceil(counts[each] * 8 / max(counts.values()))] for each in range(4))
    assert f"  spread {bars}".rstrip() in [line.rstrip() for line in blocks["mass (10^24 kg)"]]
    assert not any("spread" in line for line in blocks["name"])


def test_library_is_loaded_by_the_first_use_of_its_class_and_by_nothing_before(installed: Installation) -> None:
    told = ask(
        installed,
        """
import sys
from array import array
from skimtable import host

print(*host.plugins, *host.classes, *host.libraries)
print(len(host.loaded_libraries), "ctypes" in sys.modules, "skimtable_native" in sys.modules)
histogram = host.classes.spread.Histogram(0.0, 1.0, 4)
print(histogram.add(array("d", [0.1, 0.2, 0.6, 1.0, 7.0])), list(histogram.counts()))
(library,) = host.loaded_libraries.values()
print(library.kind, library.name, library.version, *library.functions, *library.classes)
print("skimtable_native" in sys.modules, host.libraries.get("spread") is library)
print(library.functions.bins_for(8, 100), library.functions.total(array("d", [0.5, 0.25])))
""",
    )
    assert told == [
        "formats native readers.Jsonl readers.Tsv spread.Histogram spread",
        "0 False False",
        "4 [2, 0, 1, 1]",
        "native spread 1.0.0 bins_for total Histogram",
        "False True",
        "4 0.75",
    ]


def test_long_sum_tells_the_callback_of_another_plugin_how_far_it_is(installed: Installation) -> None:
    told = ask(
        installed,
        """
from array import array
from skimtable import host
import skimtable_formats.progress as progress

seen = []
progress.show = lambda done, total: seen.append((done, total))
total = host.libraries.get("spread").functions.total
print(total(array("d", bytes(8 * 3 * 2**20))), seen)
""",
    )
    mebi = 1 << 20
    assert told == [f"0.0 {[(mebi, 3 * mebi), (2 * mebi, 3 * mebi), (3 * mebi, 3 * mebi)]}"]


def test_sum_is_that_of_python(installed: Installation) -> None:
    told = ask(
        installed,
        """
import math, random
from array import array
from skimtable import host

total = host.libraries.get("spread").functions.total
random.seed(5)
for length in (*range(20), 1000, 12345, (1 << 20) + 3, (1 << 21) + 7):
    numbers = array("d", (random.uniform(-1, 1) for _ in range(length)))
    assert math.isclose(total(numbers), math.fsum(numbers), abs_tol=1e-9), length
print(total(array("d", [math.inf, 1.0])), total(array("d", [math.nan])), total(array("d")))
""",
    )
    assert told == ["inf nan 0.0"]


def test_build_without_a_compiler_says_what_is_missing(tmp_path: Path) -> None:
    code = "import os; from hatchling.build import build_wheel; os.chdir({!r}); build_wheel({!r})"
    program = code.format(os.fspath(EXAMPLES / "skimtable-native"), os.fspath(tmp_path))
    kept = {name: value for name, value in os.environ.items() if name != "CC"}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**kept, "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert re.search("needs a C compiler: install one, or name it in the variable CC", done.stderr)
