"""The call hooks that are for all that a host calls, and how they reach its hooks."""

from threading import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plugframe.calls.registering import CallHooks
    from plugframe.hooks.hosted.facing import Face
    from plugframe.hooks.hosted.hook import Hook


class Everywhere:
    """Makes a host's call hooks when somebody first asks for them; nothing of them is imported before."""

    def __init__(self, host: str, hooks: "Mapping[str, Hook]", loading: "Callable[[], str | None]") -> None:
        """Keep what they need.

        Args:
            host: the host's name.
            hooks: those that there are, by name.
            loading: returns the name of the plugin that the calling thread is loading, or None.
        """
        self._host = host
        self._hooks = hooks
        self._loading = loading
        self._lock = RLock()
        self._calls: CallHooks | None = None
        self._reaches = False

    def get(self) -> "CallHooks":
        """Return the call hooks."""
        if self._calls is not None:
            return self._calls
        from plugframe.calls.registering import CallHooks

        made = CallHooks(f"all that {self._host} calls", changed=self._reach, loading=self._loading)
        with self._lock:
            first: CallHooks | None = self._calls
            self._calls = first or made
            return self._calls

    def _reach(self) -> None:
        self._reaches = True  # before looking at the hooks: whoever makes another one looks at it after
        for hook in tuple(self._hooks.values()):
            if hook.face is not None:
                hook.face.interception  # noqa: B018 # those that there are get told by it

    def greet(self, face: "Face | None") -> None:
        """Let a hook that was made just now have them, if there were any before it."""
        if self._reaches and face is not None:
            face.intercept()

    def withdraw(self, plugin: str) -> None:
        """Remove a plugin's call hooks, wherever they were registered."""
        if self._calls is not None:
            self._calls.remove_call_hooks(plugin=plugin)
