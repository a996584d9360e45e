"""Defects that show only when a host's groups are looked at together."""

from pathlib import Path

from plugframe import Host
from plugframe.discovery.snapshot import current_environment, discover
from plugframe.policy.findings import findings
from plugframe.policy.plugins import Plugins
from plugframe.records import Diagnostic
from plugframe.testing.environments import distribution, write_tree


def found(folder: Path) -> list[Diagnostic]:
    """Return what is found about the host myapp in a folder."""
    snapshot = discover(current_environment([str(folder)]))
    return list(findings("myapp", Plugins("myapp", snapshot).everything(), snapshot.entry_points))


def test_class_that_two_distributions_declare_is_found_and_the_first_by_name_counts(tmp_path: Path) -> None:
    for name in ("beta", "alpha"):
        write_tree(tmp_path, distribution(name, entry_points={"myapp.classes": {"vision.Net": f"{name}:Net"}}))
    (one,) = found(tmp_path)
    assert (one.code, one.distribution) == ("PF142", "beta")
    assert "alpha 1.0" in one.message
    assert Host("myapp", path=[tmp_path]).classes.provider("vision.Net").endswith("from alpha 1.0")


def test_name_that_cannot_be_reached_is_found_and_left_out(tmp_path: Path) -> None:
    names = {"Net": "acme:Net", "two words": "acme:Net", "vision.Net": "acme:Net"}
    write_tree(tmp_path, distribution("acme", entry_points={"myapp.classes": names}))
    assert [one.code for one in found(tmp_path)] == ["PF143", "PF143"]
    host = Host("myapp", path=[tmp_path])
    assert list(host.classes) == ["vision.Net"]
    assert host.plugins["acme"].provides == {"classes": ("vision.Net",)}


def test_nothing_is_found_where_all_is_well(tmp_path: Path) -> None:
    groups = {"myapp.plugins": {"a": "a"}, "myapp.hooks": {"a.render": "a:render"}, "myapp.classes": {"v.Net": "a:Net"}}
    write_tree(tmp_path, distribution("acme", entry_points=groups))
    assert found(tmp_path) == []


def test_host_tells_who_required_a_plugin(tmp_path: Path) -> None:
    write_tree(tmp_path, distribution("bundle", requires=("acme>=1",)))
    write_tree(tmp_path, distribution("acme", entry_points={"myapp.plugins": {"a": "a"}}, requested=False))
    assert Host("myapp", path=[tmp_path]).plugins.required_by("a") == ("bundle",)
