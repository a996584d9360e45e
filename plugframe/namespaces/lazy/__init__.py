"""Packages and modules that are imported at their first use, and the stubs that type checkers read in their place."""
