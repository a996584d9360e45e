"""Why a distribution is installed: the chain of requirements that pulled it in."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest
from _answers import environment_of
from hypothesis import given, settings
from hypothesis import strategies as st

from plugframe.discovery.metadata import normalize
from plugframe.discovery.provenance import Requirers
from plugframe.discovery.snapshot import discover
from plugframe.records import Distribution
from plugframe.testing.environments import distribution, write_tree


def installed(name: str, *requires: str, requested: bool | None = False) -> Distribution:
    """Return a distribution's record."""
    return Distribution(
        name=name, version="1.0", key=normalize(name), location="/site", metadata_path=f"/site/{name}-1.0.dist-info",
        requires=requires, requested=requested,
    )  # fmt: skip


def chain(*distributions: Distribution, markers: dict[str, str] | None = None) -> tuple[str, ...]:
    """Return the chain that pulled in the last distribution."""
    return Requirers(distributions, markers).chain(distributions[-1])


def test_chain_goes_from_what_was_asked_for_to_the_requirer() -> None:
    app, library, leaf = installed("app", "library", requested=True), installed("library", "leaf"), installed("leaf")
    requirers = Requirers([leaf, library, app])
    assert requirers.chain(leaf) == ("app", "library")
    assert requirers.chain(library) == ("app",)
    assert requirers.direct(leaf) == ("library",)


def test_what_was_asked_for_needs_no_chain_but_has_requirers() -> None:
    app, leaf = installed("app", "leaf", requested=True), installed("leaf", requested=True)
    requirers = Requirers([app, leaf])
    assert requirers.chain(leaf) == ()
    assert requirers.direct(leaf) == ("app",)


def test_what_nothing_requires_has_no_chain() -> None:
    alone = installed("alone", requested=None)
    assert Requirers([alone]).chain(alone) == ()
    assert Requirers([alone]).direct(alone) == ()


def test_distribution_that_is_not_installed_has_no_chain() -> None:
    assert Requirers([installed("app", "other", requested=True)]).chain(installed("stranger")) == ()


@pytest.mark.parametrize("requested", [False, None])
def test_chain_starts_where_nothing_is_required_if_nobody_asked(requested: bool | None) -> None:  # noqa: FBT001 # a parameter
    root, leaf = installed("root", "leaf", requested=requested), installed("leaf", requested=requested)
    assert chain(root, leaf) == ("root",)


def test_names_are_matched_as_the_tools_match_them_and_shown_as_written() -> None:
    app = installed("My.App", "ACME--Vision>=1", requested=True)
    assert chain(app, installed("acme_vision", "Leaf.One"), installed("leaf-one")) == ("My.App", "acme_vision")


def test_shortest_chain_is_shown() -> None:
    found = [installed("a", "b", requested=True), installed("b", "c"), installed("c", "leaf")]
    assert chain(*found, installed("z", "leaf", requested=True), installed("leaf")) == ("z",)


def test_chain_ends_at_the_nearest_that_was_asked_for() -> None:
    found = [installed("top", "middle", requested=True), installed("middle", "low", requested=True)]
    assert chain(*found, installed("low", "leaf"), installed("leaf")) == ("middle", "low")


def test_longer_chain_of_plain_requirements_counts_more_than_one_by_an_extra() -> None:
    extra = installed("extra", "leaf; extra == 'all'", requested=True)
    found = [extra, *(installed(f"n{i}", f"n{i + 1}", requested=i == 0) for i in range(5)), installed("n5", "leaf")]
    assert chain(*found, installed("leaf")) == ("n0", "n1", "n2", "n3", "n4", "n5")


@pytest.mark.parametrize(
    "marker",
    [
        "extra == 'fast'", 'extra == "fast"', "extra=='fast'", 'extra=="fast"', "'fast' == extra", "(extra == 'fast')",
        "python_version > '3' and extra == 'fast'", "extra == 'fast' and python_version > '3'",
        "sys_platform == 'nowhere' and extra == 'slow' or extra == 'fast'", "extra  ==  'fast'",
    ],
)  # fmt: skip
def test_requirement_that_only_an_extra_gives_is_shown_with_it(marker: str) -> None:
    assert chain(installed("app", f"leaf; {marker}", requested=True), installed("leaf")) == ("app[fast]",)


def test_one_of_several_extras_is_shown() -> None:
    app = installed("app", "leaf; extra == 'a' or extra == 'b'", requested=True)
    assert chain(app, installed("leaf")) in [("app[a]",), ("app[b]",)]


@pytest.mark.parametrize("order", [1, -1])
def test_plain_requirement_of_the_same_distribution_counts_more_than_one_by_an_extra(order: int) -> None:
    requires = ["leaf; extra == 'fast'", "leaf"][::order]
    app, leaf = installed("app", *requires, requested=True), installed("leaf")
    assert chain(app, leaf) == ("app",)
    assert Requirers([app, leaf]).direct(leaf) == ("app",)


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("python_version >= '3'", True),
        ("python_version < '3'", False),
        (f"sys_platform == '{sys.platform}'", True),
        ("sys_platform == 'nowhere'", False),
        ("sys_platform == 'nowhere' and extra == 'x'", False),
        ("implementation_name == 'nothing' or python_version > '3'", True),
        ("extra != 'x'", True),
    ],
)
def test_requirement_whose_marker_does_not_hold_is_none(marker: str, *, holds: bool) -> None:
    assert chain(installed("app", f"leaf ; {marker}", requested=True), installed("leaf")) == (("app",) if holds else ())


