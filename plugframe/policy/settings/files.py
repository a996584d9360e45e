"""A file of settings to its table: read only what nobody else can have written, and what has a bearable size."""

import os
import stat

from plugframe.discovery.files import read_bytes
from plugframe.errors import SettingsError
from plugframe.policy.settings.places import DECIDED, SHARED, WRITTEN

LARGEST = 1024 * 1024
_KEY_AFTER = (b"[", b"tool", b"plugframe")  # what a line begins with that can make plugframe a key


def read_table(path: str, *, trusted: bool = False) -> dict[str, object] | None:
    """Return what a file says, or None where there is no such file.

    Args:
        path: of a TOML file; of a ``pyproject.toml`` what stands in ``[tool.plugframe]``, or None without that.
        trusted: take it from whomever it belongs to.

    Raises:
        SettingsError: it is there and cannot be read or understood, or somebody else may have written it.
    """
    shared = os.path.basename(path) == SHARED
    try:
        raw = read_bytes(path, limit=LARGEST)
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        if not os.path.islink(path):
            return None
        raise SettingsError(path, "it is a link that leads nowhere", "mend the link, or delete it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(path, f"it cannot be read: {reason}", "make it a readable file, or delete it") from None
    if shared and not mentions(raw):
        return None
    table = _parse(path, raw)
    if shared:
        tool = table.get("tool")
        if not isinstance(tool, dict) or "plugframe" not in tool:
            return None
        table = tool["plugframe"]
        if not isinstance(table, dict):
            raise SettingsError(path, "[tool.plugframe] is no table")
    if os.path.basename(path) == DECIDED:
        _check_decided(path, table)
    stranger = "" if trusted else stranger_of(status)
    if stranger:
        advice = f"chown or chmod it, or name its folder in PLUGFRAME_PROJECT if you trust it: {os.path.dirname(path)}"
        raise SettingsError(path, stranger, advice)
    return table


def mentions(raw: bytes) -> bool:
    """Return whether ``plugframe`` may be a key in a ``pyproject.toml``, so that parsing it is worth its time.

    Most files of projects only name it as a requirement.

    Example:
        >>> mentions(b'dependencies = ["plugframe==1.0"]'), mentions(b'[tool.plugframe]')
        (False, True)
    """
    return b"plugframe" in raw and any(map(_may_be_key, raw.splitlines()))


def _may_be_key(line: bytes) -> bool:
    start = line.lstrip(b" \t\"'{,\xef\xbb\xbf")
    _, found, rest = start.partition(b"plugframe")
    after = rest.lstrip(b" \t\"'")
    is_key = not after or after.startswith((b".", b"]")) or (after[:1] == b"=" and after[:2] != b"==")
    return bool(found) and start.startswith(_KEY_AFTER) and is_key


def _check_decided(path: str, table: dict[str, object]) -> None:
    """Refuse what commands do not write: they write the whole file anew, and would lose it."""
    hosts = table.get("hosts", {})
    tables = [table, *hosts.values()] if isinstance(hosts, dict) else [table]
    for number, one in enumerate(tables):
        known = ("enable", "disable", *(() if number else ("hosts",)))
        for key in one if isinstance(one, dict) else ():
            if key not in known:
                reason = f"it has a key {key!r}; only what is enabled and disabled stands there"
                raise SettingsError(path, reason, f"write {key!r} into {WRITTEN} beside it")


def _parse(path: str, raw: bytes) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else f"it is no TOML: {error}"
        raise SettingsError(path, reason) from None


def stranger_of(status: os.stat_result) -> str:
    """Return why somebody else may have written a file; empty if nobody may."""
    if not hasattr(os, "geteuid"):
        return ""
    if status.st_uid not in (0, os.geteuid()):
        return "it belongs to another user"
    return "everybody can write it" if status.st_mode & stat.S_IWOTH else ""
