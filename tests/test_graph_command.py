"""``plugframe graph``: what plugins provide, require and shadow, drawn as a tree and in others' languages."""

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest
from _command import run, run_process
from _installed import make_environment

from plugframe.cli.drawing import ENDINGS
from plugframe.testing.environments import Tree, distribution

SHOP = (
    distribution("acme-app", "3.0", entry_points={"plugframe.hosts": {"shop": "shop:host"}}),
    distribution(
        "acme-cart", "1.0",
        requires=("acme-core>=1", "absent-lib", "numpy; extra == 'fast'", "old; python_version<'3'"),
        entry_points={
            "shop.plugins": {"cart": "cart"}, "shop.hooks": {"cart.sell": "cart:sell"},
            "shop.classes": {"cart.Item": "cart:Item"},
        },
    ),
    distribution("acme-core", "1.2", requires=("acme-cart", "acme-app"), requested=False),
    distribution(
        "acme-till", "0.3", requires=("Acme.Core",),
        entry_points={
            "shop.plugins": {"till": "till", "cart": "till"},
            "shop.hooks": {"till.sell": "till:sell", "cart.sell": "t:s"},
        },
    ),
    distribution("starter", "0.1", requires=("acme-till", "acme-cart; extra == 'all'")),
)  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """Return an environment with plugins that require each other in a circle."""
    return make_environment(tmp_path / "shop", *SHOP)


