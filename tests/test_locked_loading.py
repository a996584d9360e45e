"""Hosts whose mode is locked: what is locked works as it would without a lock, and nothing else of it is run."""

import importlib.util
import json
import os
import py_compile
import shutil
import tomllib
from pathlib import Path

import pytest
from _installed import CHECKOUT
from _locked import CANARY, HOST, Installed, module_tree, plugin, recorded

from plugframe.discovery import storage
from plugframe.discovery.metadata import normalize
from plugframe.loading.verified.codes import Codes
from plugframe.loading.verified.guard import OURS
from plugframe.policy.locking import lockfile, making
from plugframe.testing.environments import Tree, distribution

MODELS = CANARY + "class Net:\n    size = 3\n\ndef fail():\n    1 / 0\n"
VISION = plugin(
    "vision",
    {
        "acme_vision": {
            "__init__.py": CANARY,
            "models.py": MODELS,
            "plugin.py": CANARY + "import acme_base, json\nfrom acme_space.deep import part\nfrom . import models\n",
            "data": {"words.txt": "one two"},
        }
    },
    target="acme_vision.plugin",
    also={f"{HOST}.classes": {"vision.Net": "acme_vision.models:Net"}},
    requires=("acme-base", "acme-space"),
)
BASE = recorded(distribution("acme-base", requested=False, modules=module_tree(acme_base=CANARY)))
SPACE = recorded(distribution("acme-space", requested=False, modules={"acme_space": {"deep": {"part.py": CANARY}}}))
ALL = {"acme_vision", "acme_vision.models", "acme_vision.plugin", "acme_base", "acme_space.deep.part"}


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    made = Installed(tmp_path, VISION, BASE, SPACE)
    made.lock()
    return made


