"""Other programs run with some of their plugins, or watched while they import them.

``folder.overlay`` is the room's main function: a folder in the child's environment makes any Python program leave out
entry points, whether it knows plugframe or not. The files in ``child`` are what runs there; they need no plugframe.
"""
