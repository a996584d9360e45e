"""Which step of a generated function an exception came from: its traceback tells, so that other calls pay nothing."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Watcher:
    """Tells of the exceptions that leave a generated function, with the step from which each came."""

    __slots__ = ("_places", "_tell")

    def __init__(self, tell: "Callable[[BaseException, int | None], None]", places: "Mapping[int, int]") -> None:
        """Keep whom to tell.

        Args:
            tell: takes the exception and the number of the step, or None where it came from none.
            places: line of the function to number of the step.
        """
        self._tell = tell
        self._places = places

    def __call__(self, error: BaseException) -> None:
        """Look up where an exception came from; to be called by the function that handles it just now."""
        frame = sys._getframe(1)  # noqa: SLF001 # the generated function passes nothing of itself, which would cost
        step, entry = None, error.__traceback__
        while entry is not None:
            # The innermost entry counts: an exception passes this function again for each wrapper that it is thrown to.
            if entry.tb_frame is frame:
                step = self._places.get(entry.tb_lineno, step)
            entry = entry.tb_next
        self._tell(error, step)
