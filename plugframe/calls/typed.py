"""The type of what call hooks can be registered for, for type checkers.

Source: PEP 544 (protocols)
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from plugframe.calls.plans.hooks import CallHook
from plugframe.handles import RemovableHandle


class Intercepted(Protocol):
    """A live function that runs call hooks before and after its calls."""

    def register_pre_hook(
        self,
        function: Callable[[Any], Any],
        *,
        argument: str | None = None,
        plugin: str = "",
        label: str = "",
        prepend: bool = False,
        weak: bool = False,
    ) -> RemovableHandle:
        """Run a function before each call, given one argument or all; see ``CallHooks.register_pre_hook``."""
        ...

    def register_post_hook(
        self,
        function: Callable[[Any, Any], Any],
        *,
        always: bool = False,
        errors: Literal["raise", "collect"] = "raise",
        plugin: str = "",
        label: str = "",
        prepend: bool = False,
        weak: bool = False,
    ) -> RemovableHandle:
        """Run a function after each call; see ``CallHooks.register_post_hook``."""
        ...

    def register_commit_hook(
        self,
        function: Callable[[Any, Any], None],
        *,
        plugin: str = "",
        label: str = "",
        prepend: bool = False,
        weak: bool = False,
    ) -> RemovableHandle:
        """Run a function after all else of each call that did not fail; see ``CallHooks.register_commit_hook``."""
        ...

    def call_hooks(self) -> tuple[CallHook, ...]:
        """Return the call hooks that take part in a call, in the order in which they run."""
        ...

    def remove_call_hooks(self, *, plugin: str | None = None) -> None:
        """Remove the call hooks that were registered here; of one plugin, or all."""
        ...
