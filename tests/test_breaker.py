"""Implementations that keep raising are left out and tried again, where somebody switches that on."""

import asyncio
import logging
import threading
from typing import Any

import pytest
from _sites import PATIENCE, together

from plugframe import Host
from plugframe.hooks.callers import WARM
from plugframe.hooks.hosted.breaking import Breaker


class Weather:
    """A plugin that raises while it is bad."""

    def __init__(self) -> None:
        self.bad: type[BaseException] | None = OSError
        self.calls = 0
        self.tries = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def report(self, place: str) -> str:
        """Return what it is like, or raise."""
        self.calls += 1
        self.tries.set()
        assert self.may_go_on.wait(PATIENCE)
        if self.bad:
            raise self.bad(place)
        return f"fine in {place}"


class Clock:
    """A time that the test tells."""

    now = 1000.0

    def __call__(self) -> float:
        """Return it."""
        return self.now


def make(errors: Any = "skip", **options: Any) -> tuple[Host, Weather, Any]:
    """Return a host with a hook, a plugin that raises, and one that does not, and the hook's function."""
    host = Host("myapp", path=[])

    def report(place: str) -> str: ...  # type: ignore[empty-body] # a specification

    function = host.hookspec(errors=errors, **options)(report)

    class Fine:
        @host.hookimpl
        def report(self, place: str) -> str:
            return f"dull in {place}"

    weather = Weather()
    host.hookimpl(Weather.report)
    host.manager.register(Fine(), name="fine")
    host.manager.register(weather, name="weather")
    return host, weather, function


def switch_on(host: Host, clock: Clock, *, failures: int) -> Breaker:
    """Switch on a breaker that goes by a clock, and tries again after 30 seconds."""
    breaker = host.manager.break_circuits(failures=failures, seconds=30)
    breaker.clock = clock
    return breaker


def test_nothing_is_left_out_unless_it_is_switched_on() -> None:
    _, weather, report = make()
    for _ in range(20):
        assert report(place="Ulm") == ["dull in Ulm"]
    assert weather.calls == 20


def test_what_keeps_raising_is_left_out_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    host, weather, report = make()
    breaker = host.manager.break_circuits(failures=3)
    with caplog.at_level(logging.ERROR, logger="plugframe.hooks"):
        for _ in range(10):
            assert report(place="Ulm") == ["dull in Ulm"]
    assert weather.calls == 3
    (left,) = breaker.left_out()
    assert (left.hook, left.plugin, left.failures, left.error) == ("report", "plugin 'weather'", 3, "OSError")
    assert 0 < left.seconds <= 60
    told = [record.getMessage() for record in caplog.records if "leaves out" in record.getMessage()]
    assert told == ["hook 'report' leaves out plugin 'weather' for 60 seconds, which raised 3 times in a row"]


def test_only_failures_in_a_row_count() -> None:
    host, weather, report = make()
    host.manager.break_circuits(failures=3)
    for _ in range(5):
        for weather.bad in (OSError, OSError, None):
            report(place="Ulm")
    assert weather.calls == 15


def test_after_a_while_one_call_tries_and_success_takes_it_in_again() -> None:
    clock = Clock()
    host, weather, report = make()
    breaker = switch_on(host, clock, failures=2)
    for _ in range(5):
        report(place="Ulm")
    assert weather.calls == 2
    clock.now += 29.9
    report(place="Ulm")
    assert weather.calls == 2
    clock.now += 0.2
    for _ in range(3):
        report(place="Ulm")
    assert weather.calls == 3, "only one call tries, and it failed"
    weather.bad = None
    clock.now += 30
    for _ in range(3):
        assert report(place="Ulm") == ["fine in Ulm", "dull in Ulm"]
    assert (weather.calls, breaker.left_out()) == (6, ())
    weather.bad = OSError
    report(place="Ulm")
    assert breaker.left_out() == (), "the count starts anew"


@pytest.mark.parametrize("errors", ["raise", "collect", "skip"])
def test_every_way_to_deal_with_exceptions_sees_them_until_then(errors: str) -> None:
    host, weather, report = make(errors)
    host.manager.break_circuits(failures=2)
    expected = {"raise": OSError, "collect": ExceptionGroup, "skip": None}[errors]
    for _ in range(2):
        if expected is None:
            report(place="Ulm")
        else:
            with pytest.raises(expected):
                report(place="Ulm")
    assert report(place="Ulm") == ["dull in Ulm"]
    assert weather.calls == 2


