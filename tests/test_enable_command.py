"""``plugframe enable`` and ``disable``: whose decision is recorded where, what counts then, and what is refused."""

import json
import os
import stat
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from _command import PATIENCE, command, run, run_process, variables
from click.testing import Result

from plugframe import Host
from plugframe.policy.settings import writing
from plugframe.policy.settings.reading import read_settings
from plugframe.policy.settings.values import Ruling, Source
from plugframe.testing.environments import distribution, write_tree

TREES = (
    distribution("shop", "3.0", entry_points={"plugframe.hosts": {"shop": "shop:host", "bazaar": "shop:bazaar"}}),
    distribution(
        "Acme-Vision",
        entry_points={"shop.plugins": {"vision": "acme_vision"}, "shop.hooks": {"vision.render": "acme_vision:render"}},
        modules={"acme_vision.py": "raise SystemExit('it was imported')"},
    ),
    distribution("acme-two", entry_points={"shop.plugins": {"two": "acme_two", "three": "acme_three"}}),
    distribution("acme-both", entry_points={"shop.plugins": {"both": "a"}, "bazaar.plugins": {"both": "a"}}),
    distribution("clash", entry_points={"shop.plugins": {"x": "clash"}}),
    distribution("other", entry_points={"shop.plugins": {"clash": "other"}}),
    distribution("bystander"),
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on the path with some plugins; a working directory without a project."""
    site = tmp_path / "site"
    for tree in TREES:
        write_tree(site, tree)
    monkeypatch.syspath_prepend(site)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return site


@pytest.fixture
def decisions(settings_folder: str) -> Path:
    """Return the user's file."""
    return Path(settings_folder) / "plugframe.decisions.toml"


def states(site: Path, host: str = "shop") -> dict[str, str]:
    """Return the states of a host's plugins by name."""
    return {plugin.name: plugin.state for plugin in Host(host, path=[site]).plugins.values()}


def read(path: Path) -> dict[str, Any]:
    """Return what a file of decisions says of the host ``shop``."""
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")).get("hosts", {}).get("shop", {})
    return found


def fine(done: Result) -> Result:
    """Return what a command did that went well."""
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    return done


@pytest.mark.parametrize(
    ("name", "written", "disabled"),
    [
        ("vision", "vision", {"vision"}),
        ("VISION", "vision", {"vision"}),
        ("Acme-Vision", "Acme-Vision", {"vision"}),
        ("acme_vision", "Acme-Vision", {"vision"}),
        ("acme.vision:Vision", "Acme-Vision:vision", {"vision"}),
        ("render", "vision", {"vision"}),
        ("acme-two", "acme-two", {"two", "three"}),
        ("three", "three", {"three"}),
        ("x", "x", {"x"}),
        ("other:clash", "other:clash", {"clash"}),
    ],
)
def test_a_plugin_an_entry_point_or_a_distribution_is_disabled_in_any_spelling(
    site: Path, decisions: Path, name: str, written: str, disabled: set[str]
) -> None:
    done = fine(run("disable", name, "--host", "shop"))
    assert set(read(decisions)["disable"]) == {written}
    assert {plugin for plugin, state in states(site).items() if state == "disabled"} == disabled
    assert all(f"{plugin} of shop is disabled: " in done.stdout for plugin in disabled)
    assert f"recorded in {decisions}" in done.stdout
    fine(run("enable", name, "--host", "shop"))
    assert read(decisions) == {}
    assert set(states(site).values()) == {"available"}


def test_who_when_why_and_until_are_recorded_and_repeated(site: Path, decisions: Path) -> None:
    done = fine(run("disable", "vision", "--reason", ' it "crashes"\n on ours ', "--until", "9998-12-31"))
    about = read(decisions)["disable"]["vision"]
    assert about["reason"] == 'it "crashes" on ours'
    assert about["since"].isoformat() == time.strftime("%Y-%m-%d")
    assert about["until"].isoformat() == "9998-12-31"
    assert about["by"]
    told = Host("shop", path=[site]).plugins["vision"].decision.reason
    assert told.startswith('it "crashes" on ours (by ')
    assert "until 9998-12-31" in told
    assert told in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("disable", "visoin"), ["named 'visoin'", "did you mean vision?", "next: plugframe list --all"]),
        (("enable", "acme-visoin"), ["did you mean Acme-Vision?"]),
        (("disable", "bystander"), ["bystander 1.0 is installed", "has no plugin of any host"]),
        (("disable", "clash"), ["'clash' means several plugins", "clash:x --host shop", "other:clash --host shop"]),
        (("disable", "both"), ["'both' means several plugins", "acme-both:both --host bazaar"]),
        (("disable", "vision", "--host", "shpo"), ["hosts that exist: bazaar, shop", "did you mean shop?"]),
        (("disable", "vision", "--until", "soon"), ["--until: a day such as 2026-12-31 is wanted"]),
        (("disable", "vision", "--until", "2020-01-01"), ["that day has come already"]),
        (("disable", "vision", "--scope", "planet"), ["'planet'"]),
        (("disable", "vision", "--scope", "project"), ["the scope project", "choose another --scope"]),
        (("disable",), ["NAME"]),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(
    site: Path, settings_folder: str, arguments: tuple[str, ...], told: list[str]
) -> None:
    assert site.exists()
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert [part for part in told if part not in done.stderr] == []
    assert not os.path.exists(settings_folder)


