"""The keys that settings may have, and what each may say.

``check`` is the main function; ``KEYS`` is the table that a new key goes into.
"""

from plugframe.errors import near_matches
from plugframe.policy.settings.values import Ruling, Source, spelling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[object, Source], object]

MODES = ("open", "direct", "allow-list", "locked")
_OF_RULING = ("reason", "until", "since", "by")
_LONGEST_NAME = 300


def check(table: "Mapping[str, object]", source: Source) -> dict[str, object]:
    """Return the values of a table of settings, each as ``Settings`` hands it on.

    Args:
        table: key to raw value, as TOML gives it; no ``hosts``.
        source: where it stands.

    Raises:
        ValueError: a key is unknown, a value is not what its key takes, or one name is both enabled and disabled.
    """
    values = {}
    for key, raw in table.items():
        if key not in KEYS:
            near = near_matches(key, tuple(KEYS))
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(KEYS))}"
            message = f"it has a key {key!r} that nothing reads; {hint}"
            raise ValueError(message)
        try:
            values[key] = KEYS[key](raw, source)
        except ValueError as error:
            message = f"{key}: {error}"
            raise ValueError(message) from None
    _check_rulings(values)
    return values


def _check_rulings(values: "Mapping[str, object]") -> None:
    both = (values.get("enable", ()), values.get("disable", ()))
    enabled, disabled = ({spelling(ruling.name) for ruling in each} for each in both)  # type: ignore[attr-defined] # tuples of rulings
    for name in sorted(enabled & disabled):
        message = f"{name!r} is enabled and disabled at once"
        raise ValueError(message)


def _text(raw: object, _: Source) -> str:
    if not isinstance(raw, str) or not raw.strip() or "\0" in raw:
        message = f"a text is wanted, not {_shown(raw)}"
        raise ValueError(message)
    return raw


def _mode(raw: object, _: Source) -> str:
    if raw not in MODES:
        near = near_matches(raw, MODES) if isinstance(raw, str) else ()
        hint = f"; did you mean {near[0]!r}?" if near else ""
        message = f"there are {', '.join(MODES)}; not {_shown(raw)}{hint}"
        raise ValueError(message)
    return str(raw)


def _switch(raw: object, _: Source) -> bool:
    if not isinstance(raw, bool):
        message = f"true or false is wanted, not {_shown(raw)}"
        raise ValueError(message)  # noqa: TRY004 # a file's content is a value, whatever its type
    return raw


def _names(raw: object, source: Source) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple):
        message = f"a list of names is wanted, not {_shown(raw)}"
        raise ValueError(message)  # noqa: TRY004 # a file's content is a value, whatever its type
    return tuple(dict.fromkeys(_name(one, source) for one in raw))


def _switch_or_names(raw: object, source: Source) -> "bool | tuple[str, ...]":
    return raw if isinstance(raw, bool) else _names(raw, source)


def _name(raw: object, source: Source) -> str:
    name = _text(raw, source).strip()
    if len(name) > _LONGEST_NAME or not name.isprintable():
        message = f"{_shown(raw)} cannot be a name"
        raise ValueError(message)
    return name


def _enabled(raw: object, source: Source) -> tuple[Ruling, ...]:
    if isinstance(raw, list | tuple):
        return tuple(Ruling(name=name, enabled=True, source=source) for name in _names(raw, source))
    return tuple(ruling.replace(enabled=True) for ruling in _disabled(raw, source))


def _disabled(raw: object, source: Source) -> tuple[Ruling, ...]:
    if isinstance(raw, list | tuple):
        return tuple(Ruling(name=name, source=source) for name in _names(raw, source))
    if not isinstance(raw, dict):
        message = f"a list of names is wanted, or a table of name to reason, not {_shown(raw)}"
        raise ValueError(message)  # noqa: TRY004 # a file's content is a value, whatever its type
    return tuple(_ruling(_name(name, source), about, source) for name, about in raw.items())


def _ruling(name: str, about: object, source: Source) -> Ruling:
    if isinstance(about, str):
        return Ruling(name=name, reason=_line(about), source=source)
    if not isinstance(about, dict):
        message = f"of {name!r} a reason is wanted, or a table of {', '.join(_OF_RULING)}, not {_shown(about)}"
        raise ValueError(message)  # noqa: TRY004 # a file's content is a value, whatever its type
    for key in about:
        if key not in _OF_RULING:
            message = f"of {name!r} there are {', '.join(_OF_RULING)}; not {_shown(key)}"
            raise ValueError(message)
    days = {key: _day(about[key]) if key in about else "" for key in ("until", "since")}
    reason, by = (_line(_text(about[key], source)) if key in about else "" for key in ("reason", "by"))
    return Ruling(name=name, source=source, reason=reason, by=by, since=days["since"], until=days["until"])


def _line(text: str) -> str:
    """Return a text on one line in which control characters are shown, not obeyed by a terminal."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in line)


def _day(raw: object) -> str:
    """Return a day as ``YYYY-MM-DD``, of TOML's date or of a text."""
    import datetime as dt

    try:
        if type(raw) is dt.date:
            return raw.isoformat()
        if isinstance(raw, str) and len(raw) == len("2026-01-01"):
            return dt.date.fromisoformat(raw).isoformat()
    except ValueError:
        pass
    message = f"a day such as 2026-12-31 is wanted, not {_shown(raw)}"
    raise ValueError(message)


def read_day(text: str) -> str:
    """Return a day as settings keep it.

    Raises:
        ValueError: it is no day.

    Example:
        >>> read_day("2026-12-31")
        '2026-12-31'
    """
    return _day(text)


def _shown(raw: object) -> str:
    shown = repr(raw)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"  # noqa: PLR2004 # about half a line


KEYS: "dict[str, Check]" = {
    "allow": _names,  # what mode allow-list lets run, and mode direct in addition
    "allow-editable": _switch_or_names,  # what mode locked lets run unlocked
    "disable": _disabled,
    "enable": _enabled,
    "lock": _text,  # the lock file of mode locked
    "mode": _mode,
    "override-incompatible": _names,
    "quarantine": _switch,
    "require": _names,
}
