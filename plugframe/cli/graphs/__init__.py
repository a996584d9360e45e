"""What belongs to what among hosts, plugins and distributions, as a value, and how it is written.

``relations`` holds the value and makes it, ``tree`` and ``writing`` draw it.
"""
