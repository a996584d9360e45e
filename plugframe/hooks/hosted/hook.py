"""One hook of a host: the live function that calls it, and what else can be asked of it."""

from typing import cast

from plugframe.calls.steps import Errors, Kind
from plugframe.errors import CoroutineHookError, near_matches
from plugframe.hooks import callers
from plugframe.hooks.execution import run
from plugframe.hooks.hosted.asynchronous import conduct_async
from plugframe.hooks.hosted.conduct import conduct
from plugframe.hooks.hosted.facing import Face, put_off
from plugframe.hooks.hosted.results import HookResult, observe
from plugframe.hooks.routines import routine_of

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CoroutineType
    from typing import Any

    import pluggy

    from plugframe.calls.registering import CallHooks
    from plugframe.calls.steps import Routine
    from plugframe.hooks.hosted.callers import HostCaller
    from plugframe.hooks.hosted.policy import Policy


class Hook:
    """A hook of a host.

    Its function is handed to ``enter`` at first, which lets the plugins load that implement the hook, and then runs
    them step by step and counts the calls; after many it runs what was compiled. Whatever changes brings it back to
    ``enter``. Where a specification comes later, the hook that was made without has another as its successor.
    """

    def __init__(
        self,
        caller: "HostCaller",
        policy: "Policy",
        activate: "Callable[[str], bool]",
        calls: "Callable[[], CallHooks]",
        *,
        concurrent: bool = False,
    ) -> None:
        """Make a hook.

        Args:
            caller: pluggy's side of it.
            policy: what becomes of exceptions.
            activate: loads the plugins that implement a hook; returns whether that is done for good.
            calls: returns the call hooks that are for all that the host calls.
            concurrent: ``acall`` starts all implementations before awaiting the first.
        """
        self.name = caller.name
        self.caller = caller
        self.policy = policy
        self._activate = activate
        self._concurrent = concurrent
        self.is_open = caller.spec is None
        self.successor: Hook | None = None
        self._active = self._compiled = False
        self._calls = self._sleeps = 0
        self._patience = callers.WARM
        spec = caller.spec
        self._first = bool(spec and spec.opts.get("firstresult"))
        self._raises = policy.errors is Errors.RAISE
        self.face: Face | None = None
        self.function: Any
        if spec is None:
            self.function = self._make_open_function()
            put_off(self.name, self.function, lambda: self.successor.face if self.successor else None)
        else:
            self.face = Face(self.name, spec, self.enter, lock=caller.lock, forget=self._forget, calls=calls)
            self.function = self.face.function
        self.function.results = self.results  # see ``typed.Hook``
        self.function.acall = self.acall
        caller.tell = self.look_again
        policy.disguised = caller.coroutines

    def _make_open_function(self) -> "Any":
        def call(**arguments: object) -> object:
            successor = self.successor
            return self.enter(arguments) if successor is None else successor.function(**arguments)

        call.__name__ = call.__qualname__ = self.name
        call.__doc__ = f"Call the hook {self.name!r}, which has no specification, with whatever its plugins take."
        return call

    def look_again(self) -> None:
        """Forget what was compiled: the implementations, or how they run, changed.

        The caller's version is new by then. A compiled call is put in place under the same lock, if the version is
        still the one that it was compiled from.
        """
        with self.caller.lock:
            self._calls = 0
            if self._compiled and self.face is not None:
                self._forget()
                self.face.live.hand_to(self.enter)

    def _forget(self) -> None:
        self._compiled, self._calls = False, 0

    def sleep(self) -> None:
        """Let the plugins load again that implement the hook: others may be installed now."""
        with self.caller.lock:
            self._sleeps += 1
            self._active = False
            self.look_again()

    def rouse(self, still: "Callable[[], bool]") -> None:
        """Load no plugins at the next call, if it is still so that there are none to load."""
        with self.caller.lock:
            self._active = self._active or still()

    def enter(self, arguments: "dict[str, object]") -> object:
        """Make a call that is not compiled.

        Raises:
            CoroutineHookError: a plugin implements the hook by a coroutine.
        """
        caller = self.caller
        if not self._active:
            self._wake()
            if self.successor is not None:  # A plugin that was loaded just now has specified the hook.
                return self.successor.function(**arguments)
        if caller.coroutines:
            raise CoroutineHookError(self.name, self.policy.describe(caller.coroutines[0]))
        if not caller.direct:
            return self._enter_watched(arguments)
        self._calls += 1
        if self._calls >= self._patience and self._compile():
            return cast("Face", self.face).live.function(**arguments)
        implementations = caller._hookimpls[::-1]  # noqa: SLF001 # pluggy's
        if self._raises:
            return run(implementations, self.name, arguments, first_result=self._first, watch=self.policy)
        return conduct(self.policy, implementations, arguments, first=self._first)

    def _enter_watched(self, arguments: "dict[str, object]") -> object:
        """Make a call that others watch or repeat."""
        caller = self.caller
        if caller.is_historic():
            caller.call_historic(kwargs=arguments)
            return None
        return caller._hookexec(self.name, caller.get_hookimpls(), arguments, self._first)  # noqa: SLF001 # the seam

    def _wake(self) -> None:
        if not self._active:
            sleeps = self._sleeps
            active = self._activate(self.name)
            with self.caller.lock:  # Whoever lets it sleep meanwhile is not forgotten.
                self._active = active and sleeps == self._sleeps

    def _compile(self) -> bool:
        caller, version = self.caller, self.caller.version
        implementations = caller.get_hookimpls()[::-1]
        self._calls, self._patience = 0, min(2 * self._patience, callers.COOLEST)
        routine = routine_of(self.name, caller.spec, implementations, self.policy.errors)
        if self.face is None or routine is None or not self._active:
            return False
        if not self._raises and any(step.kind is not Kind.PLAIN for step in routine.steps):
            return False
        with caller.lock:
            return caller.version is version and self._run(routine, implementations)

    def _run(self, routine: "Routine", implementations: "Sequence[pluggy.HookImpl]") -> bool:
        """Put a compiled call in place; return whether it still is."""
        policy, version = self.policy, self.caller.version
        self._compiled = True
        cast("Face", self.face).live.run(
            routine,
            tell=lambda error, step: policy.note(error, None if step is None else implementations[step]),
            failed=lambda step, error, failures: policy.failed(implementations[step], error, failures),
            grouped=policy.grouped,
            unawaited=lambda step, coroutine: self._refuse(implementations[step], coroutine),
        )
        if self.caller.version is not version:  # a finalizer's doing
            self.look_again()
        return self._compiled

    def _refuse(self, implementation: "pluggy.HookImpl", coroutine: "CoroutineType[Any, Any, Any]") -> None:
        """Raise for a coroutine that a compiled call got; where that is not to be compiled again, forget it."""
        if self._raises:
            self.look_again()
        self.policy.refuse(implementation, coroutine)

    def results(self, /, *positional: object, **arguments: object) -> tuple[HookResult[object], ...]:
        """Call all implementations and return what each came to, with its plugin, distribution and time.

        An exception is kept with its implementation instead of being raised; the others run.

        Returns:
            In the order in which they started.

        Raises:
            TypeError: the arguments are not the hook's.
        """
        if positional:  # Python would say so of a method, and not of which hook.
            message = f"{self.name}.results() takes 0 positional arguments but {len(positional)} given"
            raise TypeError(message)
        complete = self._complete(arguments)
        self._wake()
        if self.successor is not None:
            return self.successor.results(**arguments)
        ask = self._observe if self.face is None else self.face.around(self._observe, only_before=True)
        found: tuple[HookResult[object], ...] = ask(**complete)
        return found

    def _observe(self, /, **complete: object) -> tuple[HookResult[object], ...]:
        self._remember(complete)
        return observe(self.policy, self.caller.get_hookimpls()[::-1], complete, first=self._first)

    def _remember(self, complete: "dict[str, object]") -> bool:
        """Keep a historic call for plugins that come later; return whether the hook is historic."""
        history = self.caller._call_history  # noqa: SLF001 # pluggy's
        if history is not None:
            history.append((complete, None))
        return history is not None

    async def acall(self, /, **arguments: object) -> "Any":
        """Call the hook and await the implementations that are coroutines.

        Returns:
            What a plain call returns, with what was awaited in place of the awaitables.

        Raises:
            TypeError: the arguments are not the hook's.
        """
        complete = self._complete(arguments)
        self._wake()
        if self.successor is not None:
            return await self.successor.acall(**arguments)
        ask = self._await if self.face is None else self.face.around(self._await, asynchronous=True)
        return await ask(**complete)

    async def _await(self, /, **complete: object) -> object:
        is_historic = self._remember(complete)
        found = await conduct_async(
            self.policy,
            self.caller.get_hookimpls()[::-1],
            complete,
            first=self._first,
            concurrent=self._concurrent,
        )
        return None if is_historic else found

    def _complete(self, arguments: "dict[str, object]") -> "dict[str, object]":
        """Return the arguments of a call with the specification's defaults.

        Raises:
            TypeError: some are missing or surplus.
        """
        spec = self.caller.spec
        if spec is None or self.successor is not None:
            return arguments
        complete = {**spec.kwargdefaults, **arguments}
        known = (*spec.argnames, *spec.kwargnames)
        missing = [name for name in known if name not in complete]
        surplus = [name for name in arguments if name not in known]
        if missing:
            message = f"{self.name}() missing {len(missing)} required arguments: {', '.join(map(repr, missing))}"
            raise TypeError(message)
        if surplus:
            near = near_matches(surplus[0], known)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            message = f"{self.name}() got an unexpected keyword argument {surplus[0]!r}{hint}"
            raise TypeError(message)
        return complete
