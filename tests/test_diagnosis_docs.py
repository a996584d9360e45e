"""The examples of the pages on the quarantine, the graph, completion and breakers, run as they are written."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from _command import run
from _installed import make_environment
from _sites import Site, plugin, site_at

from plugframe.discovery.snapshot import Environment
from plugframe.policy.quarantine import marks
from plugframe.policy.quarantine.watching import Quarantine
from plugframe.testing.environments import distribution

DOCS = Path(__file__).parent.parent / "docs"


def blocks(page: str, language: str) -> list[str]:
    """Return a page's blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a folder with the application."""
    with site_at(tmp_path / "site") as made:
        yield made


def test_the_quarantine_is_shown_and_cleared_as_the_page_says(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.install(plugin("vision"))
    where = Environment(site.host.plugins.snapshot.environment.path, prefix="/opt/myapp", base_prefix="", cache_tag="")
    monkeypatch.setattr("os.getpid", lambda: 4711)
    monkeypatch.setattr("time.time", lambda: 1_769_860_800.0)
    monkeypatch.setattr("time.localtime", __import__("time").gmtime)
    held = Quarantine("myapp", where).mark(site.host.plugins["vision"], "", ending=marks.LOADING)
    assert held is not None
    held.release()
    (page,) = blocks("quarantine.md", "text")
    shown = "".join(
        f"$ plugframe {' '.join(words)}\n{run(*words).stdout}"
        for words in (("quarantine", "list"), ("quarantine", "clear", "vision"))
    )
    assert shown == page


def test_the_graph_is_the_one_of_the_page(tmp_path: Path) -> None:
    where = make_environment(
        tmp_path,
        distribution("myapp", entry_points={"plugframe.hosts": {"myapp": "myapp:host"}}),
        distribution("acme-core", "1.2", requires=("absent-lib",)),
        distribution(
            "acme-vision", "1.0", requires=("acme-core",),
            entry_points={
                "myapp.plugins": {"vision": "v"}, "myapp.hooks": {"vision.render": "v:render"},
                "myapp.classes": {"vision.ResNet": "v:ResNet"},
            },
        ),
        distribution(
            "acme-outline", "0.3", requires=("acme-core",),
            entry_points={"myapp.plugins": {"outline": "o"}, "myapp.hooks": {"outline.render": "o:render"}},
        ),
    )  # fmt: skip
    page = blocks("graph.md", "text")[0]
    assert "$ plugframe graph\n" + run("graph", "--static", "--python", where).stdout == page


def test_the_breaker_of_the_page_leaves_out(site: Site) -> None:
    site.install(plugin("bad", "from myapp import hookimpl\n@hookimpl\ndef render(page):\n    raise OSError(page)\n"))
    (code,) = [block for block in blocks("hooks.md", "python") if "break_circuits" in block]
    space: dict[str, object] = {"host": site.host}
    exec(code, space)  # noqa: S102 # the page's statement
    for _ in range(3):
        with pytest.raises(OSError, match="p"):
            site.host.hook.render(page="p")
    assert site.host.hook.render(page="p") == []
    assert "1 left out" in repr(space["breaker"])


def test_every_command_and_format_of_the_pages_exists() -> None:
    for page in ("quarantine.md", "graph.md", "findings.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for command in set(re.findall(r"(?:`|^|\$ )plugframe ([a-z]+)", text, flags=re.MULTILINE)):
            assert run(command, "--help").exit_code == 0, (page, command)
        for option in set(re.findall(r"`(--[a-z]+)", text)):
            helps = (run(command, "--help").stdout for command in ("check", "graph", "list", "stubs"))
            assert option in "".join([*helps, run("quarantine", "clear", "--help").stdout]), (page, option)


def test_every_code_that_is_reported_is_on_the_page_of_findings() -> None:
    package = os.path.dirname(os.path.dirname(marks.__file__))
    folder = Path(package).parent
    told = {
        code for file in folder.rglob("*.py") for code in re.findall(r'"(PF\d{3})"', file.read_text(encoding="utf-8"))
    }
    page = (DOCS / "findings.md").read_text(encoding="utf-8")
    assert sorted(code for code in told if f"| {code} |" not in page) == []