@pytest.mark.parametrize("first", [True, False])
def test_compiled_calls_leave_out_too(first: bool) -> None:  # noqa: FBT001 # a case of the test
    host, weather, report = make("raise", firstresult=first)
    weather.bad = None
    for _ in range(3 * WARM):
        report(place="Ulm")
    host.manager.break_circuits(failures=2)
    for _ in range(3 * WARM):
        report(place="Ulm")
    weather.bad = OSError
    for _ in range(2):
        with pytest.raises(OSError, match="Ulm") as raised:
            report(place="Ulm")
        assert "by plugin 'weather'" in raised.value.__notes__[0]
    assert report(place="Ulm") == ("dull in Ulm" if first else ["dull in Ulm"])


def test_results_and_plain_pluggy_calls_leave_out_too() -> None:
    host, weather, report = make()
    host.manager.break_circuits(failures=2)
    assert [result.error is None for result in report.results(place="Ulm")] == [False, True]
    assert host.manager.hook.report(place="Ulm") == ["dull in Ulm"]
    assert [result.value for result in report.results(place="Ulm")] == [None, "dull in Ulm"]
    assert weather.calls == 2


def test_switching_off_brings_everything_back() -> None:
    host, weather, report = make()
    before = [one.function for one in host.manager.hook.report.get_hookimpls()]
    breaker = host.manager.break_circuits(failures=1)
    report(place="Ulm")
    assert breaker.left_out()
    for _ in range(2):
        breaker.remove()
    assert breaker.left_out() == ()
    assert [one.function for one in host.manager.hook.report.get_hookimpls()] == before
    report(place="Ulm")
    assert weather.calls == 2
    host.manager.break_circuits(failures=1).remove()


def test_what_is_registered_later_is_watched_and_what_is_gone_forgotten() -> None:
    host, weather, report = make()
    host.manager.unregister(weather)
    breaker = host.manager.break_circuits(failures=1)
    host.manager.register(weather, name="weather")
    report(place="Ulm")
    assert [one.plugin for one in breaker.left_out()] == ["plugin 'weather'"]
    host.manager.unregister(weather)
    assert breaker.left_out() == ()
    host.manager.register(weather, name="weather")
    report(place="Ulm")
    assert weather.calls == 2


def test_coroutines_are_left_out_too() -> None:
    host = Host("myapp", path=[])
    calls: list[str] = []

    @host.hookspec(errors="skip")
    async def report(place: str) -> str: ...  # type: ignore[empty-body] # a specification

    class Weather:
        @host.hookimpl
        async def report(self, place: str) -> str:
            calls.append(place)
            await asyncio.sleep(0)
            raise OSError

    host.manager.register(Weather())
    host.manager.break_circuits(failures=2)
    for _ in range(4):
        assert asyncio.run(report.acall(place="Ulm")) == []
    assert len(calls) == 2


def test_wrappers_are_never_left_out() -> None:
    host, weather, report = make("collect")
    weather.bad = None

    class Wrapping:
        @host.hookimpl(wrapper=True)
        def report(self) -> Any:
            yield
            raise OSError

    host.manager.register(Wrapping())
    breaker = host.manager.break_circuits(failures=1)
    for _ in range(3):
        with pytest.raises(OSError):  # noqa: PT011 # it has no message
            report(place="Ulm")
    assert breaker.left_out() == ()


def test_an_interrupted_try_is_no_failure_and_lets_another_call_try() -> None:
    clock = Clock()
    host, weather, report = make()
    breaker = switch_on(host, clock, failures=1)
    report(place="Ulm")
    clock.now += 31
    weather.bad = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        report(place="Ulm")
    weather.bad = None
    assert report(place="Ulm") == ["fine in Ulm", "dull in Ulm"]
    assert breaker.left_out() == ()


def test_while_one_call_tries_the_others_leave_it_out() -> None:
    clock = Clock()
    host, weather, report = make()
    switch_on(host, clock, failures=1)
    report(place="Ulm")
    clock.now += 31
    weather.tries.clear()
    weather.may_go_on.clear()
    weather.bad = None
    trying: list[object] = []
    thread = threading.Thread(target=lambda: trying.append(report(place="Ulm")))
    thread.start()
    assert weather.tries.wait(PATIENCE)
    assert together(4, lambda _: report(place="Ulm")) == [["dull in Ulm"]] * 4
    weather.may_go_on.set()
    thread.join(PATIENCE)
    assert trying == [["fine in Ulm", "dull in Ulm"]]
    assert weather.calls == 2


@pytest.mark.parametrize(("failures", "seconds"), [(0, 60), (-1, 60), (3, 0), (3, -1), (3, float("nan"))])
def test_what_makes_no_sense_is_refused(failures: int, seconds: float) -> None:
    host, _, _ = make()
    with pytest.raises(ValueError, match="at least 1"):
        host.manager.break_circuits(failures=failures, seconds=seconds)
    breaker = host.manager.break_circuits()
    with pytest.raises(ValueError, match="already"):
        host.manager.break_circuits()
    breaker.remove()
