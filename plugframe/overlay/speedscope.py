"""Imports as a file that https://www.speedscope.app shows as a flame graph.

Source: https://www.speedscope.app/file-format-schema.json
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plugframe.overlay.timing import Import

_MILLI = 1000.0


def speedscope(imports: "Sequence[Import]", name: str) -> dict[str, object]:
    """Return the document of a run: a profile for each of its threads, a frame for each module.

    Args:
        imports: what a process imported, in order.
        name: what was run.
    """
    frames = {module: number for number, module in enumerate(dict.fromkeys(one.module for one in imports))}
    threads = dict.fromkeys(one.thread for one in imports)
    last = max((one.end for one in imports), default=0.0) * _MILLI
    profiles = [
        {
            "type": "evented",
            "name": f"{name}, thread {number}" if len(threads) > 1 else name,
            "unit": "milliseconds",
            "startValue": 0,
            "endValue": last,
            "events": list(_events([one for one in imports if one.thread == thread], frames)),
        }
        for number, thread in enumerate(threads, 1)
    ]
    return {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "shared": {"frames": [{"name": module} for module in frames]},
        "profiles": profiles,
        "name": name,
        "exporter": "plugframe",
    }


def _events(imports: "Sequence[Import]", frames: dict[str, int]) -> "Iterator[dict[str, object]]":
    """Yield when frames open and close: those that end before the next begins, the innermost first."""
    opened: list[Import] = []
    for one in imports:
        while opened and opened[-1].end <= one.begin:
            yield _event("C", opened.pop(), frames)
        yield _event("O", one, frames)
        opened.append(one)
    while opened:
        yield _event("C", opened.pop(), frames)


def _event(kind: str, one: "Import", frames: dict[str, int]) -> dict[str, object]:
    return {"type": kind, "frame": frames[one.module], "at": (one.begin if kind == "O" else one.end) * _MILLI}
