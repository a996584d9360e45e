"""The folder where marks are: only what this user alone can have written counts.

``PLUGFRAME_QUARANTINE=off`` keeps no marks and reads none, ``PLUGFRAME_QUARANTINE=FOLDER`` keeps them there.
"""

import os
import stat
import sys

OFF = ("off", "0", "no", "false")


def folder() -> str | None:
    """Return the folder for marks, or None when there shall be none.

    None where ``PLUGFRAME_QUARANTINE`` is ``off``, and where the process runs with another user's rights (setuid).
    """
    setting = os.environ.get("PLUGFRAME_QUARANTINE", "")
    if setting.lower() in OFF:
        return None
    if hasattr(os, "geteuid") and (os.geteuid() != os.getuid() or os.getegid() != os.getgid()):
        return None
    return os.path.abspath(os.path.expanduser(setting)) if setting else _default_folder()


def _default_folder() -> str | None:
    """Return a folder where ``platformdirs.user_state_dir`` says, without importing it where that is one line."""
    if sys.platform == "linux":
        base = os.environ.get("XDG_STATE_HOME", "").strip()
        base = base if os.path.isabs(base) else os.path.expanduser("~/.local/state")
        return os.path.join(base, "plugframe", "quarantine") if os.path.isabs(base) else None
    from platformdirs import user_state_dir

    return os.path.join(user_state_dir("plugframe", appauthor=False), "quarantine")


def names() -> tuple[list[str], str]:
    """Return the names in the folder, sorted, and an empty string; or none and why they are not looked at."""
    where = folder()
    if where is None:
        off = os.environ.get("PLUGFRAME_QUARANTINE", "").lower() in OFF
        return [], (
            "PLUGFRAME_QUARANTINE says so"
            if off
            else "there is no folder for it, or the process has another user's rights"
        )
    try:
        found = sorted(os.listdir(where))
        refused = refusal(os.stat(where), folder=True)
    except FileNotFoundError:
        return [], ""
    except (OSError, ValueError) as error:
        return [], f"{where} cannot be read: {getattr(error, 'strerror', None) or error}"
    return ([], f"{where} {refused}") if refused else (found, "")


def refusal(status: os.stat_result, *, folder: bool = False) -> str:
    """Return why a file or a folder is not used, by its status; an empty string if it is."""
    if folder and not stat.S_ISDIR(status.st_mode):
        return "is no folder"
    if not folder and not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if hasattr(os, "geteuid"):
        if status.st_uid != os.geteuid():
            return "belongs to another user"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return "can be written by other users"
    return ""
