"""Calls without their call hooks, for a while and for one context."""

from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class _Suspension:
    """One block, true as long as it or one around it goes on, in whatever context it is known."""

    __slots__ = ("around", "is_open")

    def __init__(self, around: "_Suspension | None") -> None:
        self.around = around
        self.is_open = True

    def __bool__(self) -> bool:
        return self.is_open or bool(self.around)


_suspended: "ContextVar[_Suspension | None]" = ContextVar("plugframe_interception_suspended", default=None)

is_suspended = _suspended.get
"""What is true where call hooks are suspended."""


@contextmanager
def suspend_interception() -> "Iterator[None]":
    """Run no call hooks, of operations and of hooks, inside the block.

    It counts for the calls of this thread, or this task; others are not touched. A task or a context that is started
    inside begins with it, and goes on without it when the block ends.

    Example:
        >>> with suspend_interception():
        ...     bool(is_suspended())
        True
        >>> bool(is_suspended())
        False
    """
    mine = _Suspension(_suspended.get())
    _suspended.set(mine)
    try:
        yield
    finally:
        # Not by a token: blocks of generators may end in another order, and in another context.
        mine.is_open = False
        left = _suspended.get()
        while left is not None and not left.is_open:
            left = left.around
        _suspended.set(left)
