"""Shared by all tests: no test reads or writes the user's own index, quarantine or settings."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _hooks import WAYS, take
from _sites import Site, site_at


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """Keep indexes in a folder of this test's own, and return it."""
    folder = os.fspath(tmp_path_factory.mktemp("cache") / "plugframe")
    monkeypatch.setenv("PLUGFRAME_CACHE", folder)
    return folder


@pytest.fixture(autouse=True)
def quarantine_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """Keep marks of plugins that are being loaded in a folder of this test's own, and return it."""
    folder = os.fspath(tmp_path_factory.mktemp("state") / "quarantine")
    monkeypatch.setenv("PLUGFRAME_QUARANTINE", folder)
    return folder


@pytest.fixture(autouse=True)
def settings_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have the user's settings in a folder of this test's own, and no project; return the folder."""
    home = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(home))
    monkeypatch.setenv("PLUGFRAME_PROJECT", "off")
    return os.fspath(home / "plugframe")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Make a folder that is on ``sys.path`` for as long as the test runs."""
    with site_at(tmp_path / "site") as made:
        yield made


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let hooks be called in each of the ways in which they can be, and return which."""
    return take(request.param, monkeypatch)


@pytest.fixture
def hurried() -> Iterator[None]:
    """Let threads take turns as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
