"""The commands of the page on troubleshooting, run in an environment like the one that they speak of."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from _command import run_process
from _overlaid import visible
from test_docs import blocks

from plugframe.testing.environments import distribution

APPLICATION = """
from importlib.metadata import entry_points

plugins = sorted(entry_points(group="shop.plugins"), key=lambda entry: entry.name)
for entry in plugins:
    entry.load()
print("shop with", *(entry.name for entry in plugins))
"""
SHOP = distribution("shop", entry_points={"plugframe.hosts": {"shop": "shop:host"}}, modules={"shop.py": APPLICATION})
VISION = distribution(
    "acme-vision",
    "1.2",
    entry_points={"shop.plugins": {"vision": "acme_vision"}},
    requested=False,
    modules={"acme_vision.py": "raise RuntimeError('no camera')"},
)
OFFICE = distribution("acme-office", requires=("acme-vision",))
TABLES = distribution(
    "acme-tables",
    entry_points={"shop.plugins": {"tables": "acme_tables"}},
    modules={"acme_tables.py": "import acme_rows", "acme_rows.py": "import colorsys"},
)
EXAMPLES = blocks("troubleshooting.md", "console")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with visible(tmp_path / "site", monkeypatch, SHOP, VISION, OFFICE, TABLES) as made:
        yield made


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.split()[2] for example in EXAMPLES])
def test_command_of_the_page_writes_what_the_page_shows(example: str, folder: Path) -> None:
    line, _, shown = example.partition("\n")
    done = run_process(*shlex.split(line.removeprefix("$ plugframe ")))
    written = done.stdout.replace(os.fspath(folder) + os.sep, "")
    if " profile " in line:
        written = written.partition("\n\n")[0]
        assert re.search("━|=", done.stdout)
    assert words(written) == words(shown), done.stderr


def words(text: str) -> list[list[str]]:
    """Return the words of each line; figures that were measured are not compared."""
    lines = (re.sub(r"\b\d+\.\d+\b(?! *$)", "FIGURE", line) for line in text.splitlines())
    return sorted(line.split() for line in lines)
