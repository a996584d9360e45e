"""What was found to the layers of one host, the nearest first; ``collect`` is the main function."""

from plugframe.errors import SettingsError
from plugframe.policy.settings import variables
from plugframe.policy.settings.keys import check
from plugframe.policy.settings.values import Layer, Source, spelling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plugframe.policy.settings.values import Found


def collect(
    host: str, found: "Iterable[Found]", *, with_variables: bool
) -> tuple[tuple[Layer, ...], tuple[SettingsError, ...]]:
    """Return the layers of what was found, and what of it cannot be used.

    Args:
        host: the host's name.
        found: each file with what it says or why that cannot be told, the nearest first.
        with_variables: take what the process's variables say before all.
    """
    layers: list[Layer] = []
    problems: list[SettingsError] = []
    if with_variables:
        try:
            layers += variables.read(host)
        except SettingsError as error:
            problems.append(error)
    for source, table in found:
        if isinstance(table, SettingsError):
            problems.append(table)
            continue
        try:
            layers += layers_of(table, host, source)
        except SettingsError as error:
            problems.append(error)
    return tuple(layers), tuple(problems)


def hosts_named(found: "Iterable[Found]", *, with_variables: bool) -> "tuple[tuple[str, Source], ...]":
    """Return the hosts that some places speak of by name, whether or not there are such, each with the place."""
    names = list(variables.hosts()) if with_variables else []
    for source, table in found:
        hosts = table.get("hosts") if isinstance(table, dict) else None
        names += [(name, source) for name in (hosts if isinstance(hosts, dict) else ())]
    return tuple(names)


def layers_of(table: "Mapping[str, object]", host: str, source: Source) -> list[Layer]:
    """Return the layers of one file: of this host alone first, then of every host.

    Raises:
        SettingsError: what stands there, of this host or of every one, is not what it must be.
    """
    general = {key: value for key, value in table.items() if key != "hosts"}
    hosts = table.get("hosts", {})
    try:
        own = [_table(about, name) for name, about in _table(hosts, "").items() if spelling(name) == spelling(host)]
        return [Layer(source, check(each, source)) for each in (*own, general) if each]
    except ValueError as error:
        raise SettingsError(source.place or str(source), str(error)) from None


def _table(raw: object, name: str) -> "dict[str, object]":
    if not isinstance(raw, dict):
        message = f"hosts{name and f'.{name}'} is no table"
        raise ValueError(message)  # noqa: TRY004 # a file's content is a value, whatever its type
    return raw
