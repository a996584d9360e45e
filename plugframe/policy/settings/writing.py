"""Decisions that commands write, each into the file of one scope; ``record`` is the main function."""

import os
import sys
import time
from contextlib import contextmanager

from plugframe.errors import SettingsError
from plugframe.policy.settings import places
from plugframe.policy.settings.files import read_table, stranger_of
from plugframe.policy.settings.layering import layers_of
from plugframe.policy.settings.values import Ruling, Source, spelling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Rulings = dict[str, list[Ruling]]  # a host's name, or nothing for every host, to what is said about single names

SCOPES = ("env", "user", "project")
_ABOVE = '# Written by "plugframe enable" and "plugframe disable", which keep no comments.\n'
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def file_of(scope: str, prefix: str) -> str:
    """Return the file that the decisions of a scope are written to.

    Args:
        scope: one of ``SCOPES``.
        prefix: the environment's folder.

    Raises:
        SettingsError: there is no such place here.
    """
    if scope == "env":
        folder: str | None = prefix
    else:
        folder = places.user_folder() if scope == "user" else _project_folder()
    if folder is None:
        what, advice = f"the scope {scope}", f"make a {places.WRITTEN} in its folder, or choose another --scope"
        raise SettingsError(what, "there is none here", advice)
    return os.path.join(folder, places.DECIDED)


def _project_folder() -> str | None:
    folders = places.project_folders()
    names = (places.DECIDED, places.WRITTEN, places.SHARED)
    if places.project_is_named():
        return next(folders)
    return next((where for where in folders if any(os.path.exists(os.path.join(where, name)) for name in names)), None)


def record(path: str, hosts: "Iterable[str]", rulings: "Iterable[Ruling]", *, forget: "Iterable[str]") -> None:
    """Put rulings into a file in place of what it says about some names.

    Whoever reads meanwhile sees the old or the new file, and two that write at once lose nothing of each other's.

    Args:
        path: the file; made with its folder if there is none.
        hosts: the hosts that they are about; an empty name for every host.
        rulings: what to say.
        forget: the names about which nothing else is said there from then on.

    Raises:
        SettingsError: it cannot be written, or what is there cannot be understood and would be lost.
    """
    gone, rulings = {spelling(name) for name in forget}, list(rulings)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with _alone(os.path.dirname(path)):
            said = _read(path)
            for host in hosts:
                whose = next((one for one in said if spelling(one) == spelling(host)), host)
                kept = [ruling for ruling in said.get(whose, ()) if spelling(ruling.name) not in gone]
                said[whose] = [*kept, *rulings]
            _replace(path, _text(said))
    except OSError as error:
        advice = "choose another --scope, or make it writable"
        raise SettingsError(path, f"it cannot be written: {error.strerror or error}", advice) from error


@contextmanager
def _alone(folder: str) -> "Iterator[None]":
    """Hold a folder against others that record something there."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: str) -> "Rulings":
    if os.path.islink(path):
        raise SettingsError(path, "it is a link, which commands do not write through", "put a file in its place")
    table = read_table(path)
    if table is None:
        return {}
    source = Source(scope="user", place=path)
    hosts = table.get("hosts", {})
    named: dict[str, object] = {"": {key: value for key, value in table.items() if key != "hosts"}}
    named |= hosts if isinstance(hosts, dict) else {"hosts": hosts}
    said: Rulings = {}
    for host, values in named.items():
        layers = layers_of({"hosts": {host or "every": values}}, host or "every", source)
        said[host] = [
            ruling for layer in layers for key in ("enable", "disable") for ruling in _rulings(layer.values.get(key))
        ]
    return said


def _rulings(value: object) -> tuple[Ruling, ...]:
    return value if isinstance(value, tuple) else ()


def _text(said: "Rulings") -> str:
    lines = [_ABOVE]
    for host in sorted(said):
        for key, enabled in (("disable", False), ("enable", True)):
            rulings = {spelling(one.name): one for one in said[host] if one.enabled is enabled}
            if rulings:
                lines.append(f"[{f'hosts.{_quoted(host)}.' if host else ''}{key}]")
                lines += [f"{_quoted(one.name)} = {_about(one)}" for _, one in sorted(rulings.items())]
                lines.append("")
    return "\n".join(lines)


def _about(ruling: Ruling) -> str:
    days = {"since": ruling.since, "until": ruling.until}
    fields = {"reason": _quoted(ruling.reason) if ruling.reason else "", **days}
    fields["by"] = _quoted(ruling.by) if ruling.by else ""
    return "{" + ", ".join(f"{key} = {value}" for key, value in fields.items() if value) + "}"


def _quoted(text: str) -> str:
    """Return a text as a basic string of TOML."""
    marked = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else f"\\U{ord(one):08X}" for one in marked) + '"'


def _replace(path: str, text: str) -> None:
    """Put a text in a file's place, which keeps its owner and permissions."""
    temporary = f"{path}.{os.getpid()}.{time.monotonic_ns():x}.tmp"
    raw = text.encode()
    descriptor = os.open(temporary, _WRITE, 0o666)
    try:
        with open(descriptor, "wb") as file:
            _keep_rights(path, file.fileno())
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _settle(os.path.dirname(path))


def _keep_rights(path: str, descriptor: int) -> None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return
    if hasattr(os, "fchmod") and not stranger_of(status):
        os.fchmod(descriptor, status.st_mode & 0o777)
        if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()) and os.geteuid() == 0:
            os.fchown(descriptor, status.st_uid, status.st_gid)


def _settle(folder: str) -> None:
    """Have the folder's new entry on the disk before the command says so; not every file system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
