"""All places to the ``Settings`` of one host; ``read_settings`` is the room's main function."""

import os
import sys

from plugframe.policy.settings import places, variables
from plugframe.policy.settings.values import Settings, Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plugframe.errors import SettingsError
    from plugframe.policy.settings.values import Found, Layer

    Given = Mapping[str, object] | str | os.PathLike[str]


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
    found = [*found_files(sys.prefix if prefix is None else prefix), *read_given(given)]
    said = not places.is_privileged() and variables.are_set()
    layers: tuple[Layer, ...] = ()
    problems: tuple[SettingsError, ...] = ()
    hosts: tuple[tuple[str, Source], ...] = ()
    if found or said:
        from plugframe.policy.settings.layering import collect, hosts_named

        layers, problems = collect(host, found, with_variables=said)
        hosts = hosts_named(found, with_variables=said)
    return Settings(host, layers, problems=problems, safe_mode=variables.safe_mode(), required=required, hosts=hosts)


def read_given(given: "Given | None") -> "Iterator[Found]":
    """Yield what an application ships, a table or the path of a file, if it ships any."""
    if given is None:
        return
    if isinstance(given, str | os.PathLike):
        path = os.path.abspath(os.fspath(given))
        found = list(_read("host", [path], trusted=True))
        if not found:
            from plugframe.errors import SettingsError

            found = [(Source(scope="host", place=path), SettingsError(path, "there is no such file"))]
        yield from found
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
        from plugframe.errors import SettingsError

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
        from plugframe.errors import SettingsError
        from plugframe.policy.settings.files import read_table

        source = Source(scope=scope, place=path)
        try:
            table = read_table(path, trusted=trusted)
        except SettingsError as error:
            yield source, error
        else:
            if table is not None:
                yield source, table
