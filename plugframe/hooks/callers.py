"""Hook callers that are pluggy's to everyone, and compile what they run once they are called often.

A caller's class is its state: ``Caller`` runs its implementations one after the other and counts its calls; a class
made for it has the compiled ``__call__``; ``DelegatingCaller`` calls as pluggy does, for historic hooks and wherever
somebody watches or replaces the execution. Any change to what a caller runs brings it back to the first or the last.
"""

from threading import RLock
from types import MethodType

import pluggy
from pluggy._hooks import _SubsetHookCaller

from plugframe.calls.functions import compile_method
from plugframe.hooks.execution import run
from plugframe.hooks.ordering import arrange, is_bound
from plugframe.hooks.outcomes import prepare, warn_of_missing
from plugframe.hooks.routines import routine_of
from plugframe.hooks.watched import WatchedList

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, SupportsIndex

WARM = 64  # calls, before a hook is compiled for the first time: compiling takes as long as some dozens of calls
MOST_VIEWS = 256  # different sets of plugins to leave out, for each of which what is called is kept
COOLEST = 4096  # calls, before a hook that changes all the time is compiled again

_EXECUTE = pluggy.PluginManager._hookexec  # noqa: SLF001 # pluggy's seam; whoever overrides it is honoured


_NOBODY: "tuple[object, frozenset[object]]" = (None, frozenset())
_WATCHED = frozenset(("_call_history", "_hookexec", "_hookimpls", "spec"))


class _Heat:
    """How often a caller was called since it changed last, and after how many calls it is compiled."""

    __slots__ = ("calls", "patience")

    def __init__(self) -> None:
        self.calls = 0
        self.patience = WARM

    def cool(self) -> None:
        """Take twice as many calls before the next time."""
        self.calls, self.patience = 0, min(2 * self.patience, COOLEST)


