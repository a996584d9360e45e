"""What a long command says of itself meanwhile: on a terminal one line on standard error, elsewhere nothing."""

import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def status(begin: str) -> "Iterator[Callable[[str], None]]":
    """Show what goes on, and nothing any more in the end.

    Args:
        begin: the first text.

    Yields:
        What replaces the text.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(begin)) as line:
        yield lambda text: line.update(Text(text))
