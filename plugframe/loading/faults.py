"""An exception that a plugin raised to the record that tells a person what, whose, the effect and what to do."""

import os
import sys

from plugframe.records import LoadResult, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    import traceback

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
MOST_FRAMES = 40
LONGEST_REASON = 500


def describe_fault(plugin: Plugin, error: BaseException, *, seconds: float) -> LoadResult:
    """Return the result of a plugin whose import or registration raised.

    Args:
        plugin: whose fault it is.
        error: what was raised.
        seconds: how long the attempt took.
    """
    name = plugin.distribution.name
    python = sys.executable or "python"
    return LoadResult(
        plugin=plugin,
        state="broken",
        reason=_reason(error),
        where=_where(error) or os.path.join(plugin.distribution.metadata_path, "entry_points.txt"),
        effect="nothing of this plugin is available; the others are not affected",
        next_step=f"{python} -m pip install --upgrade {name}   (or: {python} -m pip uninstall {name})",
        traceback=_text(error),
        seconds=seconds,
    )


def _reason(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 # an exception of a plugin may fail even at this
        text = "(its message cannot be shown)"
    whole = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return whole if len(whole) <= LONGEST_REASON else whole[: LONGEST_REASON - 1] + "…"


def _where(error: BaseException) -> str:
    """Return the first frame outside the framework, as ``file:line``; the place itself for a syntax error."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 1}"
    step = error.__traceback__
    while step is not None:
        if is_foreign(step.tb_frame.f_code.co_filename):
            return f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}"
        step = step.tb_next
    return ""


def is_foreign(filename: str) -> bool:
    """Return whether a frame is of neither the framework, pluggy nor the import system."""
    folder = os.path.basename(os.path.dirname(filename))
    return not filename.startswith((_OURS, "<frozen ")) and folder not in ("pluggy", "importlib")


def _text(error: BaseException) -> str:
    import traceback

    summary = traceback.TracebackException.from_exception(error, limit=-MOST_FRAMES, compact=True)
    _drop_framework(summary)
    try:
        return "".join(summary.format())
    except Exception:  # noqa: BLE001 # an exception of a plugin may fail even at this
        return _reason(error)


def _drop_framework(summary: "traceback.TracebackException | None") -> None:
    while summary is not None:
        summary.stack[:] = [frame for frame in summary.stack if is_foreign(frame.filename)]
        summary = summary.__cause__ or summary.__context__
