"""The face of a hook: the live function that everybody calls, with its call hooks around what makes the call.

Without call hooks the live function's body is what makes the call, so that they cost nothing; with some, that is the
body of another function, and the live function's is what runs them around it.
"""

from functools import update_wrapper
from inspect import Parameter, Signature
from typing import Any, Optional

from plugframe.calls.functions import LiveFunction
from plugframe.errors import CallHookError

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pluggy._hooks import HookSpec

    from plugframe.calls.interception import Interception
    from plugframe.calls.plans.callplan import CallPlan
    from plugframe.calls.plans.hooks import CallHook
    from plugframe.calls.registering import CallHooks
    from plugframe.handles import RemovableHandle

    Function = Callable[..., Any]


_GIVEN = (
    "register_pre_hook", "register_post_hook", "register_commit_hook", "call_hooks", "remove_call_hooks", "plan",
)  # fmt: skip


class Face:
    """The live function of a hook that has a specification."""

    def __init__(
        self,
        name: str,
        spec: "HookSpec",
        enter: "Callable[[dict[str, object]], object]",
        *,
        lock: "AbstractContextManager[Any]",
        forget: "Callable[[], object]",
        calls: "Callable[[], CallHooks]",
    ) -> None:
        """Make the function.

        Args:
            name: the hook's.
            spec: its specification.
            enter: makes calls that are not compiled.
            lock: is held while bodies are exchanged.
            forget: is called with the lock held when another function is to make the calls; that one is not compiled.
            calls: returns the call hooks that are for all that the host calls.
        """
        self.name = name
        self._spec = spec
        self._enter = enter
        self._lock = lock
        self._forget = forget
        self._calls = calls
        self._front = self.live = self._new()
        self._back: LiveFunction | None = None
        self._interception: Interception | None = None
        self._around: dict[str, tuple[object, Function]] = {}
        self.function: Any = update_wrapper(self._front.function, spec.function)
        for method in _GIVEN:
            setattr(self.function, method, getattr(self, method))

    def _new(self) -> LiveFunction:
        made = LiveFunction(self.name, (*self._spec.argnames, *self._spec.kwargnames), self._spec.kwargdefaults)
        made.hand_to(self._enter)
        return made

    @property
    def interception(self) -> "Interception":
        """The hook's call hooks; nothing of what runs them is imported before somebody asks for them."""
        if self._interception is None:
            from plugframe.calls.interception import Interception

            made = Interception(self.name, _signature(self._spec), parent=self._calls(), changed=self.intercept)
            with self._lock:
                first: Interception | None = self._interception
                self._interception = first or made
        return self._interception

    def intercept(self) -> None:
        """Have calls run the call hooks that there are now, or none.

        Those that are running go on with what they began with.
        """
        interception = self.interception
        while True:
            version, hooks = interception.version, interception.call_hooks()
            with self._lock:
                if version is interception.version:
                    self._around = {}
                    (self._put_around if hooks else self._take_away)()
                if version is interception.version:  # else a finalizer came between, in this thread
                    return

    def _put_around(self) -> None:
        if self.live is self._front:
            self.live = self._behind()
            self._forget()
        self._front.hand_to(self._run)

    def _take_away(self) -> None:
        if self.live is not self._front:
            self.live.hand_to(self._enter)  # or it would keep, and run, what was compiled
            self.live = self._front
            self._forget()
        self._front.hand_to(self._enter)

    def _behind(self) -> LiveFunction:
        if self._back is None:
            self._back = self._new()
        return self._back

    def _run(self, arguments: "dict[str, object]") -> object:
        """Make the first call after the call hooks changed; later ones run what it compiled."""
        interception, back = self.interception, self._back
        version = interception.version
        body = interception.body(back.function) if back is not None else None
        if body is None:  # They were taken away just now.
            return self._enter(arguments)
        with self._lock:
            fits = version is interception.version
            if fits:
                self._front.become(*body)
        if fits and version is not interception.version:  # A finalizer came between, in this thread.
            self.intercept()
        return self.function(**arguments)

    def around(self, function: "Function", *, only_before: bool = False, asynchronous: bool = False) -> "Function":
        """Return a function that runs the call hooks around another way to call the hook; without any, that itself.

        Args:
            function: takes the hook's arguments by keyword; it is always the same for its name.
            only_before: leave out the hooks that run after.
            asynchronous: whether it is a coroutine function.
        """
        if self.live is self._front:
            return function
        known = self._around
        version = self.interception.version
        made = known.get(function.__name__)
        if made is None or made[0] is not version:
            made = (
                version,
                self.interception.wrap(
                    function, (function.__name__,), only_before=only_before, asynchronous=asynchronous
                ),
            )
            known[function.__name__] = made
        return made[1]

    def register_pre_hook(self, function: "Function", **options: "Any") -> "RemovableHandle":  # theirs
        """Run a function before each call; see ``Interception.register_pre_hook``."""
        return self.interception.register_pre_hook(function, **options)

    def register_post_hook(self, function: "Function", **options: "Any") -> "RemovableHandle":  # theirs
        """Run a function after each call; see ``Interception.register_post_hook``."""
        return self.interception.register_post_hook(function, **options)

    def register_commit_hook(self, function: "Function", **options: "Any") -> "RemovableHandle":  # theirs
        """Run a function after all else of a call; see ``Interception.register_commit_hook``."""
        return self.interception.register_commit_hook(function, **options)

    def call_hooks(self) -> "tuple[CallHook, ...]":
        """Return the call hooks that take part in a call, the host's too, in the order in which they run."""
        return self.interception.call_hooks()

    def remove_call_hooks(self, *, plugin: str | None = None) -> None:
        """Remove the call hooks that were registered for this hook; of one plugin, or all."""
        self.interception.remove_call_hooks(plugin=plugin)

    def plan(self, /, **arguments: object) -> "CallPlan":
        """Return what a call with these arguments would do; nothing is loaded or run to tell.

        Raises:
            TypeError: the arguments are not the hook's.
        """
        self.interception.callee.signature.bind(**arguments)
        with self._lock:
            back = self._behind()
        return self.interception.plan(back.function, call=f"the implementations of {self.name}")


def put_off(name: str, function: "Any", face: "Callable[[], Face | None]") -> None:  # a live function
    """Let a function without a specification refuse call hooks, and pass them on once the hook has one.

    Args:
        name: the hook's.
        function: gets the methods.
        face: returns the face of what became of the hook, or None.
    """

    def give(method: str) -> "Function":
        def ask(*given: "Any", **options: "Any") -> "Any":  # the method decides
            found = face()
            if found is None:
                raise CallHookError(name, f"{method}()", "the hook has no specification yet, which tells its arguments")
            return getattr(found, method)(*given, **options)

        return ask

    for method in _GIVEN:
        setattr(function, method, give(method))


def _signature(spec: "HookSpec") -> Signature:
    """Return the signature of a hook's live function: all by keyword, and what a call returns."""
    from plugframe.calls.plans.callee import read_signature

    try:
        declared = read_signature(spec.function)
    except (TypeError, ValueError):
        declared = Signature()
    parameters = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=spec.kwargdefaults.get(name, Parameter.empty),
            annotation=getattr(declared.parameters.get(name), "annotation", Parameter.empty),
        )
        for name in (*spec.argnames, *spec.kwargnames)
    ]
    returned: Any = declared.return_annotation
    if spec.opts.get("historic"):
        returned = None
    elif not spec.opts.get("firstresult"):
        returned = list
    elif returned is not Parameter.empty:
        returned = Optional[returned]  # noqa: UP045 # a value, of any kind of annotation
    return Signature(parameters, return_annotation=returned)
