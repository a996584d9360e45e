"""Modules of locked distributions: what is executed is what was compared with the lock."""
