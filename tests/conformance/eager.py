"""A plugin of pytest's, besides ``suite``, with which plugframe compiles every hook at its first call."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pluggy
import pytest

from plugframe.calls.functions import compile_method
from plugframe.hooks import callers
from plugframe.hooks.execution import run
from plugframe.hooks.routines import routine_of


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Put the compiler in place before the suite's tests import what runs a hook."""
    eager = Eager()
    patch = pytest.MonkeyPatch()
    patch.setattr(callers, "WARM", 1)
    patch.setattr(callers, "COOLEST", 1)  # whatever changes is compiled again at its next call
    patch.setattr(callers, "compile_method", eager.compile_hook)
    patch.setattr("pluggy._callers._multicall", eager.multicall)
    early_config.pluginmanager.register(eager)


class Eager:
    """Runs hooks by generated code, and counts; its session fails if none were."""

    def __init__(self) -> None:
        self.counts = Counter(hooks=0, generated=0, interpreted=0)

    def compile_hook(self, *arguments: Any) -> Any:
        """Compile for a hook's caller, and count it."""
        self.counts["hooks"] += 1
        return compile_method(*arguments)

    def multicall(
        self,
        hook_name: str,
        hook_impls: Sequence[pluggy.HookImpl],
        caller_kwargs: Mapping[str, object],
        firstresult: bool,  # noqa: FBT001 # the signature is pluggy's
    ) -> object:
        """Run implementations as pluggy's ``_multicall``, by generated code if plugframe has any for the arguments."""
        given: Any = SimpleNamespace(argnames=(*caller_kwargs,), kwargnames=(), opts={"firstresult": firstresult})
        starting = hook_impls[::-1]
        routine = routine_of(hook_name, given, starting)
        if routine is None:
            self.counts["interpreted"] += 1
            return run(starting, hook_name, caller_kwargs, first_result=firstresult)
        self.counts["generated"] += 1
        return compile_method(routine, {}, _refuse)(None, **caller_kwargs)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the session fail if nothing was compiled."""
        if not self.counts["hooks"] or not self.counts["generated"]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was counted."""
        report = "{hooks} hooks compiled; multicalls: {generated} in generated code, {interpreted} interpreted"
        terminalreporter.write_line(report.format_map(self.counts))


def _refuse(_: object, given: dict[str, object]) -> object:
    message = f"the generated code found arguments missing or left over, of exactly {sorted(given)}"
    raise AssertionError(message)
