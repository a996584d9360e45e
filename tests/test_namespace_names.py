"""Names of plugins in a package, at the edges: what passes, which are reachable, and what is told of the others."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from _naming import named_site
from _sites import Site

from plugframe.testing.environments import distribution


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with named_site(tmp_path / "site") as made:
        yield made


class Stop(BaseException):
    """A wish to stop of somebody's own."""


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit, Stop])
@pytest.mark.parametrize("way", ["alias", "module", "object", "class"])
def test_wish_to_stop_passes_and_leaves_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException], way: str
) -> None:
    monkeypatch.setattr(sys, "stops", [kind], raising=False)
    names = {"x": "acme_x", "y": "acme_y:Thing"}
    tree = distribution(
        "acme",
        entry_points={"myapp.plugins": names, "myapp.classes": {"a.Thing": "acme_x:Thing"}},
        modules={
            "acme_x.py": "import acme_stop\nacme_stop.ask()\nclass Thing: ...\n",
            "acme_y.py": "import acme_stop\ndef __getattr__(name):\n    acme_stop.ask()\n    return 1\n",
            "acme_stop.py": "import sys\ndef ask():\n    if sys.stops: raise sys.stops.pop()\n",
        },
    )
    site.install(tree)
    plugins = import_module("myapp.plugins")
    ways: dict[str, Callable[[], Any]] = {
        "alias": lambda: import_module("myapp.plugins.x"),
        "module": lambda: plugins.x,
        "object": lambda: plugins.y,
        "class": lambda: site.host.classes.get("a.Thing"),
    }
    with pytest.raises(kind):
        ways[way]()
    assert not {"acme_x", "myapp.plugins.x"} & set(sys.modules)
    assert ways[way]()
