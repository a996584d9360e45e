"""What somebody who can write the installed files can do to a host whose mode is locked: keep plugins from running."""

import hashlib
import importlib._bootstrap_external as machinery
import marshal
import os
import py_compile
import shutil
import sys
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

import pytest
from _locked import CANARY, Installed, module_tree, plugin, recorded

from plugframe.testing.environments import Tree, distribution

EVIL = "import os; open(os.path.join(os.environ['CANARIES'], 'evil'), 'w').close()\n"
PACKAGE = {"__init__.py": CANARY, "models.py": CANARY, "plugin.py": CANARY + "from . import models\n"}
TAG = sys.implementation.cache_tag


def package(name: str, **changed: str) -> dict[str, dict[str, str]]:
    return {f"acme_{name}": {**PACKAGE, **{f"{file}.py": text for file, text in changed.items()}}}


def vision(**changed: str) -> dict[str, "str | bytes | Tree"]:
    return plugin("vision", package("vision", **changed), target="acme_vision.plugin")


def write_evil(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(EVIL, encoding="utf-8")


# What is done to the files of a plugin, and the file that the result names.
CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "package_flipped": (lambda site: write_evil(site / "acme_x/__init__.py"), "acme_x/__init__.py"),
    "module_flipped": (lambda site: write_evil(site / "acme_x/models.py"), "acme_x/models.py"),
    "entry_flipped": (lambda site: write_evil(site / "acme_x/plugin.py"), "acme_x/plugin.py"),
    "one_byte_flipped": (
        lambda site: (site / "acme_x/models.py").write_text(PACKAGE["models.py"].swapcase(), encoding="utf-8"),
        "acme_x/models.py",
    ),
    "package_deleted": (lambda site: (site / "acme_x/__init__.py").unlink(), "acme_x/__init__.py"),
    "module_deleted": (lambda site: (site / "acme_x/models.py").unlink(), "acme_x/models.py"),
    "module_is_a_link": (lambda site: _link(site / "acme_x/models.py"), "acme_x/models.py"),
    "module_is_a_pipe": (lambda site: _pipe(site / "acme_x/models.py"), "acme_x/models.py"),
    "module_is_a_folder": (lambda site: _folder(site / "acme_x/models.py"), "acme_x/models.py"),
    "library_before_it": (lambda site: _library(site / "acme_x/models"), ""),
    "folder_before_it": (lambda site: write_evil(site / "acme_x/models/__init__.py"), ""),
    "module_beside_it": (lambda site: write_evil(site / "acme_x.py"), ""),
    "untouched": (lambda _: None, ""),
}


def _link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _library(path: Path) -> None:
    for suffix in machinery.EXTENSION_SUFFIXES:
        path.with_suffix(suffix).write_bytes(b"\x7fELF")


def test_changed_module_blocks_its_plugin_and_no_other(tmp_path: Path) -> None:
    """Every change to a plugin of its own, in one process."""
    installed = Installed(tmp_path)
    for name in CHANGES:
        installed.install(plugin(name, package(name), target=f"acme_{name}.plugin"))
    installed.lock()
    for name, (change, _) in CHANGES.items():
        aside = tmp_path / "aside"
        aside.mkdir()
        (installed.site / f"acme_{name}").rename(aside / "acme_x")
        change(aside)
        for moved in list(aside.iterdir()):
            moved.rename(installed.site / moved.name.replace("acme_x", f"acme_{name}"))
        aside.rmdir()
    told = installed.load()
    results = {result[0]: result[1:] for result in told["results"]}
    assert {name: result[0] for name, result in results.items()} == {
        name: "blocked" if file else "loaded" for name, (_, file) in CHANGES.items()
    }
    for name, (_, file) in CHANGES.items():
        if file:
            _, reason, where, step, _ = results[name]
            assert "is not what is locked" in reason
            assert where == os.fspath(installed.site / file.replace("acme_x", f"acme_{name}"))
            assert step == f"plugframe verify --lock {installed.lock_file}"
    assert "evil" not in installed.seen()
    assert {"acme_untouched", "acme_untouched.models", "acme_untouched.plugin"} < installed.seen()


def _plant_unchecked(source: Path) -> None:
    """Have the import system run other code than the source's, without a look at it."""
    evil = source.with_suffix(".evil")
    write_evil(evil)
    cache = cache_from_source(os.fspath(source))
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(os.fspath(evil), cfile=cache, dfile=os.fspath(source), invalidation_mode=mode, doraise=True)
    evil.unlink()


