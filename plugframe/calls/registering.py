"""Registering call hooks, for one callable or for all of a host."""

import inspect
from dataclasses import replace
from itertools import count
from typing import Literal
from weakref import WeakMethod, ref

from plugframe.calls.entries import Entries
from plugframe.calls.plans.checking import check, refuse
from plugframe.calls.plans.hooks import ARGUMENT, COMMIT, KINDS, POST, PRE, CallHook, WeakCall, label_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from plugframe.calls.plans.callee import Callee
    from plugframe.handles import RemovableHandle


class CallHooks:
    """The call hooks of all that a host calls; those of one callable are an ``Interception``.

    The first that was registered runs first, of each kind. What a call began with it goes on with.
    """

    def __init__(
        self,
        name: str,
        *,
        changed: "Callable[[], object] | None" = None,
        loading: "Callable[[], str | None] | None" = None,
    ) -> None:
        """Begin without call hooks.

        Args:
            name: what people call it by for which they are.
            changed: is called after every change of the hooks, by the thread that made it, with no lock held; it is
                kept weakly if it is a method.
            loading: returns the name of the plugin that the calling thread is loading, or None.
        """
        self.name = name
        self.loading: Callable[[], str | None] = loading or _nobody
        self._tell = WeakMethod(changed) if inspect.ismethod(changed) else lambda: changed
        self._children: dict[int, ref[CallHooks]] = {}
        self._numbers = count()
        own = WeakMethod(self.renew)  # Handles must not keep the owner.
        self._hooks: Entries[CallHook] = Entries(lambda: _call(own()))

    def __deepcopy__(self, *_: object) -> "CallHooks":
        return self  # What is registered is there once.

    __copy__ = __deepcopy__

    def __reduce__(self) -> "NoReturn":
        message = f"the call hooks of {self.name!r} are functions of this process and cannot be pickled"
        raise TypeError(message)

    def __repr__(self) -> str:
        return f"<call hooks of {self.name}: {len(self.call_hooks())}>"

    def known(self) -> "Callee | None":
        """Return what is called, as far as hooks must know it; None where it is any callable."""
        return None

    def adopt(self, child: "CallHooks") -> None:
        """Let those of one callable be told of changes here, as long as they are there."""
        number, children = next(self._numbers), self._children
        children[number] = ref(child, lambda _: children.pop(number, None))

    def _adopted(self) -> "list[CallHooks]":
        return [child for one in tuple(self._children.copy().values()) if (child := one()) is not None]

    def renew(self) -> None:
        """Tell the owner, and those below, that the hooks changed."""
        _call(self._tell())
        for child in self._adopted():
            child.renew()

    def register_pre_hook(
        self,
        function: "Callable[[Any], Any]",
        *,
        argument: str | None = None,
        plugin: str = "",
        label: str = "",
        prepend: bool = False,
        weak: bool = False,
    ) -> "RemovableHandle":
        """Run a function before each call.

        Args:
            function: is given the value of one argument, or all arguments as an ``inspect.BoundArguments`` with
                defaults that cannot be changed. It returns None to keep them; any other value takes the argument's
                place, 0 and "" too. Instead of all arguments it returns such ones, or a mapping of some to values.
            argument: the parameter whose value it is given; None for all. Such hooks run before those for all.
            plugin: whose it is; the default is the plugin that is being loaded, if any.
            label: it, for people; the default is its module and name.
            prepend: run it before those of its kind that are there.
            weak: let it go with the object whose method it is.

        Returns:
            A handle that takes it away.

        Raises:
            CallHookError: it cannot be called so, there is no such argument, or it cannot be kept weakly.
        """
        kind = PRE if argument is None else ARGUMENT
        return self._register(
            CallHook(
                kind=kind, function=function, argument=argument, plugin=plugin, label=label, prepend=prepend, weak=weak
            )
        )

    def register_post_hook(
        self,
        function: "Callable[[Any, Any], Any]",
        *,
        always: bool = False,
        errors: Literal["raise", "collect"] = "raise",
        plugin: str = "",
        label: str = "",
        prepend: bool = False,
        weak: bool = False,
    ) -> "RemovableHandle":
        """Run a function after each call that did not fail, or after every one.

        Args:
            function: is given the arguments and the result, and returns None to keep the result, or another.
            always: run it after failures, too. It is given an ``Outcome`` in the place of the result, and cannot undo
                a failure; what it raises waits for the others and is raised with the failure in an ExceptionGroup.
            errors: ``raise`` ends the call with an exception of the function's; ``collect`` lets the other post-hooks
                run, and raises what was collected in one ExceptionGroup.
            plugin: see ``register_pre_hook``, as of the others.
            label: the same.
            prepend: the same.
            weak: the same.

        Raises:
            CallHookError: it cannot be called so, or cannot be kept weakly.
            ValueError: there is no such way with errors.
        """
        if errors not in ("raise", "collect"):
            message = f"errors of a post-hook is 'raise' or 'collect'; got {errors!r}"
            raise ValueError(message)
        return self._register(
            CallHook(
                kind=POST, function=function, always=always, errors=errors, plugin=plugin, label=label,
                prepend=prepend, weak=weak,
            )
        )  # fmt: skip

    def register_commit_hook(
        self,
        function: "Callable[[Any, Any], None]",
        *,
        plugin: str = "",
        label: str = "",
        prepend: bool = False,
        weak: bool = False,
    ) -> "RemovableHandle":
        """Run a function after all else of each call that did not fail.

        Args:
            function: is given the arguments and the result; it returns nothing.
            plugin: see ``register_pre_hook``, as of the others.
            label: the same.
            prepend: the same.
            weak: the same.

        Raises:
            CallHookError: it cannot be called so, or cannot be kept weakly.
        """
        return self._register(
            CallHook(kind=COMMIT, function=function, plugin=plugin, label=label, prepend=prepend, weak=weak)
        )

    def _register(self, given: CallHook) -> "RemovableHandle":
        hook = replace(
            given,
            label=given.label or label_of(given.function),
            plugin=given.plugin or self.loading() or "",
            host_wide=self.known() is None,
        )
        check(self.name, hook, self.known())
        if hook.weak:
            hook = replace(hook, function=self._weakened(hook))
        return self._hooks.add(hook, f"the {hook} on {self.name}", first=hook.prepend)

    def _weakened(self, hook: CallHook) -> WeakCall:
        hooks = self._hooks
        try:
            return WeakCall(hook.function, lambda gone: hooks.drop(lambda one: one.function is gone))
        except (AttributeError, TypeError) as error:
            refuse(self.name, hook, f"only bound methods are kept weakly, anything else would be gone at once: {error}")

    def call_hooks(self) -> tuple[CallHook, ...]:
        """Return the call hooks, in the order in which they run."""
        return tuple(sorted(self._hooks, key=lambda one: KINDS.index(one.kind)))

    def remove_call_hooks(self, *, plugin: str | None = None) -> None:
        """Remove the call hooks that were registered here, for a host those of all that it calls, and their plans.

        Args:
            plugin: whose; None for all.
        """
        self._hooks.drop(lambda one: plugin is None or one.plugin == plugin)
        self.forget(plugin)
        for child in self._adopted():
            child.remove_call_hooks(plugin=plugin)

    def forget(self, plugin: str | None) -> None:
        """Forget what was compiled for calls with hooks of a plugin, or of any."""


def _nobody() -> None:
    pass


def _call(function: "Callable[[], object] | None") -> None:
    if function is not None:
        function()