def test_a_distribution_is_disabled_in_each_of_its_hosts(site: Path, decisions: Path) -> None:
    fine(run("disable", "acme-both"))
    assert states(site)["both"] == states(site, "bazaar")["both"] == "disabled"
    fine(run("enable", "both", "--host", "bazaar"))
    assert (states(site)["both"], states(site, "bazaar")["both"]) == ("disabled", "available")
    assert read(decisions)["disable"]


def test_one_plugin_of_a_disabled_distribution_is_enabled_alone(site: Path, decisions: Path) -> None:
    fine(run("disable", "acme-two", "--reason", "it is slow"))
    fine(run("enable", "two"))
    assert states(site)["two"] == "available"
    assert states(site)["three"] == "disabled"
    assert set(read(decisions)) == {"disable", "enable"}
    fine(run("disable", "two"))
    assert states(site)["two"] == "disabled"
    fine(run("enable", "acme-two"))
    assert read(decisions) == {}


def test_a_scope_is_a_file_and_the_nearest_counts(
    site: Path, tmp_path: Path, decisions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path / "environment"
    prefix.mkdir()
    (tmp_path / "work" / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    monkeypatch.setattr(sys, "prefix", os.fspath(prefix))
    monkeypatch.delenv("PLUGFRAME_PROJECT")
    fine(run("disable", "vision", "--scope", "env", "--reason", "for all"))
    assert (prefix / "plugframe.decisions.toml").exists()
    assert "(environment)" in Host("shop", path=[site]).plugins["vision"].decision.reason
    fine(run("enable", "vision", "--scope", "user"))
    assert set(read(decisions)["enable"]) == {"Acme-Vision:vision"}
    assert states(site)["vision"] == "available"
    fine(run("disable", "vision", "--scope", "project"))
    assert "(project)" in Host("shop", path=[site]).plugins["vision"].decision.reason
    done = run("enable", "vision", "--scope", "env")
    assert done.exit_code == 1
    assert "vision of shop is disabled all the same; next: plugframe enable vision --host shop" in done.stderr
    assert "work/plugframe.decisions.toml (project)" in done.stdout
    fine(run("enable", "vision", "--scope", "project"))
    assert states(site)["vision"] == "available"


def test_what_a_variable_says_is_not_overruled_and_told(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUGFRAME_DISABLE", "vision")
    done = run("enable", "vision")
    assert done.exit_code == 1
    assert "next: take vision out of the variable PLUGFRAME_DISABLE" in done.stderr
    monkeypatch.setenv("PLUGFRAME_DISABLE", "")
    monkeypatch.setenv("PLUGFRAME_ENABLE", "vision")
    assert run("disable", "vision").exit_code == 1
    monkeypatch.delenv("PLUGFRAME_ENABLE")
    assert states(site)["vision"] == "disabled"


def test_what_people_wrote_in_the_same_folder_is_overruled_and_stays(site: Path, decisions: Path) -> None:
    decisions.parent.mkdir()
    written = decisions.with_name("plugframe.toml")
    written.write_text("# mine\ndisable = ['vision']\nmode = 'allow-list'\nallow = ['two']\n", encoding="utf-8")
    before = written.read_bytes()
    done = run("enable", "vision")
    assert done.exit_code == 1, "the mode does not let it run"
    assert states(site)["vision"] == "blocked"
    assert "add 'Acme-Vision' to allow in settings" in done.stderr
    assert written.read_bytes() == before


def test_the_outcome_is_told_as_json(site: Path, decisions: Path) -> None:
    assert site.exists()
    document = json.loads(fine(run("disable", "vision", "--json")).stdout)
    assert {key: document[key] for key in ("schema", "scope", "recorded")} == {
        "schema": 1,
        "scope": "user",
        "recorded": os.fspath(decisions),
    }
    (row,) = document["plugins"]
    assert (row["host"], row["name"], row["distribution"], row["state"]) == (
        "shop",
        "vision",
        "Acme-Vision",
        "disabled",
    )
    assert row["next"] == "plugframe enable vision --host shop"


def test_another_environments_plugins_are_decided_about_in_that_environment(site: Path, tmp_path: Path) -> None:
    write_tree(tmp_path / "env" / "lib" / "python3.12" / "site-packages", TREES[1])
    write_tree(tmp_path / "env" / "lib" / "python3.12" / "site-packages", TREES[0])
    where = ("--static", "--python", os.fspath(tmp_path / "env"))
    fine(run("disable", "vision", "--scope", "env", *where))
    assert set(read(tmp_path / "env" / "plugframe.decisions.toml")["disable"]) == {"vision"}
    assert states(site)["vision"] == "available"
    listed = json.loads(run("list", "--json", "--host", "shop", *where).stdout)
    assert [row["state"] for row in listed["plugins"]] == ["disabled"]


@pytest.mark.skipif(os.name == "nt", reason="the permissions are POSIX's")
def test_a_file_keeps_its_permissions_and_a_new_one_gets_the_usual(site: Path, decisions: Path) -> None:
    assert site.exists()
    before = os.umask(0o027)
    try:
        fine(run("disable", "vision"))
        assert stat.S_IMODE(decisions.stat().st_mode) == 0o640
        decisions.chmod(0o600)
        fine(run("disable", "two"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(decisions.stat().st_mode) == 0o600
    assert os.listdir(decisions.parent) == [decisions.name]


def test_several_that_record_at_once_lose_nothing(tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "plugframe.decisions.toml")
    source = Source(scope="user", place=path)
    names = [f"plugin{number}" for number in range(24)]
    barrier = threading.Barrier(len(names))

    def disable(name: str) -> None:
        barrier.wait()
        writing.record(path, ["shop"], [Ruling(name=name, source=source)], forget=[name])

    threads = [threading.Thread(target=disable, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_settings("shop", given=path).every_ruling()
    assert sorted(ruling.name for ruling in found) == sorted(names)


def test_a_writer_that_is_killed_leaves_the_old_file_or_the_new_one(site: Path, decisions: Path) -> None:
    """A process is killed at its last step but one: what was there still counts."""
    fine(run("disable", "vision", "--reason", "the first"))
    code = (
        "import os, signal, sys\n"
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = ['plugframe', 'disable', 'vision', '--reason', 'the second']\n"
        "from plugframe.cli import main\nmain()\n"
    )
    home = os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))
    path = os.pathsep.join((os.fspath(site), home))
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables(PYTHONPATH=path), timeout=PATIENCE, check=False, capture_output=True
    )
    assert done.returncode == -9, done.stderr
    assert read(decisions)["disable"]["vision"]["reason"] == "the first"
    fine(run("disable", "vision", "--reason", "the third"))
    assert read(decisions)["disable"]["vision"]["reason"] == "the third"


def test_the_commands_run_as_processes_and_import_no_plugin(site: Path, tmp_path: Path) -> None:
    assert command("enable")
    path = os.pathsep.join((os.fspath(site), os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))))
    done = run_process("disable", "vision", PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")
    assert states(site)["vision"] == "disabled"
    assert tmp_path.exists()
