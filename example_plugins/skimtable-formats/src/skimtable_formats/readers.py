"""The readers, each named after its first suffix."""

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from skimtable import Delimited, Reader, Table, TableError


class Tsv(Delimited):
    """Reads tab-separated files."""

    suffixes = (".tsv", ".tab")
    delimiter = "\t"


class Psv(Delimited):
    """Reads pipe-separated files."""

    suffixes = (".psv",)
    delimiter = "|"


class Jsonl(Reader):
    """Reads files with one JSON object a line.

    Its columns are the keys of all objects in the order in which they first occur. A key that an object lacks, and
    null, is a missing cell.

    Source: https://jsonlines.org
    """

    suffixes = (".jsonl", ".ndjson")

    def read(self, path: Path) -> Table:
        """Read a file."""
        with path.open(encoding="utf-8-sig") as file:
            records = [parse(line, number) for number, line in enumerate(file, start=1) if line.strip()]
        if not records:
            message = "is empty"
            raise TableError(message)
        columns = tuple(dict.fromkeys(chain.from_iterable(records)))
        rows = (tuple(to_cell(record.get(column)) for column in columns) for record in records)
        return Table(path.name, columns, tuple(rows))


def parse(line: str, number: int) -> Mapping[str, object]:
    """Return the object in a line.

    Args:
        line: the text.
        number: its number, for the message.

    Raises:
        TableError: the line is not JSON, or not an object.
    """
    try:
        record = json.loads(line)
    except ValueError as error:
        message = f"is malformed at line {number}: {error}"
        raise TableError(message) from error
    if not isinstance(record, dict):
        message = f"is malformed at line {number}: expected a JSON object"
        raise TableError(message)
    return record


def to_cell(value: object) -> str:
    """Return a JSON value as the text of a cell.

    Example:
        >>> to_cell("Ceres"), to_cell(939.4), to_cell(True), to_cell(None), to_cell(["Occator", "Haulani"])
        ('Ceres', '939.4', 'true', '', '["Occator", "Haulani"]')
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
