"""From ``sys.path`` to records: what is installed, read as text and never run.

``snapshot.discover`` is the room's main function: it walks the path, takes each entry's segment from the index
where the files still are as they were, scans the others, and hands back one ``Snapshot``.
"""
