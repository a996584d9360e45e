"""An exception that a plugin raised to the record that tells a person what, whose, the effect and what to do.

Nothing about such an exception can be relied on: its message may raise, exit or fill the memory.
"""

import importlib
import os
import shlex
import sys
import traceback

from plugframe.records import LoadResult, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from plugframe.errors import LockMismatchError, PluginBlockedError

_FRAMEWORK = tuple(
    os.path.dirname(file) + os.sep for file in (os.path.dirname(os.path.abspath(__file__)), importlib.__file__)
)
MOST_FRAMES = 40
LONGEST_REASON = 500
LONGEST_TRACEBACK = 20_000


def describe_fault(
    plugin: Plugin, error: BaseException, raised: "TracebackType | None", *, seconds: float
) -> LoadResult:
    """Return the result of a plugin whose import or registration raised.

    Args:
        plugin: whose fault it is.
        error: what was raised.
        raised: its traceback.
        seconds: how long the attempt took.
    """
    reason, where = fault_of(error, raised)
    return LoadResult(
        plugin=plugin,
        state="broken",
        reason=reason,
        where=where or _declaration(plugin),
        effect="nothing of this plugin is available; the others are not affected",
        next_step=_next_step(plugin),
        traceback=_guarded(lambda: _text(error), type(error).__name__),
        seconds=seconds,
    )


def fault_of(error: BaseException, raised: "TracebackType | None") -> tuple[str, str]:
    """Return what an exception says on one line, and the first frame outside the framework; empty if there is none."""
    return _guarded(lambda: _reason(error), type(error).__name__), _guarded(lambda: _where(error, raised), "")


def describe_refusal(plugin: Plugin) -> LoadResult:
    """Return the result of a plugin that may not be imported."""
    return LoadResult(
        plugin=plugin,
        state=plugin.state,
        reason=plugin.decision.reason,
        where=_declaration(plugin),
        effect="it was not imported; the others are not affected",
        next_step=plugin.decision.next_step or _next_step(plugin),
    )


def describe_block(plugin: Plugin, error: "PluginBlockedError") -> LoadResult:
    """Return the result of a plugin whose name the host's own manager blocks."""
    return LoadResult(
        plugin=plugin,
        state=error.state,
        reason=error.reason,
        effect="none of its hooks is called; the others are not affected",
        next_step="unblock it in the host's manager, and load it by name",
    )


def describe_mismatch(plugin: Plugin, error: "LockMismatchError") -> LoadResult:
    """Return the result of a plugin that is not what the lock says, or needs what is not."""
    return LoadResult(
        plugin=plugin,
        state="blocked",
        reason=f"{error.name} {error.reason}",
        where=error.path or "",
        effect="nothing of this plugin is available; the others are not affected",
        next_step=error.next_step,
    )


def _declaration(plugin: Plugin) -> str:
    return os.path.join(plugin.distribution.metadata_path, "entry_points.txt")


def _next_step(plugin: Plugin) -> str:
    """Return the command that mends or removes a plugin.

    Only what came from an index is upgraded by name: of anything else, the index may have a stranger's of that name.
    """
    distribution = plugin.distribution
    if plugin.state == "quarantined":
        return f"plugframe quarantine clear {shlex.quote(plugin.name)}, to have it tried once more; or upgrade it"
    if getattr(sys, "frozen", False):  # its executable is the application, in which nothing can be installed
        return f"get or build the application with another {distribution.name}, or without it"
    pip = f"{shlex.quote(sys.executable or 'python')} -m pip"
    remove = f"{pip} uninstall {distribution.name}"
    if plugin.state == "shadowed":
        return remove
    if distribution.origin == "index":
        return f"{pip} install --upgrade {distribution.name}   (or: {remove})"
    return f"{remove}   (or mend what it was installed from: {distribution.url or distribution.location})"


def _guarded(make: "Callable[[], str]", otherwise: str) -> str:
    """Return a text that can be printed, or another one where making it raises anything."""
    try:
        return make().encode("utf-8", "backslashreplace").decode()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 # a plugin's exception may do anything when it is looked at, exit included
        return otherwise


def _reason(error: BaseException) -> str:
    name = type(error).__name__
    text = _guarded(lambda: _printable(str(error)[: 2 * LONGEST_REASON]), "(its message cannot be shown)")
    whole = f"{name}: {text}" if text else name
    return whole if len(whole) <= LONGEST_REASON else whole[: LONGEST_REASON - 1] + "…"


def _printable(text: str) -> str:
    """Return a text on one line in which control characters are shown, not obeyed by a terminal."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in line)


def _where(error: BaseException, step: "TracebackType | None") -> str:
    """Return the first frame outside the framework, as ``file:line``; the place itself for a syntax error."""
    if issubclass(type(error), SyntaxError):
        filename, line = getattr(error, "filename", None), getattr(error, "lineno", None)
        if filename:
            return f"{filename}:{line or 1}"
    while step is not None:
        if is_foreign(step.tb_frame.f_code.co_filename):
            return f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}"
        step = step.tb_next
    return ""


def is_foreign(filename: str) -> bool:
    """Return whether a frame is of neither the framework, pluggy nor the import system."""
    engine = getattr(sys.modules.get("pluggy"), "__file__", None)  # where it was not imported, it has no frames
    own = (*_FRAMEWORK, os.path.dirname(engine) + os.sep) if engine else _FRAMEWORK
    return not filename.startswith((*own, "<frozen "))


def _text(error: BaseException) -> str:
    summary = traceback.TracebackException.from_exception(error, limit=-MOST_FRAMES, compact=True)
    _drop_framework(summary, set())
    text = "".join(summary.format())
    if len(text) > LONGEST_TRACEBACK:
        half = LONGEST_TRACEBACK // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
    return text


def _drop_framework(summary: "traceback.TracebackException | None", seen: set[int]) -> None:
    if summary is None or id(summary) in seen:
        return
    seen.add(id(summary))
    summary.stack[:] = [frame for frame in summary.stack if is_foreign(frame.filename)]
    for other in (summary.__cause__, summary.__context__, *(summary.exceptions or ())):
        _drop_framework(other, seen)
