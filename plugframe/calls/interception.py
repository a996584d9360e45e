"""Interception: the call hooks of one callable, and the functions that run them around it."""

from plugframe.calls.forwarding import Forwarding
from plugframe.calls.plans.callee import Callee, read_signature
from plugframe.calls.plans.callplan import CallPlan, nodes_of
from plugframe.calls.plans.hooks import ARGUMENT, KINDS, PRE, label_of
from plugframe.calls.plans.keys import UnplannableError
from plugframe.calls.plans.planning import Plans, function_of
from plugframe.calls.registering import CallHooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from inspect import Signature
    from typing import Any

    from plugframe.calls.plans.hooks import CallHook
    from plugframe.calls.plans.planning import Body, Called
    from plugframe.calls.plans.tracing import Traced

    Function = Callable[..., Any]


class Interception(CallHooks):
    """The call hooks of one callable.

    Its owner calls ``wrap`` for the function that it is to run, and again whenever it was told of a change. ``version``
    is another object after each: what was wrapped under one is to be kept only if it is still the same.

    Those of the parent run before those registered here, of each kind.
    """

    def __init__(
        self,
        name: str,
        signature: "Signature | Callable[..., Any]",
        *,
        parent: CallHooks | None = None,
        changed: "Callable[[], object] | None" = None,
    ) -> None:
        """Begin without call hooks.

        Args:
            name: what people call the callable by.
            signature: of its calls, or a function that has it, which is looked at when it is first needed.
            parent: has hooks that take part in each call, too.
            changed: is called after every change of the hooks, the parent's too, by the thread that made it, with no
                lock held; it is kept weakly if it is a method.
        """
        super().__init__(name, changed=changed, loading=None if parent is None else parent.loading)
        self.version = object()
        self._signatures: tuple[Signature | Callable[..., Any], ...] = (signature,)
        self._looked: tuple[object, Callee, Plans] | None = None
        self._parent = parent
        if parent is not None:
            parent.adopt(self)

    @property
    def callee(self) -> Callee:
        """What is called, as its hooks know it."""
        return self._look()[1]

    @property
    def plans(self) -> Plans:
        """What was compiled for calls with hooks."""
        return self._look()[2]

    def _look(self) -> "tuple[object, Callee, Plans]":
        signatures, looked = self._signatures, self._looked
        if looked is not None and looked[0] is signatures:
            return looked
        callee = Callee(self.name, *map(read_signature, signatures))
        looked = self._looked = signatures, callee, Plans(callee)
        return looked

    def accept(self, *functions: "Signature | Callable[..., Any]") -> None:
        """Let hooks return values of the types of several signatures, all with the same parameters."""
        self._signatures = functions
        self.renew()

    def known(self) -> Callee:
        """Return what is called."""
        return self.callee

    def renew(self) -> None:
        """Tell the owner that the hooks changed."""
        self.version = object()
        super().renew()

    def call_hooks(self) -> "tuple[CallHook, ...]":
        """Return the call hooks that take part in a call, the host's too, in the order in which they run."""
        above = () if self._parent is None else self._parent.call_hooks()
        every = (*above, *self._hooks)
        if not every:
            return ()
        known = self.callee.signature.parameters
        fitting = [one for one in every if one.argument is None or one.argument in known]
        return tuple(sorted(fitting, key=lambda one: KINDS.index(one.kind)))

    def wrap(
        self,
        function: "Called",
        key: "Hashable" = (),
        *,
        asynchronous: bool = False,
        planned: bool = True,
        only_before: bool = False,
    ) -> "Function":
        """Return a function of the same calls that runs the call hooks around; without any, the function itself.

        Args:
            function: does what the call is for; where it only hands calls on, plans do that themselves.
            key: says which one it is, where there are several that are called so; whoever has the same key shares
                plans.
            asynchronous: whether it is a coroutine function.
            planned: compile what a call does; otherwise it goes the plain way.
            only_before: leave out the hooks that run after, where nobody could use what they return.
        """
        hooks = self._taking_part(only_before=only_before)
        body = self._body(hooks, function, key, asynchronous=asynchronous, planned=planned)
        return function_of(function) if body is None else self.plans.compiled(body)

    def body(self, function: "Function", key: "Hashable" = ()) -> "Body | None":
        """Return what ``wrap`` would make a function of; None without call hooks."""
        return self._body(self.call_hooks(), function, key)

    def _taking_part(self, *, only_before: bool) -> "tuple[CallHook, ...]":
        hooks = self.call_hooks()
        return tuple(one for one in hooks if one.kind in (ARGUMENT, PRE)) if only_before else hooks

    def _body(
        self,
        hooks: "tuple[CallHook, ...]",
        function: "Called",
        key: "Hashable",
        *,
        asynchronous: bool = False,
        planned: bool = True,
    ) -> "Body | None":
        if not hooks:
            return None
        if not planned:
            return self.plans.plain(hooks, function, asynchronous=asynchronous)
        return self.plans.body(hooks, function, key, asynchronous=asynchronous)

    def plan(self, function: "Called", key: "Hashable" = (), *, call: str = "", asynchronous: bool = False) -> CallPlan:
        """Return what a call would do; neither the function nor a hook is run to tell.

        Args:
            function: does what the call is for.
            key: see ``wrap``.
            call: the function, for people; the default is its module and name.
            asynchronous: whether it is a coroutine function.
        """
        hooks, forwards = self.call_hooks(), isinstance(function, Forwarding)
        whole, traces, reason = self._ask(hooks, key, asynchronous=asynchronous, forwards=forwards)

        def replay() -> "tuple[Hashable, Function]":
            current = self.call_hooks()
            body = self._body(current, function, key, asynchronous=asynchronous)
            again = function_of(function) if body is None else self.plans.compiled(body)
            return self._ask(current, key, asynchronous=asynchronous, forwards=forwards)[0], again

        nodes = nodes_of(hooks, traces, call or label_of(function_of(function)))
        return CallPlan(called=self.name, key=whole, nodes=nodes, reason=reason, _replay=replay)

    def _ask(
        self, hooks: "tuple[CallHook, ...]", key: "Hashable", *, asynchronous: bool, forwards: bool
    ) -> "tuple[Hashable, tuple[Traced, ...] | None, str]":
        """Return what a plan for hooks depends on and what each does, or why there is none."""
        try:
            plan, _ = self.plans.find(hooks, key, asynchronous=asynchronous, forwards=forwards)
        except UnplannableError as error:
            return (key, asynchronous, hooks), None, str(error)
        return plan.key, plan.traces, ""

    def forget(self, plugin: str | None) -> None:
        """Forget what was compiled for calls with hooks of a plugin, or of any."""
        if self._looked is not None:
            self.plans.drop(plugin)
