"""Which backends come first, and whether the host's own functions stand in: by code and by the environment."""

import os
from functools import partial

from plugframe.errors import BackendNotFoundError, OperationSettingError, near_matches
from plugframe.operations.resolution.candidates import DEFAULT
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

FALLBACKS = ("default", "error")
_OFF = ("0", "false", "no", "off")
_ON = ("1", "true", "yes", "on")


class Settings(Record):
    """What somebody set for the operations of a host, or for one of them; None where nothing was set.

    Attributes:
        backends: the order of backends; those that are not named come after them.
        fallback: ``default`` or ``error``.
        is_off: whether only the host's own functions are to be called.
    """

    __slots__ = ("backends", "fallback", "is_off")

    backends: "tuple[str, ...] | None"
    fallback: "str | None"
    is_off: bool

    def __init__(
        self, *, backends: "tuple[str, ...] | None" = None, fallback: "str | None" = None, is_off: bool = False
    ) -> None:
        self._fill(backends, fallback, is_off)

    def over(self, other: "Settings") -> "Settings":
        """Return these settings, and another's where these say nothing."""
        return Settings(
            backends=other.backends if self.backends is None else self.backends,
            fallback=other.fallback if self.fallback is None else self.fallback,
            is_off=self.is_off or (other.is_off and self.backends is None),
        )


def variables(host: str) -> tuple[str, str]:
    """Return the environment variables of a host's backends and fallback.

    Example:
        >>> variables("my-app")
        ('MY_APP_BACKENDS', 'MY_APP_FALLBACK')
    """
    start = host.upper().replace("-", "_").replace(".", "_")
    return f"{start}_BACKENDS", f"{start}_FALLBACK"


def from_environment(
    host: str,
    known: "Collection[str]",
    environment: "Mapping[str, str] | None" = None,
    *,
    explain: "Callable[[str], str]" = lambda _: "",
) -> Settings:
    """Return what the environment sets for a host.

    ``MYAPP_BACKENDS`` names backends in order, with commas between them; ``0``, ``false``, ``no`` or ``off`` switches
    backends off. ``MYAPP_FALLBACK`` is ``default`` (or ``1``, ``true``, ``yes``, ``on``) or ``error`` (or ``0``,
    ``false``, ``no``, ``off``). An empty value sets nothing.

    Args:
        host: its name.
        known: the backends that there are.
        environment: the variables; ``os.environ`` where none are given.
        explain: returns of a backend who declares it and may not run.

    Raises:
        BackendNotFoundError: a variable names a backend that nothing provides.
        OperationSettingError: a variable has a value that it cannot have.
    """
    found = os.environ if environment is None else environment
    names, policy = variables(host)
    value = found.get(names, "").strip()
    if value.lower() in _OFF:
        return Settings(is_off=True, fallback=read_fallback(found.get(policy, ""), policy))
    backends = tuple(dict.fromkeys(filter(None, (part.strip() for part in value.split(",")))))
    for backend in backends:
        check_backend(backend, known, host, explain=partial(explain, backend), asked_by=names)
    return Settings(backends=backends or None, fallback=read_fallback(found.get(policy, ""), policy))


def read_fallback(value: str, setting: str) -> "str | None":
    """Return the policy that a text means; None where it says nothing.

    Raises:
        OperationSettingError: it means none.
    """
    word = value.strip().lower()
    if word in FALLBACKS or not word:
        return word or None
    if word in (*_OFF, *_ON):
        return "error" if word in _OFF else "default"
    known = (*FALLBACKS, *_ON, *_OFF)
    raise OperationSettingError(setting, value, known, near_matches(word, known))


def check_backend(
    backend: str, known: "Collection[str]", of: str, *, explain: "Callable[[], str]", asked_by: str = ""
) -> None:
    """Raise if nothing provides a backend.

    Args:
        backend: its name.
        known: those that there are.
        of: the operation or the host, for people.
        explain: returns who declares it and may not run.
        asked_by: the variable that names it.

    Raises:
        BackendNotFoundError: nothing does.
    """
    if backend != DEFAULT and backend not in known:
        near = near_matches(str(backend), tuple(sorted({*known, DEFAULT})))
        raise BackendNotFoundError(backend, of, near, asked_by=asked_by, refusal=explain())
