"""Plugins to objects: each is imported once, and whatever it does wrong stays its own.

``Loader.load`` is the room's main function.
"""

import sys
import threading
import time

from plugframe.errors import PluginBlockedError, PluginImportError, PluginLoadError
from plugframe.loading.faults import describe_block, describe_fault, describe_refusal
from plugframe.loading.resolve import resolve
from plugframe.records import LoadResult, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plugframe.records import Diagnostic

    Register = Callable[[Plugin, object], tuple[tuple[str, ...], tuple[Diagnostic, ...]]]


class Outcome:
    """What loading a plugin came to: the record that can be kept, and the live object or exception."""

    __slots__ = ("error", "result", "value")

    def __init__(self, result: LoadResult, *, value: object = None, error: BaseException | None = None) -> None:
        self.result = result
        self.value = value
        self.error = error

    def raise_for_failure(self) -> None:
        """Raise what kept the plugin from being loaded, if anything did.

        Raises:
            PluginImportError: its module could not be imported.
            PluginLoadError: anything else failed while it was resolved or registered.
            PluginBlockedError: it may not run.
        """
        result = self.result
        if self.error is not None and result.state == "broken":
            kind = PluginImportError if issubclass(type(self.error), ImportError) else PluginLoadError
            rest = {"where": result.where, "effect": result.effect, "next_step": result.next_step}
            raise kind(str(result.plugin), result.reason, **rest) from self.error
        if result.state != "loaded":
            raise PluginBlockedError(str(result.plugin), result.state, result.reason)


class Loader:
    """Loads each plugin once, whichever threads ask.

    A plugin is unasked, then claimed by the thread that loads it, then it has an outcome. A thread that finds a plugin
    claimed waits for the outcome, unless it is importing something itself: then it goes on without, since the two might
    wait for each other. No lock is held while a plugin's code runs.
    """

    def __init__(
        self,
        register: "Register",
        admit: "Callable[[Plugin], None]" = lambda _: None,
        withdraw: "Callable[[Plugin], None]" = lambda _: None,
    ) -> None:
        """Make a loader.

        Args:
            admit: raises a PluginBlockedError for a plugin that must not be imported now.
            register: takes a plugin and its object, and returns what it registered, as ``kind:name``, and where
                that differs from what it declares.
            withdraw: takes a plugin that could not be loaded, of which its module may have registered something.
        """
        self._register = register
        self._withdraw = withdraw
        self._admit = admit
        self._lock = threading.Lock()
        self._outcomes: dict[str, Outcome] = {}
        self._claims: dict[str, threading.Event] = {}
        self._current = threading.local()

    def current(self) -> "tuple[Plugin, frozenset[str]] | None":
        """Return the plugin that this thread is loading, and the modules that were imported before; None if it is not.

        Of plugins that load each other, the innermost.
        """
        found: tuple[Plugin, frozenset[str]] | None = getattr(self._current, "value", None)
        return found

    def outcome(self, plugin: Plugin) -> Outcome | None:
        """Return what loading a plugin came to, or None while it was not loaded.

        One that was upgraded since is loaded still: as what it was then.
        """
        outcome = self._outcomes.get(plugin.name)
        if outcome is None or not plugin.decision.allowed:
            return None
        return outcome if outcome.result.plugin.distribution.key == plugin.distribution.key else None

    def mark_broken(self, name: str, error: Exception) -> Plugin | None:
        """Make a loaded plugin a broken one, for what it turned out to have done wrong, and return it."""
        with self._lock:
            outcome = self._outcomes.get(name)
            if outcome is None:
                return None
            plugin = outcome.result.plugin
            self._outcomes[name] = Outcome(describe_fault(plugin, error, None, seconds=0.0), error=error)
            return plugin

    def forget_failures(self) -> None:
        """Let every plugin that could not be loaded be tried again."""
        with self._lock:
            self._outcomes = {name: kept for name, kept in self._outcomes.items() if kept.error is None}

    def load(self, plugin: Plugin, *, again: bool = False) -> Outcome:
        """Return what loading a plugin comes to; import it unless that was done before.

        Args:
            plugin: what to load. One that may not run is not imported.
            again: try once more if it failed before.

        Returns:
            The outcome; one with the state ``available`` and the reason when it is being loaded just now and this
            thread is importing something.

        Raises:
            KeyboardInterrupt: the user interrupted the import; it can be tried again.
        """
        if not plugin.decision.allowed:
            return Outcome(describe_refusal(plugin))
        while True:
            with self._lock:
                known = self._outcomes.get(plugin.name)
                if known is not None and not (again and known.error is not None):
                    return known
                claim = self._claims.get(plugin.name)
                if claim is None:
                    self._claims[plugin.name] = threading.Event()
            if claim is None:
                return self._load_claimed(plugin)
            if is_importing():
                reason = "it is being loaded, and what imports something does not wait for it"
                return Outcome(LoadResult(plugin=plugin, state=plugin.state, reason=reason))
            claim.wait()

    def _load_claimed(self, plugin: Plugin) -> Outcome:
        outcome = None
        outer = self.current()
        self._current.value = (plugin, frozenset(sys.modules))
        try:
            outcome = attempt(plugin, self._register, self._admit)
            return outcome
        finally:
            self._current.value = outer
            if outcome is None or outcome.error is not None:
                self._withdraw(plugin)
            with self._lock:
                if outcome is not None:
                    self._outcomes[plugin.name] = outcome
                done = self._claims.pop(plugin.name)
            done.set()


def is_importing() -> bool:
    """Return whether the calling thread is inside of an import, and so holds locks that another may wait for."""
    frame = sys._getframe()  # noqa: SLF001 # the only way to see whether the caller's callers are importing
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>" or frame.f_code is attempt.__code__:
            return True
    return False


def raise_failures(outcomes: "Iterable[Outcome]") -> None:
    """Raise what failed, all together.

    Raises:
        ExceptionGroup: of PluginLoadError and PluginBlockedError, one for each plugin that is not loaded.
    """
    failures: list[Exception] = []
    for outcome in outcomes:
        try:
            outcome.raise_for_failure()
        except (PluginLoadError, PluginBlockedError) as error:
            failures.append(error)
    if failures:
        message = f"{len(failures)} of the plugins could not be loaded"
        raise ExceptionGroup(message, failures)


def attempt(plugin: Plugin, register: "Register", admit: "Callable[[Plugin], None]") -> Outcome:
    """Import a plugin and register it; return what came of it.

    Raises:
        KeyboardInterrupt: the user interrupted it.
    """
    started = time.perf_counter()
    try:
        admit(plugin)
        value = resolve(plugin.entry_point.value) if plugin.entry_point.value else None
        registered, findings = register(plugin, value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 # SystemExit and a plugin's own kinds: nothing of it may stop the host
        if type(error) is PluginBlockedError and error.plugin == str(plugin):
            return Outcome(describe_block(plugin, error), error=error)
        seconds = time.perf_counter() - started
        return Outcome(describe_fault(plugin, error, sys.exc_info()[2], seconds=seconds), error=error)
    seconds = time.perf_counter() - started
    result = LoadResult(plugin=plugin, state="loaded", registered=registered, findings=findings, seconds=seconds)
    return Outcome(result, value=value)
