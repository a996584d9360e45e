"""Tables whose numbers are smoothed."""

from skimtable import Table, smooth


def smooth_columns(table: Table, *, window: int) -> Table:
    """Return a table in whose numeric columns each number is the mean of its neighbours, itself among them.

    Uses the plugins' backends of the operation ``columns.smooth``, and imports those that it chooses from.

    Args:
        table: its columns with anything but numbers in them are left as they are.
        window: how many numbers are averaged.

    Example:
        >>> smooth_columns(Table("t", ("a", "b"), (("1", "x"), ("2", "y"), ("6", "z"))), window=3).rows
        (('1.5', 'x'), ('3', 'y'), ('4', 'z'))
    """
    columns = [smooth_cells(table.column(name), window=window) for name in table.columns]
    return Table(table.name, table.columns, tuple(zip(*columns, strict=True)))


def smooth_cells(cells: tuple[str, ...], *, window: int) -> tuple[str, ...]:
    """Return the cells of a column smoothed, or as they are where one of them is no number."""
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return cells
    return tuple(f"{number:.6g}" for number in smooth(numbers, window))