def graph(where: str, *arguments: str) -> str:
    """Return the graph of an environment."""
    done = run("graph", "--static", "--python", where, *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_tree_shows_what_plugins_provide_require_and_shadow(shop: str) -> None:
    expected = """\
        shop
        ├── cart 1.0 available
        │   ├── provides hooks: sell
        │   ├── provides classes: cart.Item
        │   ├── shadows cart 0.3
        │   └── from acme-cart 1.0
        │       ├── requires absent-lib missing
        │       └── requires acme-core 1.2
        │           ├── requires acme-app 3.0
        │           └── requires acme-cart 1.0 (see above)
        ├── cart 0.3 shadowed
        │   ├── provides hooks: sell
        │   ├── shadowed by cart 1.0
        │   └── from acme-till 0.3
        │       └── requires acme-core 1.2 (see above)
        └── till 0.3 available
            ├── provides hooks: sell
            ├── starts before cart in sell
            └── from acme-till 0.3 (see above)
    """
    assert graph(shop) == dedent(expected)


def test_inverted_it_shows_who_requires_the_plugins(shop: str) -> None:
    shown = graph(shop, "--invert")
    assert "required by starter 0.1" in shown
    assert "required by starter 0.1 [all]" in shown
    assert "requires" not in shown


def test_as_json_it_has_every_node_and_edge_once(shop: str) -> None:
    found = json.loads(graph(shop, "--json"))
    assert found["schema"] == 1
    ids = [node["id"] for node in found["nodes"]]
    assert len(set(ids)) == len(ids)
    edges = [(edge["source"], edge["target"], edge["kind"], edge["label"]) for edge in found["edges"]]
    assert len(set(edges)) == len(edges)
    assert {end for edge in edges for end in edge[:2]} <= set(ids)
    assert ("distribution:acme_core", "distribution:acme_cart", "requires", "") in edges
    assert ("plugin:shop:till:acme_till", "plugin:shop:cart:acme_cart", "starts-before", "sell") in edges
    assert ("plugin:shop:cart:acme_cart", "plugin:shop:cart:acme_till", "shadows", "") in edges
    assert not [one for one in ids if "numpy" in one or "old" in one]


def test_the_shown_order_is_the_one_in_which_a_host_starts_them(tmp_path: Path) -> None:
    names = ("b", "a", "c")
    parts: list[Tree] = []
    for name in names:
        code = (
            "import plugframe\n"
            "@plugframe.Host('shop').hookimpl\n"
            "def sell():\n"
            f"    return '{name}'\n"
        )  # fmt: skip
        entries = {"shop.plugins": {name: f"x{name}"}, "shop.hooks": {f"{name}.sell": f"x{name}:sell"}}
        parts.append(distribution(f"x-{name}", entry_points=entries, modules={f"x{name}.py": code}))
    where = make_environment(tmp_path, *parts)
    edges = json.loads(graph(where, "--json", "--host", "shop"))["edges"]
    order = [(edge["source"][-5], edge["target"][-5]) for edge in edges if edge["kind"] == "starts-before"]
    (site,) = tmp_path.glob("lib/*/site-packages")
    program = f"""
        import sys
        sys.path.insert(0, {os.fspath(site)!r})
        import plugframe
        host = plugframe.Host("shop", path=[{os.fspath(site)!r}])
        @host.hookspec
        def sell(): ...
        print(*host.hook.sell())
    """
    home = os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))
    environment = {**os.environ, "PYTHONPATH": home}
    said = subprocess.run(
        [sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    started = said.stdout.split()
    assert order == list(pairwise(started))


def test_it_is_the_same_at_every_run_and_whatever_the_order_of_files(tmp_path: Path) -> None:
    first = make_environment(tmp_path / "one", *SHOP)
    second = make_environment(tmp_path / "two", *reversed(SHOP))
    for form in ("tree", "dot", "mermaid", "json"):
        shown = graph(first, "--format", form)
        assert shown == graph(first, "--format", form)
        assert shown == graph(second, "--format", form)


HOSTILE = 'a"b\\c<br>|`#;\x1b[31m{x}ü→\u202e'


@pytest.mark.parametrize("form", ["tree", "dot", "mermaid", "json"])
def test_no_name_escapes_its_quotes(tmp_path: Path, form: str) -> None:
    entries = {"shop.plugins": {HOSTILE.replace("\x1b", "\\"): "m"}, "shop.hooks": {"x": "y:z"}}
    where = make_environment(tmp_path, distribution("acme", HOSTILE, entry_points=entries))
    shown = graph(where, "--format", form, "--host", "shop")
    assert "\x1b" not in shown
    if form == "mermaid":
        assert all(
            re.fullmatch(r'flowchart LR|  n\d+\W*".*"\W*| *n\d+ \S+\|"[^"]*"\| n\d+', line) for line in lines(shown)
        )
        assert not set("<>`|\\{}") & set("".join(re.findall(r'"([^"]*)"', shown.replace("<br/>", ""))))
    if form == "dot":
        unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', "", shown)
        assert not set(unquoted) - set("digraph plugins{}rankdirLR=;[]->,labelshapestyl houseboxltdt\n fwghmun")


def lines(text: str) -> list[str]:
    """Return a text's lines, without empty ones."""
    return [line for line in text.splitlines() if line]


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")
def test_graphviz_draws_it(shop: str) -> None:
    drawn = subprocess.run(
        ["dot", "-Tsvg"], input=graph(shop, "--format", "dot"), capture_output=True, text=True, check=True, timeout=60
    )
    assert "acme-core" in drawn.stdout


@pytest.mark.parametrize(
    ("name", "has"),
    [
        ("a.svg", "<svg"), ("a.html", "<!DOCTYPE html>"), ("a.txt", "├── cart 1.0 available"), ("a.DOT", "digraph"),
        ("a.gv", "digraph"), ("a.mmd", "flowchart"), ("a.json", '"schema": 1'),
    ],
)  # fmt: skip
def test_it_is_saved_as_the_files_ending_says(shop: str, tmp_path: Path, name: str, has: str) -> None:
    file = tmp_path / name
    for _ in range(2):
        done = run("graph", "--static", "--python", shop, "--output", os.fspath(file))
        assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"wrote {file}\n")
        content = file.read_text(encoding="utf-8")
        assert has in content
        assert "acme" in content
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [name]


def test_a_picture_fetches_nothing_from_the_network(shop: str, tmp_path: Path) -> None:
    for ending in ENDINGS:
        graph(shop, "--output", os.fspath(tmp_path / f"a{ending}"))
        content = (tmp_path / f"a{ending}").read_text(encoding="utf-8")
        assert "url(" not in content.replace("url(#", "")
        assert "cdn" not in content


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (("--host", "shp"), ["did you mean shop"]),
        (("--json", "--format", "dot"), ["exclude each other"]),
        (("--format", "dot", "--output", "a.mmd"), ["exclude each other"]),
        (("--output", "a.pdf"), ["a.pdf", ".svg"]),
        (("--output", "nowhere/a.svg"), ["nowhere/a.svg", "cannot be written"]),
    ],
)
def test_wrong_arguments_are_refused(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], explained: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("graph", "--static", "--python", shop, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert [part for part in explained if part not in done.stderr] == []


def test_a_host_without_plugins_is_said_to_have_none(tmp_path: Path) -> None:
    done = run("graph", "--static", "--python", make_environment(tmp_path, distribution("acme")))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no plugins in" in done.stderr


def test_a_long_chain_of_requirements_needs_no_stack(tmp_path: Path) -> None:
    chain = [distribution(f"d{number}", requires=(f"d{number + 1}",)) for number in range(300)]
    start = distribution("acme", entry_points={"shop.plugins": {"a": "b"}}, requires=("d0",))
    where = make_environment(tmp_path, start, *chain, distribution("d300"))
    assert len(json.loads(graph(where, "--json", "--host", "shop"))["nodes"]) == 304
    assert "requires d299" in graph(where, "--host", "shop")


def test_an_encoding_without_lines_is_no_obstacle(shop: str) -> None:
    done = run_process("graph", "--static", "--python", shop, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "acme-core" in done.stdout
