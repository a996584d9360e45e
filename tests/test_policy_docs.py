"""The blocks of the pages on settings and policy: read, run, and compared with what the code has."""

import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from _command import run
from test_docs import DOCS, blocks

from plugframe import Host
from plugframe.cli.app import app
from plugframe.policy.settings.keys import KEYS, MODES
from plugframe.policy.settings.places import DECIDED, WRITTEN
from plugframe.policy.settings.reading import read_settings
from plugframe.policy.settings.variables import PROJECT, VARIABLES
from plugframe.testing.environments import distribution, write_tree

SETTINGS = (DOCS / "settings.md").read_text(encoding="utf-8")
POLICY = (DOCS / "policy.md").read_text(encoding="utf-8")


def table(page: str, heading: str) -> list[str]:
    """Return the first cells of the rows of a table."""
    rows = page.partition(f"\n| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [row.split("|")[1].strip().strip("`") for row in rows]


def test_the_example_of_the_page_is_read_without_a_problem(tmp_path: Path) -> None:
    (example,) = blocks("settings.md", "toml")
    path = tmp_path / "plugframe.toml"
    path.write_text(example, encoding="utf-8")
    settings = read_settings("myapp", given=path)
    assert settings.problems == ()
    assert (settings.mode, settings.names("allow"), settings.required) == ("direct", ("acme-vision",), ("vision",))
    assert [ruling.name for ruling in settings.every_ruling()] == ["acme-two:slow", "acme-io"]
    assert tomllib.loads(example)["mode"] == read_settings("other", given=path).mode


def test_the_pages_name_all_keys_modes_variables_and_files() -> None:
    assert set(table(SETTINGS, "key")) == set(KEYS)
    assert tuple(table(POLICY, "mode")) == MODES
    for name in (*VARIABLES.values(), PROJECT, WRITTEN, DECIDED):
        assert f"`{name}`" in SETTINGS
    assert set(re.findall(r"PF\d{3}", SETTINGS)) <= set(re.findall(r"PF\d{3}", (DOCS / "findings.md").read_text()))


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry_points = {"myapp.plugins": {"vision": "acme_io"}, "plugframe.hosts": {"myapp": "x:y"}}
    write_tree(tmp_path, distribution("acme-io", entry_points=entry_points))
    monkeypatch.syspath_prepend(tmp_path)
    (block,) = blocks("policy.md", "sh")
    states = []
    for line in block.splitlines():
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line.partition("#")[0])]
        assert words[0] == "plugframe"
        done = run(*words[1:])
        assert done.exit_code == 0, done.output
        states.append(Host("myapp", path=[tmp_path]).plugins["vision"].state)
    assert states == ["available", "disabled", "available", "available"]


def test_the_programs_of_the_page_have_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    required, with_click, with_argparse = blocks("policy.md")
    space: dict[str, Any] = {}
    exec(required, space)  # noqa: S102 # the statements of the page
    assert space["host"].name == "myapp"
    exec(with_click, space)  # noqa: S102 # the statements of the page
    assert "plugins" in space["cli"].commands
    assert set(space["cli"].commands["plugins"].list_commands(None)) == set(app.list_commands(None))  # type: ignore[arg-type] # it looks at none
    monkeypatch.setattr(sys, "argv", ["myapp", "plugins", "list", "--json"])
    with pytest.raises(SystemExit) as ended:
        exec(with_argparse, space)  # noqa: S102 # the statements of the page
    assert ended.value.code in (0, None)
    assert os.environ.get("PLUGFRAME_SAFE_MODE", "") == ""
