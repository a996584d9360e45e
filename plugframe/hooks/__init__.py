"""Hook specifications and implementations, called through pluggy's manager."""
