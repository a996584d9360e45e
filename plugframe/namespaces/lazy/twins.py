"""The files beside a package's ``__init__.py`` that say what it attaches: its stub, and the stub's names prebuilt."""

import os
import time
from dataclasses import dataclass

from plugframe.errors import DeclarationError
from plugframe.namespaces.attaching import Namespace
from plugframe.namespaces.lazy import stubs
from plugframe.namespaces.lazy.declaring import by_home, declare, submodule_file
from plugframe.namespaces.lazy.sources import Source, UnreadableSourceError, read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = '# Written by "plugframe stubs"; changes by hand are lost.\n'
_NEXT = "write the stub by hand, or define such names in a submodule"
_SKIPPED = ("__pycache__", "node_modules")


@dataclass(frozen=True, slots=True)
class Twin:
    """A file that belongs beside an ``__init__.py``.

    Attributes:
        path: the file; of the ``__init__.py`` where none can be made.
        state: ``current``, ``missing``, ``outdated``, ``written``, ``own`` (somebody else's, and complete),
            ``incomplete`` (somebody else's), ``refused`` (it cannot be made) or ``unreadable``.
        reason: why, where that is not plain.
        line: of the ``__init__.py``, or 0.
        content: what is to be in it, or None.
    """

    path: str
    state: str
    reason: str = ""
    line: int = 0
    content: bytes | None = None


def packages(top: str) -> "Iterator[str]":
    """Yield the path of each ``__init__.py`` in a folder, sorted; or the file itself.

    Hidden folders, virtual environments and links to folders are passed over.

    Raises:
        OSError: there is nothing of this name, or it cannot be read.
    """
    if not os.path.isdir(top):
        os.stat(top)
        yield top
        return
    entries = sorted(os.listdir(top))
    if "pyvenv.cfg" in entries:
        return
    if "__init__.py" in entries:
        yield os.path.join(top, "__init__.py")
    for entry in entries:
        path = os.path.join(top, entry)
        if os.path.isdir(path) and not os.path.islink(path) and entry not in _SKIPPED and not entry.startswith("."):
            yield from packages(path)


def twin_of(path: str) -> Twin | None:
    """Return the file that belongs beside an ``__init__.py``, and how it is; None where nothing is attached."""
    try:
        source = read_source(_read(path).decode("utf-8-sig"), path)
        if source is None:
            return None
        return _stub(path, source) if source.function == "attach" else _prebuilt(path)
    except UnreadableSourceError as error:
        return Twin(path, "refused", error.reason, error.line)
    except SyntaxError as error:
        reason, line = f"it is no Python: {error.msg}", error.lineno or 0
    except OSError as error:
        reason, path, line = f"it cannot be read: {error.strerror}", error.filename or path, 0
    except UnicodeDecodeError as error:
        reason, line = f"it is not UTF-8: {error.reason}", error.object[: error.start].count(b"\n") + 1
    except (ValueError, RecursionError, MemoryError) as error:
        reason, line = str(error), 0
    return Twin(path, "unreadable", reason, line)


def write(twin: Twin) -> Twin:
    """Put a twin where it belongs; whoever reads meanwhile sees the old file or the new one.

    Returns:
        The twin as it is now: ``written``, or ``unreadable`` where the folder cannot be written.
    """
    temporary = f"{twin.path}.{os.getpid()}.{time.monotonic_ns():x}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(twin.content or b"")
        os.replace(temporary, twin.path)
    except OSError as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        return Twin(twin.path, "unreadable", f"it cannot be written: {error.strerror}")
    return Twin(twin.path, "written")


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _compared(path: str, content: bytes) -> Twin:
    """Return a twin that is as it should be, or is to be written."""
    if not os.path.lexists(path):
        return Twin(path, "missing", content=content)
    same = _read(path) == content
    return Twin(path, "current") if same else Twin(path, "outdated", "it is not what is attached", content=content)


