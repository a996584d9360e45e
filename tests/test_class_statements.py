"""What holds of classes that plugins provide: 7 statements, a test each."""

import copy
import importlib
import inspect
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _sites import Site, fresh, plugin, site_at

from plugframe.errors import NotRegisteredError

CLASSES = {"myapp.classes": {"vision.ResNet": "acme_nets:ResNet", "vision.deep.Net": "acme_nets:Net"}}
MODULE = "class ResNet: ...\nclass Net: ..."


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site with a plugin that declares two classes."""
    with site_at(tmp_path / "site") as made:
        made.install(plugin("vision", also=CLASSES), {"acme_nets.py": MODULE})
        yield made


def is_loaded() -> bool:
    """Return whether the classes' module is imported."""
    return "acme_nets" in sys.modules


def test_1_unknown_names_are_attribute_errors_with_those_like_them_and_who_may_provide_them(site: Site) -> None:
    site.install(plugin("secret", "import plugframe"))
    with pytest.raises(NotRegisteredError, match=r"did you mean 'vision\.ResNet'") as caught:
        _ = site.host.classes.vision.Resnet
    assert "acme-secret 1.0" in str(caught.value)
    site.install(plugin("torn", "1 / 0"))
    site.host.refresh()
    site.host.load("torn")
    with pytest.raises(AttributeError, match="did you mean 'vision'") as failed:
        _ = site.host.classes.vison
    assert "acme-torn 1.0" in str(failed.value)
    assert not is_loaded()


def test_2_dunders_never_reach_the_registry(site: Site) -> None:
    classes = site.host.classes
    for space in (classes, classes.vision, classes.vision.deep):
        for name in ("__path__", "__wrapped__", "__torch_function__", "_path", "__file__"):
            assert not hasattr(space, name), name
    assert set(classes) == {"vision.ResNet", "vision.deep.Net"}


def test_3_repr_copies_inspection_and_pickles_work(site: Site) -> None:
    classes: Any = site.host.classes
    for space in (classes, classes.vision, classes.vision.deep):
        assert repr(space)
        assert copy.copy(space) is space
        assert copy.deepcopy(space) is space
        assert inspect.unwrap(space) is space
        assert {name for name, _ in inspect.getmembers_static(space)} <= set(dir(space))
        with pytest.raises(pickle.PicklingError, match="mount"):
            pickle.dumps(space)
    assert not is_loaded()
    made = pickle.dumps([classes.vision.ResNet, classes.vision.deep.Net()])
    code = f"import pickle, myapp; print([type(one).__name__ for one in pickle.loads({made!r})])"
    assert fresh(code, site.folder) == "['type', 'Net']\n"


def test_4_dir_and_iteration_list_registered_names_and_load_nothing(site: Site) -> None:
    classes = site.host.classes
    assert "vision" in dir(classes)
    assert list(classes) == ["vision.ResNet", "vision.deep.Net"]
    assert len(classes) == 2
    assert {"ResNet", "deep"} <= set(dir(classes.vision))
    assert {*classes.vision} >= {"ResNet"}
    assert "vision.ResNet" in classes
    assert not is_loaded()


def test_5_the_name_of_a_namespace_is_dotted(site: Site) -> None:
    vision: Any = site.host.classes.vision
    assert vision.__name__ == "myapp.classes.vision"
    assert vision.deep.__name__ == "myapp.classes.vision.deep"


def test_6_a_class_is_the_same_at_every_look(site: Site) -> None:
    classes = site.host.classes
    assert classes.vision.ResNet is classes.vision.ResNet is importlib.import_module("acme_nets").ResNet
    assert classes.vision is classes.vision
    assert vars(classes.vision)["ResNet"] is classes.vision.ResNet


def test_7_removing_takes_the_names_away_and_leaves_living_objects_working(site: Site) -> None:
    class Own:
        def speak(self) -> str:
            return "still here"

    handle = site.host.classes.add("mine.Own", Own)
    space: Any = site.host.classes.mine
    living = space.Own()
    handle.remove()
    assert living.speak() == "still here"
    assert "mine.Own" not in site.host.classes
    assert not hasattr(site.host.classes, "mine")
    assert not hasattr(space, "Own")