def test_markers_of_another_environment_decide_there() -> None:
    app, leaf = (
        installed("app", "leaf; sys_platform == 'win32' and python_version < '3.5'", requested=True),
        installed("leaf"),
    )
    assert chain(app, leaf) == ()
    other = {"sys_platform": "win32", "python_version": "3.4", "python_full_version": "3.4.1"}
    assert chain(app, leaf, markers=other) == ("app",)


@pytest.mark.parametrize(
    "requirement",
    [
        "leaf", "leaf>=1,<2", "leaf (>=1)", "leaf(>=1)", "leaf[x,y]>=1", "leaf [x]", " leaf ", "leaf~=1", "leaf!=1",
        "leaf @ https://example.org/leaf.whl", "leaf@https://example.org/leaf.whl", "Leaf;python_version>'2'",
        "leaf @ https://example.org/a;b=c ; python_version > '3'", "leaf\t>=1", "leaf; nonsense", "leaf===1",
        "leaf; python_version ~~ '3'",
        "leaf; unknown == '1'", "leaf;" + "(" * 5000, "leaf; extra == ", "leaf; \0",
    ],
    ids=lambda requirement: requirement[:30],
)  # fmt: skip
def test_requirement_is_understood_in_any_form_and_shown_rather_than_hidden(requirement: str) -> None:
    assert chain(installed("app", requirement, requested=True), installed("leaf")) == ("app",)


@pytest.mark.parametrize(
    "requirement", ["", ";", "; leaf", "[leaf]", "@ leaf", ">=1", "\0", "\ud800", "leaflet", "-leaf"]
)
def test_requirement_of_something_else_is_no_requirement(requirement: str) -> None:
    assert chain(installed("app", requirement, requested=True), installed("leaf")) == ()


def test_marker_nested_too_deeply_is_no_error() -> None:
    marker = "(" * 3000 + "python_version > '3'" + ")" * 3000
    assert chain(installed("app", f"leaf; {marker}", requested=True), installed("leaf")) == ("app",)


def test_requirement_of_itself_is_no_requirer() -> None:
    """As an extra that contains other extras is written."""
    app = installed("app", "app[fast]; extra == 'all'")
    assert Requirers([app]).direct(app) == Requirers([app]).chain(app) == ()


def test_extra_of_a_requirement_is_followed() -> None:
    found = [installed("app", "library[gpu]", requested=True), installed("library", "cuda; extra == 'gpu'")]
    assert chain(*found, installed("cuda")) == ("app", "library[gpu]")


def test_circle_that_somebody_asked_for_has_a_chain() -> None:
    found = [installed("app", "a", requested=True), installed("a", "b"), installed("b", "a", "leaf")]
    assert chain(*found, installed("leaf")) == ("app", "a", "b")


@pytest.mark.parametrize("size", [2, 3, 50])
def test_circle_that_nobody_asked_for_ends(size: int) -> None:
    found = [installed(f"n{index}", f"n{(index + 1) % size}") for index in range(size)]
    assert set(chain(*found)) <= {one.name for one in found}
    assert chain(*found)[-1] == f"n{size - 2}"


def test_chain_of_three_hundred_is_followed_to_its_start() -> None:
    found = [installed(f"n{index}", f"n{index + 1}", requested=index == 0) for index in range(300)]
    assert chain(*found, installed("n300")) == tuple(f"n{index}" for index in range(300))


def test_where_everything_requires_everything_the_chain_is_short() -> None:
    everything = [f"n{index}" for index in range(150)]
    found = [installed(name, *everything) for name in everything]
    assert chain(installed("app", "n7", requested=True), *found) == ("app", "n7")


def test_chain_of_what_lies_on_a_disk_is_found(tmp_path: Path) -> None:
    write_tree(tmp_path, distribution("My-App", requires=("library[gpu]>=1; python_version > '3'",)))
    write_tree(tmp_path, distribution("library", requires=("cuda; extra == 'gpu'",), requested=False))
    write_tree(tmp_path, distribution("cuda", requested=False))
    snapshot = discover(environment_of(tmp_path), deep=True)
    requirers = Requirers(snapshot.distributions(), snapshot.environment.markers)
    chains = {found.name: requirers.chain(found) for found in snapshot.distributions()}
    assert chains == {"My-App": (), "library": ("My-App",), "cuda": ("My-App", "library[gpu]")}


GRAPHS = st.integers(1, 8).flatmap(
    lambda size: st.lists(
        st.tuples(st.sets(st.integers(0, size - 1)), st.sampled_from([True, False, None])), min_size=size, max_size=size
    )
)


def shortest(found: dict[str, Distribution], name: str) -> int | None:
    """Return the length of the shortest chain to one that was asked for or that nothing requires, or None."""
    requirers = {one: [other for other in found if one in found[other].requires and one != other] for one in found}
    level, seen = {name}, {name}
    for length in range(len(found) + 1):
        if any(found[one].requested or not requirers[one] for one in level if one != name or not length):
            return length
        level = {other for one in level for other in requirers[one]} - seen
        seen |= level
    return None


@settings(max_examples=300, deadline=None)
@given(GRAPHS)
def test_every_chain_is_true_and_the_shortest(graph: list[tuple[set[int], bool | None]]) -> None:
    found = {
        f"n{index}": installed(f"n{index}", *(f"n{other}" for other in requires), requested=requested)
        for index, (requires, requested) in enumerate(graph)
    }
    requirers = Requirers(found.values())
    for name, one in found.items():
        names = requirers.chain(one)
        steps = [*names, name]
        assert len(set(steps)) == len(steps)
        assert all(later in found[earlier].requires for earlier, later in pairwise(steps))
        assert (names == ()) is bool(one.requested or not requirers.direct(one))
        length = shortest(found, name)
        if names and length is not None:
            assert len(names) == length
            assert found[names[0]].requested or not requirers.direct(found[names[0]])
