"""From a path to a table, with the reader that suits it."""

from collections.abc import Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path

from skimtable import Reader, Table, TableError, host
from skimtable.readers import Csv


def read_table(path: Path) -> Table:
    """Read a file with the reader for its suffix.

    Imports the plugins' reader that is named after the suffix; where there is none, all plugins and their readers.

    Raises:
        TableError: no reader knows the suffix, its reader is broken, or the file holds no table.
        OSError: the file cannot be opened.
    """
    reader = get_reader(path.suffix.lower())
    try:
        return reader().read(path)
    except UnicodeDecodeError as error:
        message = "is not UTF-8; convert it first, for example with: iconv -f LATIN1 -t UTF-8"
        raise TableError(message) from error


def get_reader(suffix: str) -> type[Reader]:
    """Return the reader for a suffix such as ``.tsv``."""
    if suffix in Csv.suffixes:
        return Csv
    name = f"readers.{suffix.removeprefix('.').capitalize()}"
    if name in host.classes:
        return import_reader(name)
    readers = {known: reader for reader in all_readers() for known in reader.suffixes}
    if suffix not in readers:
        what = f"is a {suffix} file" if suffix else "has no suffix"
        message = f"{what}; files that can be read end in {', '.join(sorted(readers))}"
        raise TableError(message)
    return readers[suffix]


def all_readers() -> Iterator[type[Reader]]:
    """Import and yield every reader but the broken ones."""
    yield Csv
    host.load_all()  # A plugin may add readers from code, which its metadata does not show.
    for name in host.classes:
        if name.startswith("readers."):
            with suppress(TableError):
                yield import_reader(name)


def import_reader(name: str) -> type[Reader]:
    """Return a reader by its name in the host's registry, such as ``readers.Tsv``."""
    try:
        reader: type[Reader] = attrgetter(name)(host.classes)
    except Exception as error:  # Importing a plugin's module runs code that may raise anything.
        message = f"cannot be read, because the plugin class {name} is broken: {error!r}"
        raise TableError(message) from error
    return reader
