"""Which entry points are a host's plugins, which of several with one name may run, and the reasons given."""

import sys
import tempfile
from pathlib import Path

import pytest
from _sites import Site, plugin
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugframe.discovery.snapshot import Snapshot, current_environment, discover
from plugframe.namespaces.names import name_problem
from plugframe.policy.decisions import plugins, strays
from plugframe.policy.findings import findings
from plugframe.policy.groups import KINDS, PARTS, groups, names
from plugframe.policy.plugins import Plugins
from plugframe.records import Plugin
from plugframe.testing.environments import Tree, distribution, write_tree

CLAIM = {"myapp.plugins": {"vision": "acme"}}


def installed(*folders: Path) -> Snapshot:
    """Return what is installed in folders, in that order on the path."""
    return discover(current_environment(list(map(str, folders))))


def decided(folder: Path, *trees: Tree) -> list[Plugin]:
    """Install distributions in a folder, and return the plugins of ``myapp``."""
    for tree in trees:
        write_tree(folder, tree)
    return list(plugins("myapp", installed(folder).entry_points))


def short(found: list[Plugin]) -> list[tuple[str, str, str]]:
    """Return name, distribution and state of plugins."""
    return [(plugin.name, str(plugin.distribution), plugin.state) for plugin in found]


def test_plugin_that_nothing_speaks_against_is_available_without_a_reason(tmp_path: Path) -> None:
    (found,) = decided(tmp_path, distribution("acme", entry_points=CLAIM))
    assert (found.name, found.state, found.decision.reason, found.decision.allowed) == ("vision", "available", "", True)
    assert found.provides == {}


@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
@pytest.mark.parametrize("apart", [True, False])
def test_name_that_several_claim_goes_to_the_one_that_sorts_first_however_they_lie(
    tmp_path: Path, order: str, *, apart: bool
) -> None:
    names = {"a": "Acme.Vision", "b": "beta", "c": "zeta"}
    folders = [tmp_path / letter if apart else tmp_path for letter in order]
    for folder, letter in zip(folders, order, strict=True):
        write_tree(folder, distribution(names[letter], entry_points=CLAIM))
    found = list(plugins("myapp", installed(*dict.fromkeys(folders)).entry_points))
    assert short(found) == [
        ("vision", "Acme.Vision 1.0", "available"),
        ("vision", "beta 1.0", "shadowed"),
        ("vision", "zeta 1.0", "shadowed"),
    ]
    winner, *losers = (plugin.decision.reason for plugin in found)
    assert "beta 1.0" in winner
    assert "zeta 1.0" in winner
    assert all("Acme.Vision 1.0" in reason for reason in losers)


def test_both_claims_are_kept_and_the_loser_is_a_finding(site: Site) -> None:
    site.install(distribution("zeta", entry_points=CLAIM), distribution("acme", entry_points=CLAIM, modules={}))
    site.install({"acme.py": ""})
    snapshot = installed(site.folder)
    mapping = Plugins("myapp", snapshot)
    assert list(mapping) == ["vision"]
    assert str(mapping["vision"].distribution) == "acme 1.0"
    assert short(list(mapping.everything())) == [
        ("vision", "acme 1.0", "available"),
        ("vision", "zeta 1.0", "shadowed"),
    ]
    (finding,) = findings("myapp", mapping.everything(), snapshot.entry_points)
    assert finding.code == "PF141"
    assert finding.distribution == "zeta"
    assert "acme 1.0" in finding.effect
    assert [result.state for result in site.host.report()] == ["available", "shadowed"]
    assert [result.state for result in site.host.load_all()] == ["loaded"]
    assert [result.state for result in site.host.report()] == ["loaded", "shadowed"]


def test_name_that_one_distribution_declares_twice_is_its_own_first_line(tmp_path: Path) -> None:
    tree = distribution("acme")
    write_tree(tmp_path, tree)
    lines = "[myapp.plugins]\nvision = first\nvision = second\n[myapp.callbacks]\nother.progress = acme:show\n"
    (tmp_path / "acme-1.0.dist-info" / "entry_points.txt").write_text(lines, encoding="utf-8")
    first, second = decided(tmp_path)
    assert (first.entry_point.value, first.state) == ("first", "available")
    assert (second.entry_point.value, second.state) == ("second", "shadowed")
    assert "twice" in second.decision.reason
    assert "sorts later" not in first.decision.reason
    assert first.provides == {"callbacks": ("other.progress",)}


def test_name_that_one_distribution_declares_twice_is_loaded_once_and_reported_so(site: Site) -> None:
    site.install(plugin("x"))
    lines = "[myapp.plugins]\nx = acme_x\nx = acme_nowhere\n"
    (site.folder / "acme_x-1.0.dist-info" / "entry_points.txt").write_text(lines, encoding="utf-8")
    assert [result.state for result in site.host.load_all()] == ["loaded"]
    assert [result.state for result in site.host.report()] == ["loaded", "shadowed"]


