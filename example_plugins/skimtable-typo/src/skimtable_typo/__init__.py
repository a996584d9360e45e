"""Counts repeated rows, or would: its entry point says ``plugn`` on purpose, where this module says ``plugin``."""

from skimtable import Table, hookimpl


class RepeatedRows:
    """A plugin that is an object: its methods are the hooks."""

    @hookimpl
    def section(self, table: Table) -> str | None:
        """Give how many rows repeat an earlier one, if any do."""
        repeated = len(table.rows) - len(set(table.rows))
        return f"Repeated rows\n  {repeated:,} of {len(table.rows):,}" if repeated else None


plugin = RepeatedRows()