def extension() -> Path:
    """Return the file of an extension module."""
    for name in ("_bisect", "_heapq", "_queue", "_csv", "_opcode", "_lsprof"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.has_location and spec.origin is not None:
            return Path(spec.origin)
    pytest.skip("this Python has all small modules built in, and none to copy")


def test_locked_modules_behave_like_any_others(installed: Installed) -> None:
    told = installed.run(
        """
        import inspect, pickle, pkgutil, traceback
        from importlib import reload, resources
        from importlib.util import find_spec
        tell(host.load_all())
        models = sys.modules["acme_vision.models"]
        try:
            models.fail()
        except ZeroDivisionError:
            told["trace"] = traceback.format_exc().splitlines()
        told["size"] = pickle.loads(pickle.dumps(models.Net)).size
        told["source"] = inspect.getsource(models.Net)
        told["same"] = models.__loader__.get_source("acme_vision.models") == inspect.getsource(models)
        told["words"] = (resources.files("acme_vision") / "data" / "words.txt").read_text()
        told["data"] = pkgutil.get_data("acme_vision", "data/words.txt").decode()
        told["modules"] = sorted(one.name for one in pkgutil.iter_modules(sys.modules["acme_vision"].__path__))
        told["file"] = models.__file__
        told["reloaded"] = reload(models) is models
        told["probes"] = [find_spec("acme_vision.nothing") is None, find_spec("acme_space.nothing") is None]
        told["class"] = host.classes.vision.Net is models.Net
        """
    )
    assert told["results"][0][1] == "loaded"
    assert installed.seen() == ALL
    assert "    1 / 0" in told["trace"]
    assert (told["size"], told["source"], told["same"]) == (3, "class Net:\n    size = 3\n", True)
    assert (told["words"], told["data"]) == ("one two", "one two")
    assert told["modules"] == ["models", "plugin"]
    assert told["file"] == os.fspath(installed.site / "acme_vision" / "models.py")
    assert told["reloaded"]
    assert told["probes"] == [True, True]
    assert told["class"]


def test_what_is_not_locked_is_imported_as_ever(installed: Installed) -> None:
    installed.install(module_tree(other=CANARY), {"acme_space": {"mine.py": CANARY}})
    told = installed.run(
        """
        tell(host.load_all())
        import other, colorsys, acme_space.mine
        told["loader"] = type(other.__loader__).__name__
        """
    )
    assert told["loader"] == "SourceFileLoader"
    assert installed.seen() == {*ALL, "other", "acme_space.mine"}


def test_unlocked_plugin_is_blocked_and_told_how_to_be_locked(installed: Installed) -> None:
    installed.install(plugin("late", module_tree(acme_late=CANARY)))
    told = installed.run(
        """
        tell(host.load_all())
        from plugframe.errors import PluginBlockedError
        try:
            host.load("late", strict=True)
        except ExceptionGroup as group:
            told["raised"] = [type(error) is PluginBlockedError for error in group.exceptions]
        """
    )
    late, vision = told["results"]
    assert (late[1], vision[1]) == ("blocked", "loaded")
    assert late[2] == f"the mode is locked, and {installed.lock_file} does not have acme-late 1.0"
    assert late[4] == f"plugframe lock --output {installed.lock_file}"
    assert told["raised"] == [True]
    assert "acme_late" not in installed.seen()


def test_other_version_than_the_locked_one_is_blocked(installed: Installed) -> None:
    shutil.rmtree(installed.site / "acme_vision-1.0.dist-info")
    installed.install(plugin("vision", module_tree(acme_vision=CANARY), version="2.0"))
    assert "has acme-vision 1.0, not acme-vision 2.0" in installed.reasons()["vision"]
    assert installed.load()["states"] == {"vision": "blocked"}


def test_failed_check_is_raised_with_what_whose_effect_and_next_step(installed: Installed) -> None:
    (installed.site / "acme_base.py").write_text("changed = 1\n", encoding="utf-8")
    told = installed.run(
        """
        from plugframe.errors import LockMismatchError, PluginImportError
        try:
            host.load("vision", strict=True)
        except* PluginImportError as group:
            (error,) = group.exceptions
            told["error"] = [error.plugin, error.reason, error.where, error.effect, error.next_step]
            told["cause"] = type(error.__cause__) is LockMismatchError
        told["again"] = host.load("vision")[0].state
        with open(os.path.join(host.plugins["vision"].distribution.location, "acme_base.py"), "w") as file:
            file.write(os.environ["BASE"])
        told["mended"] = host.load("vision")[0].state
        """,
        BASE=CANARY,
    )
    assert told["error"] == [
        "shop.plugins:vision from acme-vision 1.0",
        f"acme_base is not what is locked: it has 12 bytes, not {len(CANARY)}",
        os.fspath(installed.site / "acme_base.py"),
        "nothing of this plugin is available; the others are not affected",
        f"plugframe verify --lock {installed.lock_file}",
    ]
    assert told["cause"]
    assert (told["again"], told["mended"]) == ("blocked", "loaded")


def test_declared_class_whose_module_was_changed_is_not_imported(installed: Installed) -> None:
    (installed.site / "acme_vision" / "models.py").write_text("class Net: ...\n", encoding="utf-8")
    told = installed.run(
        """
        try:
            host.classes.vision.Net
        except ImportError as error:
            told["error"] = str(error)
        """
    )
    assert "is not what is locked" in told["error"]
    assert f"plugframe verify --lock {installed.lock_file}" in told["error"]


def test_modules_that_were_imported_before_the_lock_was_read_are_told(installed: Installed) -> None:
    told = installed.run("import acme_base, acme_vision.models\ntell(host.load_all())")
    assert told["results"][0][1] == "loaded"
    assert told["results"][0][5] == ["PF223", "PF223"]


def test_what_runs_the_check_is_not_told_as_having_come_before_it(tmp_path: Path) -> None:
    with open(CHECKOUT / "pyproject.toml", "rb") as file:
        needed = tomllib.load(file)["project"]["dependencies"]
    assert {normalize(one.partition(">")[0]) for one in needed} == set(OURS) - {"plugframe"}
    own = recorded(
        distribution("shop", entry_points={"plugframe.hosts": {"shop": "shop"}}, modules=module_tree(shop=""))
    )
    engine = recorded(distribution("pluggy", modules={"acme_engine.py": ""}))
    needs = plugin("needs", module_tree(acme_needs=""), requires=("shop", "pluggy"))
    installed = Installed(tmp_path, needs, own, engine)
    installed.lock()
    told = installed.run("import shop, acme_engine\ntell(host.load_all())")
    assert told["results"][0][1:2] + told["results"][0][5:] == ["loaded", []]


def test_editable_install_is_blocked_unless_settings_name_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "acme_local.py").write_text(CANARY, encoding="utf-8")
    direct = json.dumps({"url": source.as_uri(), "dir_info": {"editable": True}})
    entry_points = {f"{HOST}.plugins": {"local": "acme_local"}}
    tree: Tree = distribution(
        "acme-local", entry_points=entry_points, direct_url=direct, modules={"acme_local.pth": f"{source}\n"}
    )
    needs = plugin("needs", module_tree(acme_needs=CANARY), requires=("acme-local",))
    installed = Installed(tmp_path, recorded(tree), needs)
    made = making.make(installed.snapshot(), [HOST], editable=True)
    lockfile.save(os.fspath(installed.lock_file), made.lock)
    for reason in installed.reasons().values():
        assert "acme-local 1.0 is an editable install, whose modules cannot be locked" in reason
    installed.settings('mode = "locked"\nallow-editable = ["local", "needs"]\n')
    assert installed.states() == {"local": "available", "needs": "blocked"}
    for allowed in ("true", '["acme-local"]'):
        installed.settings(f'mode = "locked"\nallow-editable = {allowed}\n')
        assert installed.states() == {"local": "available", "needs": "available"}
    path = os.pathsep.join([installed.variables()["PYTHONPATH"], os.fspath(source)])
    assert installed.load(PYTHONPATH=path)["states"] == {"local": "loaded", "needs": "loaded"}
    assert installed.seen() == {"acme_local", "acme_needs"}


