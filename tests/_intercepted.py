"""A callable with call hooks, called planned or the plain way, that tells what ran."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from plugframe.calls.interception import Interception
from plugframe.calls.registering import CallHooks

WAYS = ("planned", "plain")


def resize(image: list[Any], width: int, height: int = 3, *, mode: str = "near") -> list[Any]:
    """Return what it is given."""
    return [image, width, height, mode]


class Intercepted:
    """A function with call hooks; every call asks for the function that runs them now.

    Attributes:
        events: what ran, in order.
        hooks: the call hooks.
    """

    def __init__(self, way: str, function: Callable[..., Any] = resize, *, parent: CallHooks | None = None) -> None:
        self.events: list[Any] = []
        self.way = way
        self._function = function
        self.hooks = Interception("image.resize", function, parent=parent)

    def inner(self, *args: Any, **kwargs: Any) -> Any:
        """Do what the call is for, and tell."""
        self.events.append(("call", args, kwargs))
        return self._function(*args, **kwargs)

    def wrapped(self) -> Callable[..., Any]:
        """Return the function as it is with the hooks that there are now."""
        return self.hooks.wrap(self.inner, planned=self.way == "planned")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.wrapped()(*args, **kwargs)

    def tells(self, name: object, value: Any = None) -> Callable[..., Any]:
        """Return a call hook that tells its name when it runs, and returns a value."""

        def hook(*_: Any) -> Any:
            self.events.append(name)
            return value

        return hook

    def fails(self, name: object, error: BaseException) -> Callable[..., Any]:
        """Return a call hook that tells its name, and raises."""

        def hook(*_: Any) -> Any:
            self.events.append(name)
            raise error

        return hook

    def ran(self) -> list[Any]:
        """Return the names of what ran since this was asked last; the call itself is ``call``."""
        events = [one[0] if isinstance(one, tuple) and one[0] == "call" else one for one in self.events]
        self.events.clear()
        return events


@contextmanager
def unplanned(hooks: Interception) -> Iterator[None]:
    """Make sure that nothing is planned meanwhile."""
    before = hooks.plans.info()
    yield
    assert hooks.plans.info() == before
