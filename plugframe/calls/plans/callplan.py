"""What a call with call hooks would do, as a value that can be shown, and called."""

from dataclasses import dataclass, field

from plugframe.calls.plans.hooks import ARGUMENT, KINDS, POST
from plugframe.errors import CallPlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import Any

    from plugframe.calls.plans.hooks import CallHook
    from plugframe.calls.plans.tracing import Traced


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """One step of a planned call.

    Attributes:
        step: what it is: ``argument pre-hook``, ``call pre-hook``, ``call``, ``post-hook`` or ``commit hook``.
        label: what runs.
        plugin: whose hook it is; empty where nobody said.
        argument: the argument that it is for, or None.
        after: the numbers of the nodes that must have run, in order.
        calls: how many functions a hook that takes part in the plan has it call; None where the hook is called itself.
    """

    step: str
    label: str
    plugin: str = ""
    argument: str | None = None
    after: tuple[int, ...] = ()
    calls: int | None = None

    def __str__(self) -> str:
        whose = f" of plugin {self.plugin!r}" if self.plugin else ""
        return f"{self.step} {self.label}{whose}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """What a call would do, in order; nothing of it has been done.

    Calling it makes the call with the hooks that there are then.

    Attributes:
        called: what is called.
        key: what the plan depends on; equal for two calls that can share one.
        nodes: the steps.
        reason: why the call is not planned, but goes the plain way; empty where it is.
    """

    called: str
    key: "Hashable"
    nodes: tuple[PlanNode, ...]
    reason: str = ""
    _replay: "Callable[[], tuple[Hashable, Callable[..., Any]]]" = field(repr=False, compare=False)

    @property
    def is_planned(self) -> bool:
        """Whether the call runs what was compiled for its structure."""
        return not self.reason

    def __call__(self, /, *args: object, **kwargs: object) -> object:
        """Make the call, with the current hooks.

        Raises:
            CallPlanError: the call would do something else by now.
        """
        key, function = self._replay()
        if key != self.key:
            message = f"the plan of {self.called!r} does not hold any more: its call hooks changed. Next: plan it again"
            raise CallPlanError(message)
        return function(*args, **kwargs)

    def __str__(self) -> str:
        how = f"the plain way, since {self.reason}" if self.reason else "planned"
        return "\n".join([f"{self.called}, {how}", *(f"{place}. {node}" for place, node in enumerate(self.nodes))])


def nodes_of(hooks: "Sequence[CallHook]", traces: "Sequence[Traced] | None", call: str) -> tuple[PlanNode, ...]:
    """Return the nodes of a call.

    Args:
        hooks: those that take part, sorted by kind.
        traces: what each does; None where it is not planned.
        call: what the hooks are around, for people.
    """
    before = sum(KINDS.index(hook.kind) < KINDS.index(POST) for hook in hooks)
    nodes: list[PlanNode] = []
    for place, hook in enumerate(hooks):
        if place == before:
            nodes.append(PlanNode(step="call", label=call, after=_after(nodes)))
        traced = traces[place] if traces is not None else None
        step, _, label = str(hook).rpartition(" ")
        calls = None if traced is None or traced.is_opaque else len(traced.calls)
        after = _after(nodes, hook.argument if hook.kind == ARGUMENT else None)
        nodes.append(
            PlanNode(step=step, label=label, plugin=hook.plugin, argument=hook.argument, after=after, calls=calls)
        )
    if before == len(hooks):
        nodes.append(PlanNode(step="call", label=call, after=_after(nodes)))
    return tuple(nodes)


def _after(nodes: "Sequence[PlanNode]", argument: str | None = None) -> tuple[int, ...]:
    """Return which nodes the next one waits for: of an argument's hook, those for the same; of others, all."""
    return tuple(place for place, node in enumerate(nodes) if argument is None or node.argument == argument)
