"""``plugframe check``: every finding once, chosen by code and owner, written as others' tools read them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from _command import rows, run
from _installed import make_environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugframe.cli.checks import writing
from plugframe.cli.checks.choosing import chosen
from plugframe.records import Diagnostic
from plugframe.testing.environments import distribution

WRONG = (
    distribution("acme-app", entry_points={"plugframe.hosts": {"shop": "shop:host"}}),
    distribution("acme-one", entry_points={"shop.plugins": {"one": "not a reference!", "twin": "one"}}),
    distribution("acme-two", entry_points={"shop.plugins": {"twin": "two"}, "shop.hooks": {"nobody.sell": "two:sell"}}),
    distribution("other", entry_points={"cafe.plugins": {"other": "also not one!"}}),
)
EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CANARY = {"one.py": "raise SystemExit('it was imported')", "two.py": "raise SystemExit('it was imported')"}


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    """Return an environment with a host and four findings."""
    return make_environment(tmp_path / "wrong", *WRONG, CANARY)


def check(where: str, *arguments: str) -> tuple[int, str, str]:
    """Check an environment; return the exit code and what was written."""
    done = run("check", "--static", "--python", where, *arguments)
    return done.exit_code, done.stdout, done.stderr


def codes(where: str, *arguments: str) -> list[str]:
    """Return the codes that a check finds."""
    _, out, _ = check(where, *arguments, "--format", "plain")
    return [line.split("\t")[0] for line in out.splitlines()]


def test_all_findings_are_told_with_owner_effect_fix_and_place(wrong: str) -> None:
    status, out, err = check(wrong)
    assert status == 1
    assert err.splitlines()[-1] == "4 findings"
    found = rows(out)
    assert [(row["CODE"], row["DISTRIBUTION"]) for row in found] == [
        ("PF106", "acme-one"), ("PF106", "other"), ("PF140", "acme-two"), ("PF141", "acme-two"),
    ]  # fmt: skip
    assert found[0]["PLACE"].endswith("acme_one-1.0.dist-info/entry_points.txt:2")
    assert all(row["EFFECT"] != "-" and row["FIX"] != "-" for row in found)


def test_an_environment_without_defects_passes(tmp_path: Path) -> None:
    fine = make_environment(tmp_path, distribution("acme", entry_points={"shop.plugins": {"a": "a"}}))
    assert check(fine) == (0, "", "0 findings\n")
    assert json.loads(check(fine, "--json")[1]) == {"schema": 1, "diagnostics": []}


@pytest.mark.parametrize("name", ["twin", "acme-two", "ACME_Two"])
def test_a_name_stands_for_the_distributions_that_it_means(wrong: str, name: str) -> None:
    expected = ["PF106", "PF140", "PF141"] if name == "twin" else ["PF140", "PF141"]
    assert codes(wrong, name) == expected


def test_a_host_stands_for_the_distributions_with_plugins_of_it(wrong: str) -> None:
    assert codes(wrong, "--host", "shop") == ["PF106", "PF140", "PF141"]
    assert codes(wrong, "--host", "cafe") == ["PF106"]
    assert codes(wrong, "acme-app") == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--select", "PF14"), ["PF140", "PF141"]),
        (("--select", "pf141,PF106"), ["PF106", "PF106", "PF141"]),
        (("--select", "PF141", "--select", "PF140"), ["PF140", "PF141"]),
        (("--ignore", "PF1"), []),
        (("--ignore", "PF106"), ["PF140", "PF141"]),
        (("--select", "PF14", "--ignore", "PF141"), ["PF140"]),
        (("--ignore", "PF14", "--select", "PF141"), ["PF141"]),
        (("--ignore", "PF"), []),
        (("--select", "PF9"), []),
    ],
)
def test_findings_are_chosen_by_code(wrong: str, arguments: tuple[str, ...], expected: list[str]) -> None:
    assert codes(wrong, *arguments) == expected
    assert check(wrong, *arguments)[0] == (1 if expected else 0)


@EXAMPLES
@given(
    st.lists(st.sampled_from(["PF101", "PF106", "PF140", "PF200"])),
    st.lists(st.sampled_from(["PF", "PF1", "PF14", "PF140", "PF2", "PF3"]), max_size=3),
    st.lists(st.sampled_from(["PF", "PF1", "PF10", "PF101", "PF2", "PF3"]), max_size=3),
)
def test_no_order_or_repetition_of_options_makes_a_difference(
    given_codes: list[str], select: list[str], ignore: list[str]
) -> None:
    found = [Diagnostic(code=code, message="m", path="p") for code in given_codes]
    once = chosen(found, select=tuple(select), ignore=tuple(ignore))
    assert once == chosen(found, select=tuple(reversed(select * 2)), ignore=tuple(reversed(ignore * 2)))
    assert set(once) <= set(found)


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (("--select", "101"), ["101", "PF101"]),
        (("--select", "PF1O1"), ["PF1O1"]),
        (("--ignore", "PF1011"), ["PF1011"]),
        (("twn",), ["twn", "did you mean twin"]),
        (("--host", "shp"), ["shp", "did you mean shop"]),
        (("--json", "--format", "github"), ["exclude each other"]),
        (("--format", "xml"), ["xml", "sarif"]),
    ],
)
def test_wrong_arguments_are_refused(wrong: str, arguments: tuple[str, ...], explained: list[str]) -> None:
    status, out, err = check(wrong, *arguments)
    assert (status, out) == (2, "")
    assert [part for part in explained if part not in err] == []


def test_what_cannot_be_seen_counts_only_where_that_is_asked_for(tmp_path: Path) -> None:
    folder = make_environment(tmp_path, {"code.pth": "import sys\n"})
    status, out, err = check(folder)
    assert (status, out) == (0, "")
    assert "PF150" in err
    assert check(folder, "--strict")[0] == 1
    assert codes(folder, "--strict") == ["PF150"]
    assert check(folder, "--strict", "--ignore", "PF150")[0] == 0


def test_a_check_runs_no_plugin(wrong: str) -> None:
    assert "it was imported" not in "".join(map(str, check(wrong)))


def test_github_gets_a_warning_for_each(wrong: str) -> None:
    _, out, _ = check(wrong, "--format", "github")
    lines = out.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("::warning file=") for line in lines)
    assert ",line=2,title=PF106 acme-one::" in lines[0]


@EXAMPLES
@given(st.text(), st.text(), st.text(), st.integers(min_value=0))
def test_nothing_in_a_finding_can_end_a_workflow_command_or_start_another(
    message: str, path: str, owner: str, line: int
) -> None:
    finding = Diagnostic(code="PF101", message=message, path=path, distribution=owner, line=line)
    told = writing.github(finding)
    assert "\n" not in told
    assert "\r" not in told
    head, _, data = told.removeprefix("::").partition("::")
    properties = dict(part.split("=", 1) for part in head.removeprefix("warning ").split(","))

    def read(text: str) -> str:
        for escaped, plain in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            text = text.replace(escaped, plain)
        return text

    assert read(properties.get("file", "")) == path
    assert read(properties["title"]) == f"PF101 {owner}".rstrip(" " if not owner else "")
    assert read(data) == message


def complain(document: Any, rules: Mapping[str, Any], place: str = "") -> list[str]:
    """Return where a document has not what the required part of SARIF's schema asks for."""
    found = []
    for key, (kind, inner) in rules.items():
        required = not key.endswith("?")
        name = key.removesuffix("?")
        if name not in document:
            found += [f"{place}.{name} is missing"] if required else []
        elif not isinstance(document[name], kind):
            found.append(f"{place}.{name} is {document[name]!r}")
        elif kind is list:
            found += [fault for one in document[name] for fault in complain(one, inner, f"{place}.{name}[]")]
        elif kind is dict:
            found += complain(document[name], inner, f"{place}.{name}")
    return found