def _prebuilt(path: str) -> Twin:
    stub = f"{os.path.splitext(path)[0]}.pyi"
    if not os.path.exists(stub):
        return Twin(stub, "refused", "attach_stub reads this stub, and it does not exist. Next: write it")
    try:
        content = stubs.prebuilt(_read(stub), stub)
        declare(stub, *stubs.names_in(stub), None)
    except ValueError as error:
        return Twin(stub, "refused", str(error))
    return _compared(stubs.prebuilt_path(stub), content.encode())


def _stub(path: str, source: Source) -> Twin:
    folder = os.path.dirname(path)
    package = os.path.basename(os.path.abspath(folder))
    try:
        homes, renamed = declare(package, source.submodules, source.attributes, source.extras)
    except DeclarationError as error:
        return Twin(path, "refused", str(error), source.line)
    namespace = Namespace(package, by_home(homes), renamed, source.extras)
    for name in homes:
        found = submodule_file(os.path.join(folder, name)) if namespace.head(name) != name else ""
        if found:
            return Twin(path, "refused", f"it declares {name!r}, which is its submodule {found}, too", source.line)
    if source.shown & homes.keys():
        return _judged(path, source.shown, homes, "its if TYPE_CHECKING: block", source.line)
    stub = f"{os.path.splitext(path)[0]}.pyi"
    if os.path.lexists(stub) and not _read(stub).startswith(_HEAD.encode()):
        shown = stubs.defined(_read(stub), stub)
        return _judged(stub, shown, homes, "this stub, which somebody wrote by hand,", 0)
    problem = _problem(homes, renamed, source)
    if problem:
        line, reason = problem
        return Twin(path, "refused", f"{reason}, and only a person can write that into a stub. Next: {_NEXT}", line)
    return _compared(stub, _text(homes, renamed, source).encode())


def _problem(homes: dict[str, str], renamed: dict[str, str], source: Source) -> tuple[int, str] | None:
    """Return what no stub can be made of, after its line."""
    if source.exports.unreadable:
        return source.exports.unreadable, "it changes __all__ by what is no list of names that is written out"
    for name, line in source.strays.items():
        return line, f"it defines {name!r} itself"
    for name, line in source.split.items():
        return line, f"it defines {name!r} in more than one way"
    for name in sorted(homes.keys() & source.own.keys()):
        if source.own[name] != _line(name, homes[name], renamed.get(name, name)):
            return source.line, f"it attaches {name!r} and defines it itself"
    for name in source.exports.of(()):
        if name not in homes and name not in source.own:
            return source.line, f"it has {name!r} in __all__, which it neither attaches nor defines in a plain way"
    return None


def _judged(path: str, shown: set[str], homes: dict[str, str], what: str, line: int) -> Twin:
    missing = ", ".join(sorted(homes.keys() - shown))
    if not missing:
        return Twin(path, "own")
    return Twin(path, "incomplete", f"{what} lacks {missing}. Next: add what is missing, or delete it", line)


def _line(name: str, home: str, there: str) -> str:
    """Return a stub's line for an attached name."""
    return f"from {home[1:] if home[:1] == '=' else f'.{home}'} import {there} as {name}"


def _text(homes: dict[str, str], renamed: dict[str, str], source: Source) -> str:
    """Return a stub."""
    lines, own = [], [line for name, line in source.own.items() if name not in homes]
    for name, home in sorted(homes.items(), key=lambda pair: (pair[1], pair[0])):
        there = renamed.get(name, name)
        # Of what a stub imports under another name, only what is in __all__ is there for others.
        hidden = name in source.extras and there != name
        lines.append(_line(f"_{name}" if hidden else name, home, there))
        own += [f"{name} = _{name}"] if hidden else []
    own = ["", *own] if own else []
    public = [f'    "{name}",' for name in source.exports.of(sorted(homes.keys() - source.extras.keys()))]
    return _HEAD + "\n".join([*lines, *own, "", "__all__ = [", *public, "]", ""])
