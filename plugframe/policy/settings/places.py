"""Where settings stand: in the project that the process works in, of the user, of the environment."""

import os
import sys

from plugframe.policy.settings.variables import OFF, PROJECT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


DECIDED = "plugframe.decisions.toml"  # what commands write; what stands in it counts before what people wrote beside it
WRITTEN = "plugframe.toml"
SHARED = "pyproject.toml"


def user_folder() -> str | None:
    """Return the folder of the user's settings: ``platformdirs.user_config_dir``, not imported where that is one line.

    None where the user has none.
    """
    if sys.platform == "linux":
        base = os.environ.get("XDG_CONFIG_HOME", "").strip()
        base = base if os.path.isabs(base) else os.path.expanduser("~/.config")
        return os.path.join(base, "plugframe") if os.path.isabs(base) else None
    from platformdirs import user_config_dir

    return user_config_dir("plugframe", appauthor=False)


def is_privileged() -> bool:
    """Return whether the process runs with another user's rights: then its caller has no say in what it loads."""
    return hasattr(os, "geteuid") and (os.geteuid() != os.getuid() or os.getegid() != os.getgid())


def project_is_named() -> bool:
    """Return whether ``PLUGFRAME_PROJECT`` names the project's folder, which is trusted then."""
    return os.environ.get(PROJECT, "").strip().lower() not in OFF


def project_folders() -> "Iterator[str]":
    """Yield the folders that may be the project's, the nearest first: the working directory and those above it.

    ``PLUGFRAME_PROJECT=FOLDER`` names it, ``PLUGFRAME_PROJECT=off`` says that there is none.
    """
    named = os.environ.get(PROJECT)
    if named is not None and named.strip():
        if project_is_named():
            yield os.path.abspath(os.path.expanduser(named.strip()))
        return
    try:
        folder = os.getcwd()
    except OSError:
        return
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above
