"""Modules that run in other processes, under other interpreters too; each stands alone, and nothing here imports it."""