def test_bytecode_and_extension_modules_are_compared_too(tmp_path: Path) -> None:
    native = extension()
    (tmp_path / "hidden.py").write_text(CANARY, encoding="utf-8")
    py_compile.compile(os.fspath(tmp_path / "hidden.py"), cfile=os.fspath(tmp_path / "hidden.pyc"), doraise=True)
    modules: Tree = {
        "acme_native": {
            "__init__.py": CANARY + "" + f"from . import {native.name.partition('.')[0]}, hidden\n",
            native.name: native.read_bytes(),
            "hidden.pyc": (tmp_path / "hidden.pyc").read_bytes(),
            "libs": {"libextra.so.1": b"\x7fELF"},
        }
    }
    installed = Installed(tmp_path, plugin("native", modules))
    installed.lock()
    assert installed.load()["states"] == {"native": "loaded"}
    assert installed.seen() == {"acme_native", "acme_native.hidden"}
    for path in (native.name, "hidden.pyc", "libs/libextra.so.1"):
        file = installed.site / "acme_native" / path
        kept = file.read_bytes()
        file.write_bytes(kept + b"\0")
        told = installed.load()
        assert told["states"] == {"native": "blocked"}
        assert told["results"][0][3] == os.fspath(file)
        file.write_bytes(kept)


def test_declared_library_must_be_locked_and_as_it_was(tmp_path: Path) -> None:
    library = extension()
    modules: Tree = {"acme_native": {"__init__.py": "", library.name: library.read_bytes(), "code.py": CANARY}}
    also = {f"{HOST}.libraries": {"stats": f"acme_native.{library.name.partition('.')[0]}", "code": "acme_native.code"}}
    installed = Installed(tmp_path, plugin("native", modules, also=also))
    installed.lock()
    with open(installed.site / "acme_native" / library.name, "ab") as file:
        file.write(b"\0")
    told = installed.run(
        """
        for name in ("stats", "code"):
            try:
                host.libraries.get(name)
            except ImportError as error:
                told[name] = str(error.__cause__)
        """
    )
    assert f"it is not what {installed.lock_file} has" in told["stats"]
    assert f"it is no shared library that {installed.lock_file} has" in told["code"]
    assert installed.seen() == set()