INVALID = [
    "",
    "a b",
    ":x",
    "acme:",
    "acme..x",
    "acme:x:y",
    "acme [fast",
    "acme-x",
    "acme:x.",
    "acme/x",
    ".acme",
    "acme:x()",
]


@pytest.mark.parametrize("value", INVALID)
def test_entry_point_that_no_tool_can_load_is_broken_with_the_reason(tmp_path: Path, value: str) -> None:
    (found,) = decided(tmp_path, distribution("acme", entry_points={"myapp.plugins": {"vision": value}}))
    assert found.state == "broken"
    assert not found.decision.allowed
    assert (repr(value) if value else "empty") in found.decision.reason
    assert str(found) == "myapp.plugins:vision from acme 1.0"


def test_broken_claim_never_takes_a_name_from_one_that_works(tmp_path: Path) -> None:
    broken = distribution("aaa", entry_points={"myapp.plugins": {"vision": "a b"}})
    found = decided(tmp_path, broken, distribution("zeta", entry_points=CLAIM))
    assert short(found) == [("vision", "zeta 1.0", "available"), ("vision", "aaa 1.0", "broken")]
    assert found[0].decision.reason == ""
    assert "'a b'" in found[1].decision.reason


@pytest.mark.parametrize("kind", KINDS)
def test_distribution_with_contributions_alone_is_a_plugin_of_its_own_name(site: Site, kind: str) -> None:
    also = {f"myapp.{kind}": {"x.y.z": "acme_extras:Thing"}}
    site.install(distribution("Acme-Extras", entry_points=also, modules={"acme_extras.py": "raise SystemExit"}))
    host = site.host
    (found,) = host.plugins.values()
    assert (found.name, found.entry_point.value, found.state) == ("Acme-Extras", "", "available")
    assert found.provides == ({kind: ("x.y.z",)} if kind != "hooks" else {})
    assert host.load("Acme-Extras")[0].state == "loaded"
    assert "acme_extras" not in sys.modules


def test_implied_plugin_and_a_named_one_may_claim_one_name(tmp_path: Path) -> None:
    implied = distribution("vision", entry_points={"myapp.classes": {"vision.Net": "vision:Net"}})
    found = decided(tmp_path, implied, distribution("acme", entry_points=CLAIM))
    assert short(found) == [("vision", "acme 1.0", "available"), ("vision", "vision 1.0", "shadowed")]


def test_contributions_belong_to_the_plugin_that_they_name_or_else_to_all_of_their_distribution(tmp_path: Path) -> None:
    entry_points = {
        "myapp.plugins": {"vision": "acme.vision", "audio": "acme.audio"},
        "myapp.hooks": {"vision.render": "acme:render", "audio.play": "acme:play", "audio.stop": "acme:stop"},
        "myapp.classes": {"vision.Net": "acme:Net", "shared.Base": "acme:Base"},
        "myapp.callbacks": {"progress": "acme:show"},
    }
    other = distribution("other", entry_points={"myapp.plugins": {"text": "other"}})
    audio, text, vision = decided(tmp_path, distribution("acme", entry_points=entry_points), other)
    assert text.provides == {}
    assert vision.provides == {
        "hooks": ("render",),
        "classes": ("vision.Net", "shared.Base"),
        "callbacks": ("progress",),
    }
    assert audio.provides == {"hooks": ("play", "stop"), "classes": ("shared.Base",), "callbacks": ("progress",)}


def test_hooks_of_no_plugin_of_their_distribution_are_found_as_strays(tmp_path: Path) -> None:
    hooks = {
        "myapp.hooks": {"vision.render": "acme:a", "visoin.render": "acme:b", "audio.play": "acme:c", "x": "acme:d"}
    }
    acme = distribution("acme", entry_points={**CLAIM, **hooks})
    found = decided(tmp_path, acme, distribution("other", entry_points={"myapp.plugins": {"audio": "other"}}))
    entry_points = installed(tmp_path).entry_points
    assert [entry.name for entry in strays("myapp", entry_points, found)] == ["visoin.render", "audio.play", "x"]
    told = list(findings("myapp", found, entry_points))
    assert [finding.code for finding in told] == ["PF140"] * 3
    assert all(finding.distribution == "acme" and finding.fix and finding.effect for finding in told)
    assert [dict(plugin.provides) for plugin in found] == [{}, {"hooks": ("render",)}]


def test_hook_entry_that_names_no_hook_is_a_stray(tmp_path: Path) -> None:
    (found,) = decided(tmp_path, distribution("acme", entry_points={**CLAIM, "myapp.hooks": {"vision": "acme:a"}}))
    assert found.provides == {}
    assert [entry.name for entry in strays("myapp", installed(tmp_path).entry_points, [found])] == ["vision"]


