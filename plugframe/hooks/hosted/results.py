"""Who said what: every implementation of a hook with what it returned or raised, and how long it took."""

from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from plugframe.calls.steps import Errors
from plugframe.calls.wrapping import leave, set_context
from plugframe.hooks.hosted.conduct import begin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    import pluggy

    from plugframe.hooks.hosted.policy import Policy
    from plugframe.records import Distribution


Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookResult(Generic[Value_co]):
    """What one implementation of a hook came to.

    Attributes:
        plugin: the plugin's name.
        distribution: whose it is; None for a plugin that the host registered itself.
        wrapper: whether it runs around the others; its value is then what it made of their result.
        value: what it returned; None where it raised.
        error: what it raised, or None.
        seconds: how long its code ran.
    """

    plugin: str
    distribution: "Distribution | None"
    wrapper: bool
    value: Value_co | None
    error: Exception | None
    seconds: float


class _Said:
    """What implementations come to while they run."""

    def __init__(self, policy: "Policy") -> None:
        self.policy = policy
        self.started: dict[int, pluggy.HookImpl] = {}
        self.seconds: dict[int, float] = {}
        self.values: dict[int, object] = {}
        self.errors: dict[int, Exception] = {}
        self.contexts: list[tuple[Exception, BaseException | None]] = []

    def keep(self, implementation: "pluggy.HookImpl", error: Exception) -> None:
        """Keep what an implementation raised, with the context that it has now: raising it again sets another."""
        self.errors[id(implementation)] = error
        self.contexts.append((error, error.__context__))

    def time(self, implementation: "pluggy.HookImpl", work: "Callable[..., Any]", *arguments: object) -> "Any":
        """Run something of an implementation, and add up how long."""
        key = id(implementation)
        self.started[key] = implementation
        since = perf_counter()
        try:
            return work(*arguments)
        finally:
            self.seconds[key] = self.seconds.get(key, 0.0) + perf_counter() - since

    def summary(self) -> tuple[HookResult[object], ...]:
        """Return what each that started came to, in that order."""
        for error, context in reversed(self.contexts):
            set_context(error, context)
        return tuple(
            HookResult(
                plugin=one.plugin_name,
                distribution=self.policy.distribution_of(one.plugin_name),
                wrapper=bool(one.wrapper or one.hookwrapper),
                value=self.values.get(key),
                error=self.errors.get(key),
                seconds=self.seconds[key],
            )
            for key, one in self.started.items()
        )


def observe(
    policy: "Policy", implementations: "Sequence[pluggy.HookImpl]", arguments: "Mapping[str, object]", *, first: bool
) -> tuple[HookResult[object], ...]:
    """Call all implementations of a hook, also after one failed, and return what each came to.

    Wrappers run around them as in any call; they are thrown what the policy would raise.

    Args:
        policy: the hook's name, and what becomes of exceptions.
        implementations: in the order in which they start.
        arguments: what the hook was called with, defaults included.
        first: run none after the first that returns something.

    Returns:
        In the order in which they started; those that did not start are left out.

    Raises:
        BaseException: what is no ``Exception``, such as KeyboardInterrupt, and is not handled by a wrapper.
    """
    said = _Said(policy)
    entered: list[tuple[pluggy.HookImpl, Any]] = []
    failure: BaseException | None = None
    result: object = None
    try:
        result = _run(said, implementations, arguments, entered, first=first)
    except BaseException as error:  # noqa: BLE001 # the wrappers decide what becomes of it
        failure = error
    for one, wrapper in reversed(entered):
        before = failure
        try:
            result, failure = said.time(one, leave, wrapper, result, failure)
        except RuntimeError as error:
            failure = error
        if failure is None:
            said.values[id(one)] = result
        elif failure is not before:
            policy.note(failure, one)
            if isinstance(failure, Exception):
                said.keep(one, failure)
                failure = before if policy.errors is Errors.SKIP else failure
    if failure is not None and not isinstance(failure, Exception):
        raise failure
    return said.summary()


def _run(
    said: _Said,
    implementations: "Sequence[pluggy.HookImpl]",
    arguments: "Mapping[str, object]",
    entered: "list[tuple[pluggy.HookImpl, Any]]",
    *,
    first: bool,
) -> object:
    """Run all that is inside of the wrappers; return or raise what they are to see."""
    policy, results = said.policy, []
    for one in implementations:
        wraps = one.wrapper or one.hookwrapper
        try:
            value = said.time(one, begin, one, policy, arguments)
        except BaseException as error:
            policy.note(error, one)
            if not isinstance(error, Exception):
                raise
            said.keep(one, error)
            if wraps and not policy.spares(error, wraps=True):
                raise
            continue
        if wraps:
            entered.append((one, value))
            continue
        said.values[id(one)] = value
        if value is not None:
            results.append(value)
            if first:
                break
    if said.errors and policy.errors is not Errors.SKIP:
        raised = list(said.errors.values())
        if policy.errors is Errors.COLLECT:
            raise policy.grouped(raised)
        raise raised[0]
    return (results[0] if results else None) if first else results
