"""Calls without their call hooks, for a while and for one context."""

from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_suspended: ContextVar[bool] = ContextVar("plugframe_interception_suspended", default=False)

is_suspended = _suspended.get


@contextmanager
def suspend_interception() -> "Iterator[None]":
    """Run no call hooks, of operations and of hooks, inside the block.

    It counts for the calls of this thread, or this task; others are not touched. A task or a context that is started
    inside begins with it.

    Example:
        >>> with suspend_interception():
        ...     is_suspended()
        True
        >>> is_suspended()
        False
    """
    token = _suspended.set(True)
    try:
        yield
    finally:
        _suspended.reset(token)
