"""``plugframe quarantine``: what it shows, and what it clears."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from _command import rows, run
from _sites import Site, plugin, site_at

from plugframe.policy.quarantine.marks import INTERRUPTED, LOADING
from plugframe.policy.quarantine.watching import Quarantine


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a folder with the application and two plugins."""
    with site_at(tmp_path / "site") as made:
        made.install(plugin("crasher"), plugin("other", version="2.5"))
        yield made


def accuse(site: Site, *names: str, ending: str = LOADING) -> None:
    """Leave marks of plugins as a process does that ends while it loads them."""
    plugins = site.host.plugins
    for name in names:
        held = Quarantine("myapp", plugins.snapshot.environment).mark(plugins[name], "", ending=ending)
        assert held is not None
        held.release()


def test_what_is_quarantined_is_listed(site: Site) -> None:
    accuse(site, "other", "crasher")
    accuse(site, "crasher", ending=INTERRUPTED)
    done = run("quarantine", "list")
    assert (done.exit_code, done.stderr) == (0, "")
    found = [(row["PLUGIN"], row["VERSION"], row["STATE"], row["HOST"]) for row in rows(done.stdout)]
    assert found == [
        ("crasher", "1.0", "quarantined", "myapp"),
        ("crasher", "1.0", "interrupted", "myapp"),
        ("other", "2.5", "quarantined", "myapp"),
    ]


def test_the_list_as_json_tells_everything(site: Site, quarantine_folder: str) -> None:
    accuse(site, "other")
    found = json.loads(run("quarantine", "list", "--json").stdout)
    assert (found["schema"], found["folder"], found["problems"]) == (1, quarantine_folder, {})
    (row,) = found["quarantine"]
    assert (row["name"], row["distribution"], row["process"]) == ("other", "acme-other", os.getpid())
    assert os.path.dirname(row["path"]) == quarantine_folder
    assert json.loads(run("quarantine", "list", "--json", "--host", "nobody").stdout)["quarantine"] == []


def test_an_empty_quarantine_is_told_and_no_folder_made(quarantine_folder: str) -> None:
    done = run("quarantine", "list")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "nothing is quarantined\n")
    assert not os.path.exists(quarantine_folder)


def test_what_is_loading_now_is_shown_and_not_cleared(site: Site) -> None:
    plugins = site.host.plugins
    with Quarantine("myapp", plugins.snapshot.environment).watch(plugins["other"]):
        assert rows(run("quarantine", "list").stdout)[0]["STATE"] == "loading"
        assert run("quarantine", "clear", "--all").stderr == "nothing was quarantined\n"
        assert rows(run("quarantine", "list").stdout)[0]["PLUGIN"] == "other"


@pytest.mark.parametrize("name", ["crasher", "acme-crasher", "Acme_Crasher", "CRASHER"])
def test_a_cleared_plugin_may_be_loaded_again(site: Site, name: str) -> None:
    accuse(site, "crasher", "other")
    site.host.refresh()
    assert site.host.plugins["crasher"].state == "quarantined"
    done = run("quarantine", "clear", name)
    assert (done.exit_code, done.stdout) == (0, "cleared crasher from acme-crasher 1.0, of myapp\n")
    site.host.refresh()
    assert site.load("crasher").state == "loaded"
    assert site.host.plugins["other"].state == "quarantined"


def test_all_are_cleared_with_what_cannot_be_read(site: Site, quarantine_folder: str) -> None:
    accuse(site, "crasher", "other")
    (Path(quarantine_folder) / "1-2-3.loading").write_bytes(b"no mark")
    done = run("quarantine", "list")
    assert "1-2-3.loading" in done.stderr
    done = run("quarantine", "clear", "--all", "--json")
    assert [row["name"] for row in json.loads(done.stdout)["cleared"]] == ["crasher", "other"]
    assert os.listdir(quarantine_folder) == []


@pytest.mark.parametrize(
    "name", ["notes.txt", "notes.loading", "1-2.loading", "1-2-3.loading.txt", "a-b-z.interrupted"]
)
def test_clearing_leaves_alone_what_is_not_ours(quarantine_folder: str, name: str) -> None:
    os.makedirs(quarantine_folder, mode=0o700)
    other = Path(quarantine_folder) / name
    other.write_text("somebody's", encoding="utf-8")
    assert run("quarantine", "list").stderr == "nothing is quarantined\n"
    assert run("quarantine", "clear", "--all").exit_code == 0
    assert other.read_text(encoding="utf-8") == "somebody's"


def test_only_one_environment_is_cleared_where_one_is_named(site: Site) -> None:
    accuse(site, "crasher")
    done = run("quarantine", "clear", "--all", "--static", "--python", os.fspath(site.folder))
    assert done.exit_code == 2
    done = run("quarantine", "clear", "crasher", "--host", "elsewhere")
    assert done.exit_code == 2
    assert rows(run("quarantine", "list").stdout)[0]["PLUGIN"] == "crasher"


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (("clear", "crashr"), ["crashr", "did you mean crasher"]),
        (("clear", "zzz"), ["zzz", "quarantined: crasher, acme-crasher"]),
        (("clear",), ["--all"]),
        (("clear", "crasher", "--all"), ["exclude each other"]),
        (("lst",), ["lst"]),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_is_cleared(
    site: Site, arguments: tuple[str, ...], explained: list[str]
) -> None:
    accuse(site, "crasher")
    done = run("quarantine", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert [part for part in explained if part not in done.stderr] == []
    assert rows(run("quarantine", "list").stdout)[0]["PLUGIN"] == "crasher"


def test_a_quarantine_that_is_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUGFRAME_QUARANTINE", "off")
    done = run("quarantine", "list")
    assert done.exit_code == 0
    assert "PLUGFRAME_QUARANTINE says so" in done.stderr


def test_what_cannot_be_deleted_is_named(site: Site, quarantine_folder: str) -> None:
    accuse(site, "crasher")
    (Path(quarantine_folder) / "1-2-3.loading").mkdir()
    done = run("quarantine", "clear", "--all")
    assert done.exit_code == 1
    assert "cannot delete" in done.stderr
    assert "1-2-3.loading" in done.stderr


def test_list_shows_the_state_and_the_reason(site: Site) -> None:
    accuse(site, "crasher")
    done = run("list", "--host", "myapp", "--all", "--fields", "name,state,reason")
    shown = {row["PLUGIN"]: row for row in rows(done.stdout)}
    assert shown["crasher"]["STATE"] == "quarantined"
    assert "plugframe quarantine clear crasher" in shown["crasher"]["REASON"]
    assert shown["other"]["STATE"] == "available"