class Caller(pluggy.HookCaller):
    """A hook's caller that counts its calls, and is compiled when they are many.

    Source: https://pluggy.readthedocs.io/en/stable/api_reference.html#pluggy.HookCaller
    """

    __slots__ = ("__weakref__", "_came", "_heat", "_implementers", "_ordered", "lock", "version", "views")

    compiles = True
    always_ordered = False

    def __init__(
        self, name: str, hook_execute: "Any", specmodule_or_class: "Any" = None, spec_opts: "Any" = None
    ) -> None:
        """Make a caller, with the arguments of pluggy's."""
        self.version: object = None
        self.views: dict[frozenset[object], View] = {}
        self.lock = RLock()
        self._heat = _Heat()
        self._came: list[pluggy.HookImpl] = []
        self._ordered = self.always_ordered
        self._implementers = _NOBODY
        slots = vars(pluggy.HookCaller)
        implementations = WatchedList((), self.look_again)
        first = {"name": name, "_hookexec": hook_execute, "_hookimpls": implementations, "_call_history": None}
        for slot, value in (*first.items(), ("spec", None)):
            slots[slot].__set__(self, value)
        self.look_again()
        if specmodule_or_class is not None:
            self.set_specification(specmodule_or_class, spec_opts)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in _WATCHED:
            self.look_again()

    def __reduce_ex__(self, protocol: "SupportsIndex") -> "str | tuple[Any, ...]":
        if not self.compiles:
            return super().__reduce_ex__(protocol)
        state = {slot: getattr(self, slot) for slot in (*sorted(_WATCHED), "_came", "_ordered")}
        return Caller, (self.name, None), state

    def __setstate__(self, state: "dict[str, Any]") -> None:
        """Become a copy; one that shares its list of implementations, which tells the other, is never compiled."""
        if type(state["_hookimpls"]) is list:
            state["_hookimpls"] = WatchedList(state["_hookimpls"], self.look_again)
        for slot, value in state.items():
            setattr(self, slot, value)

    def look_again(self) -> None:
        """Forget what was compiled: something changed in what a call runs, or in how.

        The change comes first, then the new version, then this under the lock under which a compiled call is put in
        place if the version is still the one that it was compiled from: so whoever changed something sees that at once,
        and what was compiled from a state that is no more never stays. The lock is reentrant, since a finalizer may
        change something at any moment.
        """
        self.version = object()
        with self.lock:
            self._heat.calls = 0
            kind: Any = Caller if self.is_direct() else DelegatingCaller
            self.__class__ = kind
            self._implementers = _NOBODY  # or it would keep the plugins that were removed
            views, self.views = self.views, {}
            for view in views.values():
                view.retire()

    def _add_hookimpl(self, hookimpl: pluggy.HookImpl) -> None:
        with self.lock:
            self._came.append(hookimpl)
            self._ordered = self._ordered or is_bound(hookimpl)
            if self._ordered:
                self._hookimpls[:] = arrange(self._sequence(self._present(hookimpl)), self.name)
            else:
                super()._add_hookimpl(hookimpl)

    def _remove_plugin(self, plugin: object) -> None:
        super()._remove_plugin(plugin)
        with self.lock:
            self._keep(self._hookimpls)

    def _keep(self, implementations: "Iterable[pluggy.HookImpl]") -> None:
        """Forget all implementations but some, and put these in order."""
        kept = {id(one) for one in implementations}
        self._came = [one for one in self._present() if id(one) in kept]
        if self._ordered:
            self._ordered = self.always_ordered or any(map(is_bound, self._came))
            self._hookimpls[:] = arrange(self._sequence(self._came), self.name)

    def _present(self, *more: pluggy.HookImpl) -> list[pluggy.HookImpl]:
        """Return the implementations in the order in which they came, those included that others put in or out."""
        present = {id(one): one for one in (*self._hookimpls, *more)}
        came = [present.pop(id(one)) for one in self._came if id(one) in present]
        return [*came, *present.values()]

    def _sequence(self, came: "Sequence[pluggy.HookImpl]") -> "Sequence[pluggy.HookImpl]":
        """Return implementations in the order that decides between equals: as they came."""
        return came

    def check_order(self, hookimpls: "Sequence[pluggy.HookImpl]", describe: "Callable[[pluggy.HookImpl], str]") -> None:
        """Raise if implementations cannot be put in order with the others; change nothing.

        Args:
            hookimpls: those that are to be added.
            describe: returns whose one is, for messages.

        Raises:
            HookValidationError: what the plugins ask for is a circle.
        """
        if self._ordered or any(map(is_bound, hookimpls)):
            arrange(self._sequence(self._present(*hookimpls)), self.name, describe)

    def implementers(self) -> frozenset[object]:
        """Return the plugins that implement the hook."""
        version = self.version
        known, plugins = self._implementers
        if known is not version or type(self._hookimpls) is not WatchedList:  # which tells when it changes
            plugins = frozenset(one.plugin for one in self._hookimpls)
            self._implementers = version, plugins
            if self.version is not version:
                self._implementers = _NOBODY
        return plugins

    def is_direct(self) -> bool:
        """Return whether calls need not go through pluggy's own seams: nobody watches, replaces or repeats them."""
        execute: Any = self._hookexec
        if self._call_history is not None or type(execute) is not MethodType or execute.__func__ is not _EXECUTE:
            return False
        implementations = self._hookimpls
        if type(implementations) is not WatchedList or not implementations.tells(self):
            return False  # Somebody put a list there that does not tell when it changes.
        return getattr(execute.__self__, "executes_directly", False)

    def __call__(self, **arguments: object) -> "Any":
        """Call the hook's implementations.

        Raises:
            HookCallError: an implementation needs an argument that the call does not give.
        """
        heat = self._heat
        heat.calls += 1
        if heat.calls >= heat.patience and self._compile():
            return self(**arguments)
        return self.interpret(arguments)

    def interpret(self, arguments: dict[str, object]) -> object:
        """Run a call step by step."""
        spec = self.spec
        if spec is None:
            return run(self._hookimpls[::-1], self.name, arguments)
        if spec.kwargdefaults:
            arguments = {**spec.kwargdefaults, **arguments}
        for name in spec.argnames:
            if name not in arguments:
                warn_of_missing(spec, arguments)
                break
        return run(self._hookimpls[::-1], self.name, arguments, first_result=spec.opts.get("firstresult", False))

    def _compile(self) -> bool:
        version = self.version
        made = _compiled(Caller, self, self._hookimpls[::-1])
        self._heat.cool()
        if made is None:
            return False
        with self.lock:
            if self.version is version:
                self.__class__ = made
                if self.version is not version:  # a finalizer's doing
                    self.look_again()
        return self.version is version

    def view(self, removed: frozenset[object]) -> "View":
        """Return what is called without some plugins, shared by all who leave out the same."""
        view = self.views.get(removed)
        if view is None or view.version is not self.version:
            with self.lock:
                view = self.views[removed] = View(self, removed)
                while len(self.views) > MOST_VIEWS:
                    # Who holds its caller looks again, and gets another.
                    self.views.pop(next(iter(self.views))).retire()
        return view


