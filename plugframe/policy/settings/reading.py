"""All places to the ``Settings`` of one host; ``read_settings`` is the room's main function."""

import os
import sys

from plugframe.errors import SettingsError
from plugframe.policy.settings import places, variables
from plugframe.policy.settings.values import Layer, Settings, Source, spelling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Given = Mapping[str, object] | str | os.PathLike[str]

Found = tuple[Source, "dict[str, object] | SettingsError"]


def read_settings(
    host: str, *, prefix: str | None = None, given: "Given | None" = None, required: tuple[str, ...] = ()
) -> Settings:
    """Return what counts for the plugins of a host: variables, then project, user, environment and application.

    Reads small files, and imports a parser only where there is one. What cannot be used is kept as a problem.

    Args:
        host: the host's name.
        prefix: the environment's folder; None means this process's.
        given: what the application itself ships, which counts where nobody else says anything: a table, or the path
            of a TOML file.
        required: the plugins that the application's own code requires.
    """
    problems: list[SettingsError] = []
    layers: list[Layer] = []
    if not places.is_privileged():
        try:
            layers += variables.read(host)
        except SettingsError as error:
            problems.append(error)
    for source, table in (*found_files(sys.prefix if prefix is None else prefix), *read_given(given)):
        if isinstance(table, SettingsError):
            problems.append(table)
            continue
        try:
            layers += layers_of(table, host, source)
        except SettingsError as error:
            problems.append(error)
    return Settings(host, tuple(layers), problems=tuple(problems), safe_mode=variables.safe_mode(), required=required)


def layers_of(table: "Mapping[str, object]", host: str, source: Source) -> list[Layer]:
    """Return the layers of one file: of this host alone first, then of every host.

    Raises:
        SettingsError: what stands there, of this host or of every one, is not what it must be.
    """
    from plugframe.policy.settings.keys import check

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


def read_given(given: "Given | None") -> "Iterator[Found]":
    """Yield what an application ships, a table or the path of a file, if it ships any."""
    if given is None:
        return
    if isinstance(given, str | os.PathLike):
        path = os.path.abspath(os.fspath(given))
        found = list(_read("host", [path], trusted=True))
        yield from found or [(Source(scope="host", place=path), SettingsError(path, "there is no such file"))]
    else:
        yield Source(scope="host", place=""), dict(given)


def found_files(prefix: str) -> "Iterator[Found]":
    """Yield each file of settings and what it says, or why it cannot be used, the nearest first.

    Args:
        prefix: the environment's folder.
    """
    user = None if places.is_privileged() else places.user_folder()
    taken = {os.path.abspath(folder) for folder in (user, prefix) if folder}
    for folder in () if places.is_privileged() else places.project_folders():
        found = [] if folder in taken else list(_project(folder))
        yield from found
        if found:
            break
    if user:
        yield from _read("user", _files(user))
    yield from _read("environment", _files(prefix))


def _project(folder: str) -> "Iterator[Found]":
    named = places.project_is_named()
    if named and not os.path.isdir(folder):
        place = f"the variable {variables.PROJECT}"
        error = SettingsError(place, f"there is no folder {folder!r}", "set it to a folder or to off, or unset it")
        yield Source(scope="variables", place=variables.PROJECT), error
    yield from _read("project", _files(folder, shared=True), trusted=named)


def _files(folder: str, *, shared: bool = False) -> list[str]:
    names = (places.DECIDED, places.WRITTEN, *((places.SHARED,) if shared else ()))
    return [os.path.join(folder, name) for name in names]


def _read(scope: str, paths: list[str], *, trusted: bool = False) -> "Iterator[Found]":
    for path in paths:
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            pass  # It may be there, so that not being able to tell is a problem, which reading it shows.
        from plugframe.policy.settings.files import read_table

        source = Source(scope=scope, place=path)
        try:
            table = read_table(path, trusted=trusted)
        except SettingsError as error:
            yield source, error
        else:
            if table is not None:
                yield source, table
