"""What discovery sees, and what it keeps, in a process that a frozen application runs in."""

import os
import sys
from pathlib import Path

import pytest
from _bundles import plugin

from plugframe.discovery.snapshot import current_environment, discover
from plugframe.testing.environments import write_tree


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pretend to run in a frozen application, and return its folder, which is old enough for the index to keep."""
    bundle = tmp_path / "bundle"
    write_tree(bundle, plugin("acme", {"acme.py": ""}, plugins={"vision": "acme"}))
    (bundle / "base_library.zip").write_bytes(b"no archive")
    (bundle / "lib-dynload").mkdir()
    for place in (*bundle.rglob("*"), bundle):
        os.utime(place, (1, 1))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", os.fspath(bundle), raising=False)
    monkeypatch.setattr(sys, "prefix", os.fspath(bundle))
    return bundle


def test_the_index_takes_nothing_of_a_bundle(
    unpacked: Path, cache_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugframe.discovery.files.RACY_NS", -(10**18))
    places = [os.fspath(unpacked / name) for name in ("base_library.zip", "lib-dynload", "")]
    snapshot = discover(current_environment([place.rstrip("/") for place in places]))
    assert [name for _, name in snapshot.names("myapp.plugins")] == ["vision"]
    assert snapshot.diagnostics() == ()
    assert not os.path.exists(cache_folder)


def test_the_index_of_a_frozen_application_is_the_same_wherever_it_is_unpacked(
    unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = current_environment([os.fspath(unpacked)]).key
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    monkeypatch.setattr(sys, "_MEIPASS", "/elsewhere")
    assert current_environment(["/elsewhere"]).key == first
    monkeypatch.setattr(sys, "executable", "/another/program")
    assert current_environment(["/elsewhere"]).key != first


def test_a_program_of_another_freezer_needs_no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", "another", raising=False)
    assert current_environment(["/a", "/b"]).path == ("/a", "/b")
