"""``plugframe why``: the state, the reason, whose it is, the effect, who had it installed, and the next command."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from _command import run
from _installed import make_environment

from plugframe.testing.environments import distribution

TREES = (
    distribution("shop", "3.0", entry_points={"plugframe.hosts": {"shop": "shop:host"}}),
    distribution(
        "Acme-Vision",
        "1.10",
        entry_points={"shop.plugins": {"vision": "acme_vision"}, "shop.hooks": {"vision.render": "acme_vision:render"}},
    ),
    distribution("rival", "0.1", entry_points={"shop.plugins": {"vision": "rival"}}),
    distribution("acme-speech", "1.9", requested=False, entry_points={"shop.plugins": {"speech": "acme_speech"}}),
    distribution("acme-bundle", requires=("acme-speech>=1",), requested=False),
    distribution("acme-office", requires=("acme-bundle",)),
    distribution("acme-new", requires=("shop>=4",), entry_points={"shop.plugins": {"new": "acme_new"}}),
    distribution("acme-invalid", entry_points={"shop.plugins": {"nonsense": "no such reference!"}}),
    distribution("acme-left", requested=False, entry_points={"shop.plugins": {"left": "left"}}),
    distribution("acme-conda", requested=False, installer="conda", entry_points={"shop.plugins": {"conda": "conda"}}),
)


@pytest.fixture
def where(tmp_path: Path) -> list[str]:
    """Return the options that name an environment with some plugins."""
    return ["--static", "--python", make_environment(tmp_path / "env", *TREES)]


def why(where: list[str], name: str, *more: str) -> list[dict[str, Any]]:
    """Return what the command tells of a name, as rows."""
    done = run("why", name, "--json", *where, *more)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["schema"] == 1
    rows: list[dict[str, Any]] = document["plugins"]
    return rows


EXPECTED: dict[str, tuple[str, str, str, str]] = {
    "speech": ("available", "", "required by acme-office > acme-bundle", "plugframe disable speech --host shop"),
    "new": (
        "incompatible",
        "acme-new 1.0 requires shop>=4, and shop 3.0 is installed",
        "somebody asked",
        "pip install",
    ),
    "nonsense": (
        "broken",
        "its entry point cannot be used",
        "somebody asked for acme-invalid",
        "pip install --upgrade",
    ),
    "left": ("available", "", "came as a dependency, and nothing that is installed requires it", "plugframe disable"),
    "conda": ("available", "", "its installer does not say who asked for it", "plugframe disable"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_state_is_explained_with_who_installed_it_and_the_next_command(where: list[str], name: str) -> None:
    (row,) = why(where, name)
    state, reason, installed, step = EXPECTED[name]
    assert row["state"] == state
    assert reason in row["reason"]
    assert installed in row["installed_by"]
    assert step in row["next"]
    assert row["what"] == f"shop.plugins:{name} from {row['distribution']} {row['version']}"
    path, _, line = row["where"].rpartition(":")
    assert f"{name} = " in Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_two_of_one_name_are_both_explained(where: list[str]) -> None:
    taken, shadowed = why(where, "vision")
    assert (taken["state"], shadowed["state"]) == ("available", "shadowed")
    assert "rival 0.1" in taken["reason"]
    assert shadowed["next"] == "pip uninstall rival"


@pytest.mark.parametrize("name", ["shop.plugins:speech", "Shop.Plugins:Speech", "acme_speech:speech"])
def test_a_plugin_is_found_by_the_name_of_its_entry_point_as_messages_write_it(where: list[str], name: str) -> None:
    assert [row["name"] for row in why(where, name)] == ["speech"]


@pytest.mark.parametrize(
    ("environment", "state", "told", "step"),
    [
        ({"PLUGFRAME_MODE": "direct"}, "blocked", "as a dependency of acme-office > acme-bundle", "add 'acme-speech'"),
        ({"PLUGFRAME_MODE": "allow-list"}, "blocked", "the variable PLUGFRAME_MODE, and the list lacks it", "add "),
        ({"PLUGFRAME_DISABLE": "acme-speech"}, "disabled", "in the variable PLUGFRAME_DISABLE", "take acme-speech"),
        ({"PLUGFRAME_MODE": "opne"}, "blocked", "did you mean 'open'?", "set it to something else"),
        ({"PLUGFRAME_SAFE_MODE": "1"}, "blocked", "safe mode", "unset PLUGFRAME_SAFE_MODE"),
    ],
)  # fmt: skip
def test_settings_are_named_that_decide(
    where: list[str],
    monkeypatch: pytest.MonkeyPatch,
    environment: Mapping[str, str],
    state: str,
    told: str,
    step: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (row,) = why(where, "speech")
    assert row["state"] == state
    assert told in row["reason"]
    assert step in row["next"]


def test_it_is_told_in_five_lines(where: list[str]) -> None:
    done = run("why", "acme.new", *where)
    first, *lines = done.stdout.splitlines()
    assert first == "incompatible: shop.plugins:new from acme-new 1.0"
    assert [line.split(":")[0].strip() for line in lines] == ["why", "declared in", "effect", "installed", "next"]
    (row,) = why(where, "new")
    assert [line.partition(":")[2].strip() for line in lines] == [
        row[field] for field in ("reason", "where", "effect", "installed_by", "next")
    ]
    assert (
        "nothing speaks against it; the mode is open (no setting says otherwise)" in run("why", "speech", *where).stdout
    )


def test_a_setting_that_counts_no_more_is_told(where: list[str], settings_folder: str) -> None:
    Path(settings_folder).mkdir(parents=True)
    text = "[hosts.shop.disable]\nspeech = {until = 2020-01-01, reason = 'it was slow'}\ngone = 'it is gone'\n"
    (Path(settings_folder) / "plugframe.toml").write_text(text, encoding="utf-8")
    (row,) = why(where, "speech")
    assert row["state"] == "available"
    assert row["reason"].startswith("no more disabled: it was slow")
    assert len(row["settings"]) == 1
    codes = [found["code"] for found in json.loads(run("list", "--json", *where).stdout)["diagnostics"]]
    assert "PF191" in codes
    assert "PF192" in codes


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("shpo/speech", "fix: write shop."),
        ("a/b", "fix: correct the name"),
        ("Shop/speech", ""),
        ("speech", ""),
    ],
)
def test_what_is_said_of_a_host_that_is_not_there_is_told(
    where: list[str], monkeypatch: pytest.MonkeyPatch, variable: str, told: str
) -> None:
    monkeypatch.setenv("PLUGFRAME_DISABLE", variable)
    done = run("why", "speech", *where)
    assert ("PF191" in done.stderr, told in done.stderr) == (bool(told), True)
    assert done.stdout.startswith("available: " if told else "disabled: ")


@pytest.mark.parametrize(("name", "is_told"), [("shopp", True), ("elsewhere", False), ("SHOP", False)])
def test_of_a_users_own_settings_only_a_host_is_told_that_is_like_one_here(
    where: list[str], settings_folder: str, *, name: str, is_told: bool
) -> None:
    Path(settings_folder).mkdir(parents=True)
    (Path(settings_folder) / "plugframe.toml").write_text(f"[hosts.{name}]\nmode = 'open'\n", encoding="utf-8")
    assert ("PF191" in run("why", "speech", *where).stderr) is is_told


def test_a_required_plugin_that_is_missing_is_told(where: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUGFRAME_REQUIRE", "shop/visoin")
    (row,) = why(where, "visoin")
    assert row["state"] == "missing"
    assert "did you mean vision?" in row["reason"]
    assert (row["effect"], row["installed_by"]) == ("shop does not run without it", "nobody")
    assert run("why", "visoin", *where).stdout.startswith("missing: shop.plugins:visoin\n")
    listed = json.loads(run("list", "--json", "--host", "shop", *where).stdout)
    assert ("visoin", "missing") in [(one["name"], one["state"]) for one in listed["plugins"]]


@pytest.mark.parametrize("name", ["speach", "acme-bundle", "", "../x", "\x1b[31m"])
def test_a_name_that_means_no_plugin_is_an_error(where: list[str], name: str) -> None:
    done = run("why", name, *where)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "next: plugframe list --all" in done.stderr
    assert ("did you mean speech?" in done.stderr) == (name == "speach")
    assert ("is installed in" in done.stderr) == (name == "acme-bundle")
    assert "\x1b" not in done.stderr


def test_an_environment_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    done = run("why", "speech", "--python", os.fspath(tmp_path / "nowhere"))
    assert (done.exit_code, done.stdout) == (2, "")