def test_refresh_takes_a_new_lock(installed: Installed) -> None:
    told = installed.run(
        """
        tell(host.load_all())
        with open("plugframe.lock") as file:
            text = file.read()
        told["before"] = host.plugins["vision"].state
        with open("plugframe.lock", "w") as file:
            file.write("damaged")
        host.refresh()
        told["damaged"] = host.plugins["vision"].state
        with open("plugframe.lock", "w") as file:
            file.write(text)
        host.refresh()
        told["after"] = host.plugins["vision"].state
        told["finders"] = sum(type(finder).__name__ == "VerifiedFinder" for finder in sys.meta_path)
        told["first"] = type(sys.meta_path[0]).__name__
        """
    )
    assert (told["before"], told["damaged"], told["after"]) == ("available", "blocked", "available")
    assert (told["finders"], told["first"]) == (1, "VerifiedFinder")


def test_names_of_plugins_need_neither_settings_nor_lock(installed: Installed) -> None:
    told = installed.run("told['names'] = list(host.plugins)\ntold['meta'] = [str(one) for one in sys.meta_path]")
    assert told["names"] == ["vision"]
    assert not [path for path in told["opened"] if path.endswith((".lock", ".toml"))]
    assert not [one for one in told["meta"] if "Verified" in one]


def test_code_is_compiled_once_and_only_where_a_cache_is_kept(installed: Installed) -> None:
    watch = """
        compiled = []
        sys.addaudithook(lambda event, arguments: compiled.append(str(arguments[1])) if event == "compile" else None)
        tell(host.load_all())
        told["compiled"] = [path for path in compiled if "acme" in path]
    """
    counts = [len(installed.run(watch)["compiled"]) for _ in range(2)]
    assert counts == [len(ALL), 0]
    assert len(installed.run(watch, PLUGFRAME_CACHE="off")["compiled"]) == len(ALL)
    assert len(installed.run(watch, options=["-O"])["compiled"]) == len(ALL)
    status = [path.stat() for path in (installed.cache / "code").iterdir()]
    assert {oct(one.st_mode & 0o777) for one in status} == {"0o600"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits and no pipes by path")
def test_damaged_code_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    code = compile("x = 1", "x.py", "exec")
    digest = "0" * 64
    codes = Codes(os.fspath(folder))
    codes.keep(digest, "x.py", code)
    assert Codes(os.fspath(folder)).find(digest, "x.py") == code
    assert codes.find(digest, "y.py") is None
    assert codes.find("1" * 64, "x.py") is None
    (file,) = folder.iterdir()
    good = file.read_bytes()
    for bad in (
        b"",
        good[:-1],
        good + b"x",
        b"x" + good[1:],
        good[:40],
        good[:60] + b"\xff" + good[61:],
        b"\xff" * 200,
    ):
        file.write_bytes(bad)
        assert codes.find(digest, "x.py") is None
    other = folder / ("f" * 64 + storage.CODE_ENDING)
    file.write_bytes(good)
    file.rename(other)
    assert codes.find(digest, "x.py") is None
    file.symlink_to(other)
    assert codes.find(digest, "x.py") is None
    file.unlink()
    os.mkfifo(file)
    assert codes.find(digest, "x.py") is None
    file.unlink()
    other.rename(file)
    file.chmod(0o666)
    assert codes.find(digest, "x.py") is None
    file.chmod(0o600)
    assert codes.find(digest, "x.py") == code
    folder.chmod(0o777)
    assert Codes(os.fspath(folder)).find(digest, "x.py") is None
    folder.chmod(0o700)
    (tmp_path / "link").symlink_to(folder)
    assert Codes(os.fspath(tmp_path / "link")).find(digest, "x.py") is None
    assert Codes(None).find(digest, "x.py") is None


def test_code_is_listed_and_deleted_with_the_rest_of_the_cache(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.load()
    monkeypatch.setenv("PLUGFRAME_CACHE", os.fspath(installed.cache))
    assert sum(path.endswith(storage.CODE_ENDING) for path, _ in storage.files()) == len(ALL)
    (installed.cache / "code" / "notes.txt").write_text("somebody's", encoding="utf-8")
    storage.clear()
    assert list(storage.files()) == []
    assert os.listdir(installed.cache / "code") == ["notes.txt"]


def test_lock_that_this_user_cannot_change_keeps_no_code(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lockfile.is_ours(os.fspath(installed.lock_file))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not lockfile.is_ours(os.fspath(installed.lock_file))
