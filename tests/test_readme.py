"""What the README promises, run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import plugframe

README = Path(__file__).parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    """Return the README's blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_example_prints_what_stands_below_it(tmp_path: Path) -> None:
    (program,), (printed,) = blocks("python"), blocks("text")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60
    )
    assert done.stdout == printed
    assert done.stderr == ""


def test_every_file_that_it_points_to_exists() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (README.parent / target).exists()] == []


def test_every_finding_code_is_explained() -> None:
    package = os.path.dirname(plugframe.__file__)
    raised = set()
    for path in Path(package).rglob("*.py"):
        raised |= set(re.findall(r'"(PF\d{3})"', path.read_text(encoding="utf-8")))
    explained = set(
        re.findall(
            r"^\| (PF\d{3})", (README.parent / "docs" / "findings.md").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    )
    assert raised == explained