def _plant_forged_time(source: Path) -> None:
    """Have the import system run other code than the source's: it says that it is of the source's time and size."""
    status = source.stat()
    code = compile(EVIL, os.fspath(source), "exec")
    head = MAGIC_NUMBER + bytes(4) + int(status.st_mtime).to_bytes(4, "little") + status.st_size.to_bytes(4, "little")
    cache = Path(cache_from_source(os.fspath(source)))
    cache.parent.mkdir(exist_ok=True)
    cache.write_bytes(head + marshal.dumps(code))


@pytest.mark.parametrize("plant", [_plant_unchecked, _plant_forged_time])
def test_planted_bytecode_is_run_by_open_hosts_and_not_by_locked_ones(
    tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    installed = Installed(tmp_path, vision())
    installed.lock()
    plant(installed.site / "acme_vision" / "models.py")
    told = installed.load()
    assert told["states"] == {"vision": "loaded"}
    assert installed.seen() == {"acme_vision", "acme_vision.models", "acme_vision.plugin"}
    assert not [path for path in told["opened"] if path.endswith(".pyc") and "acme" in path]
    installed.settings('mode = "open"\n')
    assert installed.load()["states"] == {"vision": "loaded"}
    assert "evil" in installed.seen(), "the bytecode that was planted is none that the import system would run"


def test_bytecode_in_the_place_of_its_source_is_not_run(tmp_path: Path) -> None:
    installed = Installed(tmp_path, vision())
    installed.lock()
    models = installed.site / "acme_vision" / "models.py"
    write_evil(models)
    py_compile.compile(os.fspath(models), cfile=os.fspath(models) + "c", doraise=True)
    models.unlink()
    assert installed.load()["states"] == {"vision": "blocked"}
    assert "evil" not in installed.seen()


def test_file_that_is_exchanged_after_it_was_read_does_nothing(tmp_path: Path) -> None:
    installed = Installed(tmp_path, vision())
    installed.lock()
    evil = tmp_path / "evil.py"
    write_evil(evil)
    told = installed.run(
        f"""
        import shutil
        def exchange(event, arguments):
            if event == "compile" and str(arguments[1]).endswith("models.py"):
                shutil.copy({os.fspath(evil)!r}, arguments[1])
                told["exchanged"] = True
        sys.addaudithook(exchange)
        tell(host.load_all())
        """
    )
    assert told["exchanged"]
    assert told["results"][0][1] == "loaded"
    assert "acme_vision.models" in installed.seen()
    assert "evil" not in installed.seen()
    assert installed.load()["states"] == {"vision": "blocked"}


def test_file_that_is_exchanged_when_it_was_found_is_not_run(tmp_path: Path) -> None:
    installed = Installed(tmp_path, vision())
    installed.lock()
    told = installed.run(
        f"""
        def exchange(event, arguments):
            if event == "open" and str(arguments[0]).endswith("models.py") and "exchanged" not in told:
                told["exchanged"] = True
                with open(arguments[0], "w") as file:
                    file.write({EVIL!r})
        sys.addaudithook(exchange)
        tell(host.load_all())
        """
    )
    assert told["exchanged"]
    assert told["results"][0][1] == "blocked"
    assert "evil" not in installed.seen()


def test_commands_run_nothing_of_a_plugin(tmp_path: Path) -> None:
    installed = Installed(
        tmp_path, vision(), recorded(distribution("shop", entry_points={"plugframe.hosts": {"shop": "shop"}}))
    )
    told = installed.run(
        """
        from plugframe.cli.app import app
        from click.testing import CliRunner
        told["codes"] = []
        for arguments in (["list"], ["lock"], ["lock", "--check"], ["verify"], ["verify", "--all", "--no-deps"]):
            done = CliRunner().invoke(app, arguments, catch_exceptions=False)
            told["codes"].append(done.exit_code)
        """
    )
    assert told["codes"] == [0] * 5
    assert installed.seen() == set()
    assert not [path for path in told["ran"] if path.startswith(os.fspath(installed.site))]
    assert not {name for name in told["opened"] if name.endswith(".pyc") and "acme" in name}


def test_module_that_no_lock_has_is_not_run_for_what_has_one(tmp_path: Path) -> None:
    """What is put where a locked module looks for something optional."""
    tries = (
        CANARY + "found = []\nfor name in {names!r}:\n    try:\n        __import__(name)\n        found.append(name)\n"
    )
    tries += "    except ImportError: pass\n"
    names = ("acme_vision.extra", "acme_extra", "acme_shared.extra", "acme_shared", "acme_missing.deep")
    installed = Installed(
        tmp_path,
        vision(plugin=tries.format(names=names)),
        plugin("shared", {"acme_shared": {"part.py": CANARY}}, target="acme_shared.part"),
    )
    installed.lock()
    for place in ("acme_vision/extra.py", "acme_extra.py", "acme_shared/extra.py", "acme_shared/__init__.py"):
        write_evil(installed.site / place)
    told = installed.run(
        """
        tell(host.load_all())
        told["found"] = sys.modules["acme_vision.plugin"].found
        """
    )
    assert told["found"] == []
    assert {name: state for name, state, *_ in told["results"]} == {"shared": "blocked", "vision": "loaded"}
    assert told["results"][1][5] == ["PF224"] * 4
    assert "evil" not in installed.seen()


def test_entry_point_that_was_changed_blocks_its_plugin(tmp_path: Path) -> None:
    installed = Installed(tmp_path, vision(), plugin("other", module_tree(acme_other=CANARY)))
    installed.lock()
    for name, line in (
        ("vision", "[shop.plugins]\nvision = acme_evil\n"),
        ("other", "[shop.classes]\nother.A = acme_evil:A\n"),
    ):
        with open(installed.site / f"acme_{name}-1.0.dist-info" / "entry_points.txt", "a", encoding="utf-8") as file:
            file.write(line)
    write_evil(installed.site / "acme_evil.py")
    told = installed.run(
        """
        tell(host.load_all())
        try:
            host.classes.get("other.A")
        except Exception as error:
            told["error"] = type(error).__name__
        """
    )
    assert {name: state for name, state, *_ in told["results"]} == {"other": "blocked", "vision": "loaded"}
    assert told["error"] == "NotRegisteredError"
    assert "evil" not in installed.seen()


def test_entry_point_that_names_what_no_lock_has_blocks_its_plugin(tmp_path: Path) -> None:
    installed = Installed(tmp_path, plugin("stray", module_tree(acme_stray=CANARY), target="acme_nowhere"), vision())
    installed.lock()
    write_evil(installed.site / "acme_nowhere.py")
    told = installed.load()
    assert told["states"] == {"stray": "blocked", "vision": "loaded"}
    assert "it names the module acme_nowhere, which" in told["results"][0][2]
    assert "evil" not in installed.seen()


def test_plugins_of_another_host_run_as_its_own_mode_says(tmp_path: Path) -> None:
    free = recorded(
        distribution(
            "free", entry_points={"bazaar.plugins": {"free": "acme_free"}}, modules=module_tree(acme_free=CANARY)
        )
    )
    installed = Installed(tmp_path, vision(), free)
    installed.lock()
    installed.settings('mode = "open"\nhosts.shop.mode = "locked"\n')
    installed.install(plugin("late", module_tree(acme_late=CANARY)))
    told = installed.run(
        """
        tell(host.load_all())
        told["free"] = [one.state for one in plugframe.Host("bazaar").load_all()]
        """
    )
    assert [state for _, state, *_ in told["results"]] == ["blocked", "loaded"]
    assert told["free"] == ["loaded"]
    assert "acme_late" not in installed.seen()


def test_package_that_comes_earlier_on_the_path_does_not_take_the_place_of_a_locked_one(tmp_path: Path) -> None:
    installed = Installed(tmp_path, vision())
    installed.lock()
    write_evil(tmp_path / "earlier" / "acme_vision" / "__init__.py")
    told = installed.run(f"sys.path.insert(0, {os.fspath(tmp_path / 'earlier')!r})\ntell(host.load_all())")
    assert told["results"][0][1] == "blocked"
    assert "comes before" in told["results"][0][2]
    assert installed.seen() == set()


def test_code_that_was_forged_by_another_user_is_not_run(tmp_path: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can give files to another user")
    installed = Installed(tmp_path, vision())
    installed.lock()
    installed.load()
    files = sorted((installed.cache / "code").iterdir())
    assert len(files) == len(PACKAGE)
    head = len(b"plugframe-code 1\n") + 32
    for file in files:
        content = marshal.dumps(compile(EVIL, "evil", "exec"))
        file.write_bytes(file.read_bytes()[:head] + hashlib.sha256(content).digest() + content)
    shutil.copytree(installed.cache, tmp_path / "kept")
    for file in files:
        os.chown(file, 1, 1)
    assert installed.load()["states"] == {"vision": "loaded"}
    assert "evil" not in installed.seen()
    shutil.rmtree(installed.cache)
    shutil.copytree(tmp_path / "kept", installed.cache)
    assert installed.load()["states"] == {"vision": "loaded"}
    assert "evil" in installed.seen(), "what this user wrote is believed; see docs/lock.md"
