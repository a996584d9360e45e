"""What the environment variables of the process say.

``PLUGFRAME_MODE``, ``PLUGFRAME_DISABLE``, ``PLUGFRAME_ENABLE``, ``PLUGFRAME_ALLOW`` and ``PLUGFRAME_REQUIRE`` are for
every host; ``HOST/`` before a word is for one: ``PLUGFRAME_DISABLE=acme-vision,myapp/other``.
"""

import os

from plugframe.policy.settings.values import Layer, Source, spelling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SAFE_MODE = "PLUGFRAME_SAFE_MODE"
PROJECT = "PLUGFRAME_PROJECT"
VARIABLES = {
    "mode": "PLUGFRAME_MODE",
    "disable": "PLUGFRAME_DISABLE",
    "enable": "PLUGFRAME_ENABLE",
    "allow": "PLUGFRAME_ALLOW",
    "require": "PLUGFRAME_REQUIRE",
}
OFF = ("", "0", "no", "off", "false")


def safe_mode() -> str:
    """Return why hosts start without plugins; empty if they do not."""
    return f"safe mode: {SAFE_MODE} is set" if os.environ.get(SAFE_MODE, "").strip().lower() not in OFF else ""


def are_set() -> bool:
    """Return whether any of the variables says something."""
    return any(map(os.environ.get, VARIABLES.values()))


def read(host: str) -> list[Layer]:
    """Return what the variables say about a host: of it alone first, then of every host.

    Raises:
        SettingsError: a value is not what its variable takes.
    """
    from plugframe.errors import SettingsError
    from plugframe.policy.settings.keys import check

    layers: dict[bool, list[Layer]] = {True: [], False: []}
    for key, variable in VARIABLES.items():
        if os.environ.get(variable, "").strip():
            source = Source(scope="variables", place=variable)
            for mine, words in _words(os.environ[variable], host).items():
                try:
                    raw = _only(words) if key == "mode" else words
                    layers[mine].append(Layer(source, check({key: raw}, source)))
                except ValueError as error:
                    raise SettingsError(str(source), str(error), "set it to something else, or unset it") from None
    return layers[True] + layers[False]


def hosts() -> "Iterator[tuple[str, Source]]":
    """Yield what stands as a host's name before words of the variables, with the variable."""
    for variable in VARIABLES.values():
        for word in os.environ.get(variable, "").split(","):
            whose, slash, _ = word.strip().rpartition("/")
            if slash:
                yield whose, Source(scope="variables", place=variable)


def _words(text: str, host: str) -> dict[bool, list[str]]:
    """Return the words of a variable by whether they are for this host alone; those for other hosts are left out."""
    found: dict[bool, list[str]] = {}
    for word in filter(None, map(str.strip, text.split(","))):
        whose, slash, rest = word.rpartition("/")
        if not slash or spelling(whose) == spelling(host):
            found.setdefault(bool(slash), []).append(rest)
    return found


def _only(words: list[str]) -> str:
    if len(words) > 1:
        message = f"one mode is wanted, not {' and '.join(words)}"
        raise ValueError(message)
    return words[0]
