"""The only room that executes plugin code."""
