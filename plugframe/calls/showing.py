"""Generated sources for tracebacks to show, under file names that pytest takes for none of the user's."""

import linecache
import threading
from zlib import crc32

from plugframe.calls.source import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX = "<plugframe hook "
_MOST = 1024  # The newest sources are kept: who churns through plugins shall not fill the memory with them.

_shown: dict[str, None] = {}
_lock = threading.Lock()


def _on_one_line(label: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in label)


def show(name: str, text: str, labels: "Sequence[str]") -> str:
    """Keep a source for tracebacks.

    Args:
        name: what is called.
        text: the source, with marks.
        labels: what is put for the numbers of its steps.

    Returns:
        The file name by which it is found; the same for the same source.
    """
    shown = {str(place): _on_one_line(label) for place, label in enumerate(labels)}
    source = fill(text, lambda mark: shown.get(mark) or ("self" if mark.startswith("owner_") else mark))
    file = f"{PREFIX}{name} {crc32(source.encode('utf-8', 'backslashreplace')):08x}>"
    with _lock:
        _shown.pop(file, None)
        _shown[file] = None
        # Without a modification time linecache takes it as it is, and looks for no file.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        while len(_shown) > _MOST:
            oldest = next(iter(_shown))
            del _shown[oldest]
            linecache.cache.pop(oldest, None)
    return file
