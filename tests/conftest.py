"""Shared by all tests: no test reads or writes the user's own index, quarantine or settings."""

import os

import pytest


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