class DelegatingCaller(Caller):
    """A caller in whose calls pluggy's own code runs, frame by frame."""

    __slots__ = ()
    __call__ = pluggy.HookCaller.__call__


class View:
    """What is called of a hook without some plugins, as long as the hook does not change."""

    def __init__(self, caller: Caller, removed: frozenset[object]) -> None:
        """Take the implementations that are not of the removed plugins, in the order in which they start."""
        self.version = caller.version
        implementations = caller._hookimpls[::-1]  # noqa: SLF001 # pluggy's
        self.implementations = [one for one in implementations if one.plugin not in removed]
        self.calls = 0
        self.made: type[SubsetCaller] | None = None
        # One for all who leave out the same: it has nothing of its own.
        self.caller = SubsetCaller(caller, removed)

    def retire(self) -> None:
        """Let everybody who calls the compiled function look again."""
        if self.made is not None:
            self.made.__call__ = SubsetCaller.__call__  # type: ignore[method-assign] # a class made for this view


class SubsetCaller(_SubsetHookCaller):
    """A hook's caller without some plugins, compiled like the hook itself.

    Source: https://pluggy.readthedocs.io/en/stable/api_reference.html#pluggy.PluginManager.subset_hook_caller
    """

    __slots__ = ("_key",)

    _orig: Caller

    def __init__(self, caller: Caller, removed: frozenset[object]) -> None:
        """Leave out the implementations of the removed plugins."""
        super().__init__(caller, removed)
        self._key = removed

    def __call__(self, **arguments: object) -> "Any":
        """Call the hook's implementations but those of the removed plugins.

        Raises:
            HookCallError: an implementation needs an argument that the call does not give.
        """
        caller = self._orig
        if caller.is_historic():
            return super().__call__(**arguments)
        if not caller.is_direct():
            arguments = prepare(self.spec, arguments)
            first_result = self.spec.opts.get("firstresult", False) if self.spec else False
            return self._hookexec(self.name, self._hookimpls, arguments, first_result)
        view = caller.view(self._key)
        view.calls += 1
        if view.made is None and view.calls >= WARM:
            self._compile(view)
        if view.made is not None:
            kind: Any = view.made
            self.__class__ = kind
            return self(**arguments)
        return self.interpret(arguments)

    def interpret(self, arguments: dict[str, object]) -> object:
        """Run a call step by step."""
        arguments = prepare(self.spec, arguments)
        first_result = bool(self.spec and self.spec.opts.get("firstresult"))
        return run(self._orig.view(self._key).implementations, self.name, arguments, first_result=first_result)

    def _compile(self, view: View) -> None:
        made = _compiled(SubsetCaller, self._orig, view.implementations)
        view.calls = 0
        with self._orig.lock:
            if self._orig.version is view.version and self._orig.views.get(self._key) is view:
                view.made = made
                if self._orig.version is not view.version:  # a finalizer's doing
                    view.retire()


# What the interpreter says of wrong calls names the function as pluggy's is named.
Caller.__call__.__qualname__ = SubsetCaller.__call__.__qualname__ = pluggy.HookCaller.__call__.__qualname__


def _incomplete(caller: "Caller | SubsetCaller", arguments: dict[str, object]) -> object:
    """Run a call of a compiled hook that gives other arguments than the compiled function has."""
    if "self" in arguments:
        return pluggy.HookCaller.__call__(caller, **arguments)  # the interpreter refuses, in its own words
    return caller.interpret(arguments)


def _compiled(kind: type, caller: Caller, implementations: "Sequence[pluggy.HookImpl]") -> "type[Any] | None":
    """Return a class of callers with a compiled ``__call__``, or None where what a call runs depends on the call."""
    spec = caller.spec
    routine = routine_of(caller.name, spec, implementations)
    if routine is None:
        return None
    method = compile_method(routine, spec.kwargdefaults if spec else {}, _incomplete)
    method.__qualname__ = pluggy.HookCaller.__call__.__qualname__
    return type(kind.__name__, (kind,), {"__slots__": (), "__call__": method, "__module__": __name__})