def test_plugins_of_a_shadowed_copy_do_not_count(tmp_path: Path) -> None:
    old, new = tmp_path / "later", tmp_path / "first"
    write_tree(old, distribution("acme", "2.0", entry_points={"myapp.plugins": {"late": "acme"}}))
    write_tree(new, distribution("acme", "1.0", entry_points=CLAIM))
    found = list(plugins("myapp", installed(new, old).entry_points))
    assert short(found) == [("vision", "acme 1.0", "available")]


def test_groups_of_other_hosts_are_not_looked_at(site: Site) -> None:
    site.install(
        plugin("x"), distribution("other", entry_points={"myapp2.plugins": {"y": "y"}, "my.plugins": {"z": "z"}})
    )
    assert list(site.host.plugins) == ["x"]


LINES = st.one_of(
    st.sampled_from([*groups("myapp"), "other.plugins", " myapp.plugins ", ""]).map("[{}]".format),
    st.builds(
        "{} = {}".format,
        st.sampled_from(["a", "b", "a.b", "A", "", "[x", "acme", "Acme", "a\tb"]),
        st.sampled_from(["acme", "acme:x", "", "a b", ":x", "acme [x", "acme.1", "é"]),
    ),
    st.sampled_from(["junk", "", "# comment", "\ufeff"]),
)
DISTRIBUTIONS = st.lists(
    st.fixed_dictionaries(
        {
            "folder": st.sampled_from(["one", "two"]),
            "name": st.sampled_from(["acme", "Acme", "acme.x", "acme_x", "zeta"]),
            "version": st.sampled_from(["1.0", "2.0", "nonsense"]),
            "metadata": st.booleans(),
            "lines": st.lists(LINES, max_size=8).map("\n".join),
        }
    ),
    max_size=5,
)


def build(root: Path, given: list[dict[str, object]]) -> Snapshot:
    """Write generated distributions, and return what is installed."""
    for one in given:
        info: dict[str, str | bytes | Tree] = {"entry_points.txt": str(one["lines"])}
        if one["metadata"]:
            info["METADATA"] = f"Metadata-Version: 2.1\nName: {one['name']}\nVersion: {one['version']}\n"
        write_tree(root / str(one["folder"]), {f"{one['name']}-{one['version']}.dist-info": info})
    return installed(root / "one", root / "two")


EXAMPLES = settings(max_examples=120, deadline=None, database=None)


@EXAMPLES
@given(DISTRIBUTIONS)
def test_what_is_decided_holds_together_in_any_environment(environment: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        snapshot = build(Path(folder), environment)
        found = plugins("myapp", snapshot.entry_points)
        mapping = Plugins("myapp", snapshot)
        assert names("myapp", snapshot) == {plugin.name for plugin in found}
        assert list(mapping) == sorted({plugin.name for plugin in found})
        assert len(mapping) == len(list(mapping.values()))
        for name, winner in mapping.items():
            rivals = [plugin for plugin in found if plugin.name == name]
            assert winner == rivals[0]
            assert sum(rival.state == "available" for rival in rivals) <= 1
            assert winner.state == "available" or {rival.state for rival in rivals} == {"broken"}
            assert all(rival.decision.reason for rival in rivals if rival is not rivals[0])


TWO_AND_A_CLASS = "[myapp.plugins]\na = acme\nb = acme\n[myapp.classes]\na.b = acme\nc.d = acme"


@EXAMPLES
@given(DISTRIBUTIONS)
@example([{"folder": "one", "name": "acme", "version": "1.0", "metadata": True, "lines": TWO_AND_A_CLASS}])
def test_whatever_is_declared_belongs_to_a_plugin_or_is_a_stray_in_any_environment(
    environment: list[dict[str, object]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        snapshot = build(Path(folder), environment)
        found = plugins("myapp", snapshot.entry_points)
        declared = {entry for kind in KINDS[1:] for entry in snapshot.entry_points(f"myapp.{kind}")}
        for entry in declared:
            kind = entry.group.rpartition(".")[2]
            if entry.problem or name_problem(entry.name, parts=PARTS[kind]):
                continue  # What cannot be loaded or reached is provided by nobody.
            owners = [one for one in found if one.distribution == entry.distribution]
            assert any(entry.name in owner.provides.get(kind, ()) for owner in owners)
        lost = strays("myapp", snapshot.entry_points, found)
        for entry in snapshot.entry_points("myapp.hooks"):
            word, _, hook = entry.name.partition(".")
            owners = [one for one in found if one.name == word and one.distribution == entry.distribution]
            assert (entry in lost) is not bool(owners and hook)
            assert not hook or all(hook in owner.provides["hooks"] for owner in owners)