LOCATION = {
    "physicalLocation": (dict, {
        "artifactLocation": (dict, {"uri": (str, {})}), "region?": (dict, {"startLine": (int, {})}),
    })
}  # fmt: skip
SARIF = {
    "version": (str, {}),
    "$schema?": (str, {}),
    "runs": (list, {
        "tool": (dict, {
            "driver": (dict, {"name": (str, {}), "version?": (str, {}), "rules?": (list, {"id": (str, {})})}),
        }),
        "results": (list, {
            "ruleId?": (str, {}), "ruleIndex?": (int, {}), "level?": (str, {}),
            "message": (dict, {"text": (str, {})}), "locations?": (list, LOCATION),
        }),
    }),
}  # fmt: skip


def test_sarif_has_what_its_schema_requires(wrong: str) -> None:
    document = json.loads(check(wrong, "--format", "sarif")[1])
    assert complain(document, SARIF) == []
    assert document["version"] == "2.1.0"
    (ran,) = document["runs"]
    rules = [rule["id"] for rule in ran["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    for result in ran["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        place = result["locations"][0]["physicalLocation"]
        assert place.get("region", {"startLine": 1})["startLine"] >= 1
        url = urlsplit(place["artifactLocation"]["uri"])
        assert url.scheme == "file"
        assert os.path.exists(unquote(url.path))


@EXAMPLES
@given(st.lists(st.binary(min_size=1, max_size=20).map(os.fsdecode), min_size=1, max_size=3), st.integers(-5, 5))
def test_any_file_name_is_a_valid_uri_in_sarif(names: list[str], line: int) -> None:
    path = os.sep + os.path.join(*(name.replace(os.sep, "_") for name in names))
    document = json.loads(json.dumps(writing.sarif([Diagnostic(code="PF101", message="m", path=path, line=line)])))
    assert complain(document, SARIF) == []
    place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    assert uri.isascii()
    assert unquote(urlsplit(uri).path, errors="surrogateescape") == path
    assert ("region" in place) is (line > 0)
