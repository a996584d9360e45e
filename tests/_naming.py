"""The application ``myapp`` as a package, with its plugins under ``myapp.plugins``."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

from _sites import Site, site_at

from plugframe.loading.namespaces import PluginNamespace
from plugframe.namespaces.mounts.finder import install, mounted, remove
from plugframe.testing.environments import Tree, distribution

APPLICATION = """
    import os
    import plugframe

    host = plugframe.Host("myapp", path=[os.path.dirname(os.path.dirname(__file__))])
"""
ROOT = """
    from myapp import host

    host.namespace(__name__)
"""


def application(*, root: str = ROOT, **more: "str | Tree") -> Tree:
    """Return the application, with further files in ``myapp.plugins``.

    Args:
        root: the code of ``myapp.plugins``.
        more: a module's name to its code, or a folder's to its tree.
    """
    files = {name if isinstance(content, Mapping) else f"{name}.py": content for name, content in more.items()}
    plugins = {"__init__.py": dedent(root), **files}
    return {"myapp": {"__init__.py": dedent(APPLICATION), "plugins": plugins}}


def package(name: str, *, target: str = "{module}", version: str = "1.0", **modules: str) -> Tree:
    """Return the distribution ``acme-NAME`` with one plugin of that name, the package ``acme_NAME``.

    Args:
        name: the plugin's name.
        target: the value of its entry point; ``{module}`` stands for the package.
        version: the distribution's.
        modules: module to code; ``init`` is the package's own.
    """
    files: Tree = {f"{'__init__' if one == 'init' else one}.py": dedent(code) for one, code in modules.items()}
    entry_points = {"myapp.plugins": {name: target.format(module=f"acme_{name}")}}
    tree: Tree = {f"acme_{name}": {"__init__.py": "", **files}}
    return distribution(f"acme-{name}", version, entry_points=entry_points, modules=tree)


def named(entries: Mapping[str, str], distribution_name: str = "acme-names", **modules: str) -> Tree:
    """Return a distribution with any plugins: name to entry point, and module to code."""
    files: Tree = {f"{one}.py": dedent(code) for one, code in modules.items()}
    return distribution(distribution_name, entry_points={"myapp.plugins": entries}, modules=files)


@contextmanager
def unmounted() -> Iterator[None]:
    """Take out for a while what other tests mounted: the classes of the default host."""
    mount = mounted("plugframe.classes.")
    if mount is not None:
        remove(mount)
    try:
        yield
    finally:
        if mount is not None:
            install(mount)


@contextmanager
def named_site(folder: Path) -> Iterator[Site]:
    """Put a new site on ``sys.path`` for a while, with the application; its namespace is removed afterwards."""
    with unmounted(), site_at(folder) as site:
        before = list(sys.meta_path)
        site.install(application())
        try:
            yield site
        finally:
            for prefix in ("myapp.plugins.", "myapp.plugins.inner.", "myapp.more."):
                mount = mounted(prefix)
                if isinstance(mount, PluginNamespace):
                    mount.remove()
                elif mount is not None:
                    remove(mount)
            assert [finder for finder in sys.meta_path if "plugframe" in type(finder).__module__] == [
                finder for finder in before if "plugframe" in type(finder).__module__
            ]


def forget(*names: str) -> None:
    """Remove modules, and all below them, from ``sys.modules``, whatever names they have."""
    for module in tuple(sys.modules):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            sys.modules.pop(module, None)
