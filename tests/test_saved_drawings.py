"""``--output FILE``: tables and trees saved as pictures, pages and text."""

import html
import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from _command import run
from _installed import make_environment

from plugframe.testing.environments import distribution

NAME = 'acme-<b>&"ü'


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """Return an environment with two hosts, and a plugin whose name means something in HTML."""
    declared = {"plugframe.hosts": {"shop": "shop:host", "cafe": "cafe:host"}, "shop.plugins": {NAME: "no module!"}}
    other = distribution("other", entry_points={"cafe.plugins": {"other": "other"}})
    return make_environment(tmp_path / "shop", distribution("acme", entry_points=declared), other)


def words(file: Path) -> str:
    """Return the text in a picture, a page or a text."""
    content = file.read_text(encoding="utf-8")
    if file.suffix.lower() == ".svg":
        content = "\n".join(ET.fromstring(content).itertext())  # noqa: S314 # it was made here
    elif file.suffix == ".html":
        content = html.unescape(re.sub("<[^>]*>", "", content))
    return content.replace("\xa0", " ")


@pytest.mark.parametrize("ending", [".svg", ".html", ".txt", ".SVG"])
@pytest.mark.parametrize("command", [("list", "--all"), ("graph",), ("check",)])
def test_what_is_drawn_is_saved_whole(shop: str, tmp_path: Path, command: tuple[str, ...], ending: str) -> None:
    file = tmp_path / f"saved{ending}"
    done = run(*command, "--static", "--python", shop, "--output", os.fspath(file))
    assert done.exit_code == (1 if command == ("check",) else 0)
    assert done.stdout == ""
    assert f"wrote {file}\n" in done.stderr
    assert NAME in words(file) if command != ("check",) else "no module!" in words(file)
    if command != ("check",):
        assert words(file).index("cafe") < words(file).index("shop")
        assert "other" in words(file)


def test_the_text_is_what_is_printed(shop: str, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    for command in (("list", "--all"), ("graph",)):
        run(*command, "--static", "--python", shop, "--output", os.fspath(file))
        assert file.read_text(encoding="utf-8") == run(*command, "--static", "--python", shop).stdout


def test_the_same_is_saved_each_time(shop: str, tmp_path: Path) -> None:
    for ending in ("svg", "html"):
        files = [tmp_path / f"a.{ending}", tmp_path / "b" / f"a.{ending}"]
        files[1].parent.mkdir(exist_ok=True)
        for file in files:
            run("list", "--static", "--python", shop, "--output", os.fspath(file))
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (("list", "--json", "--output", "a.svg"), ["--output saves the table", "json"]),
        (("check", "--format", "sarif", "--output", "a.svg"), ["--output saves the table", "sarif"]),
        (("list", "--output", "a.png"), ["a.png", ".svg, .html, .txt"]),
        (("list", "--output", "no/where.svg"), ["no/where.svg", "cannot be written"]),
    ],
)
def test_what_cannot_be_saved_is_refused(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], explained: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments, "--static", "--python", shop)
    assert (done.exit_code, done.stdout) == (2, "")
    assert [part for part in explained if part not in done.stderr] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop"]
