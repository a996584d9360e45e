"""Names that load on first use."""
