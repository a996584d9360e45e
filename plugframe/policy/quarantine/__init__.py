"""Plugins that took the process with them while they were loaded, and are not loaded again as they are.

A mark is a file that is there while a plugin is loaded, and is left by a process that does not come back from it.
``watching`` is the main module; ``marks`` are the files, ``folder`` where they are, ``digests`` what they are bound to.
"""
