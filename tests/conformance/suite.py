"""A plugin of pytest's that runs pluggy's test suite on plugframe's manager, and checks that it did."""

from collections import Counter
from collections.abc import Iterator
from functools import wraps

import pluggy
import pytest
from conformance.rebinding import rebind

from plugframe.hooks.manager import PluginManager

TESTS = 219
"""How many there are in pluggy 1.7.0, less its benchmarks. All pass with pluggy's manager, and none is skipped."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Put plugframe's manager in place before the suite's ``conftest.py`` imports pluggy's."""
    suite = Suite()
    suite.watch(pluggy.PluginManager)
    rebind()
    early_config.pluginmanager.register(suite)


class Suite:
    """Counts the tests and the managers that they make; its session fails unless the counts are right."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.ours: Counter[bool] = Counter()

    def watch(self, theirs: type[pluggy.PluginManager]) -> None:
        """Count the managers that are made from now on, plugframe's and others."""
        initialize = theirs.__init__

        @wraps(initialize)
        def counted(manager: pluggy.PluginManager, project_name: str) -> None:
            self.ours[isinstance(manager, PluginManager)] += 1
            initialize(manager, project_name)

        pytest.MonkeyPatch().setattr(theirs, "__init__", counted)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test's outcome: that of its call, or what kept it from passing."""
        if report.when == "call" or not report.passed:
            self.outcomes[report.outcome] += 1

    def findings(self) -> Iterator[str]:
        """Yield what is wrong with the session."""
        if self.outcomes != Counter(passed=TESTS):
            yield f"not {TESTS} tests that passed, but {dict(self.outcomes)}"
        if not self.ours[True]:
            yield "no test made a manager of plugframe's"
        if self.ours[False]:
            yield f"{self.ours[False]} managers that tests made are pluggy's"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the session fail if anything is wrong with it."""
        if any(self.findings()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was counted, and what is wrong."""
        terminalreporter.write_line(f"{self.ours[True]} managers of plugframe's were made")
        for finding in self.findings():
            terminalreporter.write_line(f"conformance: {finding}", red=True)
