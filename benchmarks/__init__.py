"""Measurements of plugframe against its peers, as ratios taken in one run on one machine.

``python -m benchmarks TOPIC`` makes a virtual environment of its own, installs plugframe and the peers there, and runs
every command in a fresh process, all of them in turn. Where calls, reads or imports are compared one by one,
``children`` lets both sides take turns inside one process. A topic is one module with ``SIZES`` and three functions:
``contenders`` (what is run), ``goals`` (which ratios are wanted) and ``notes`` (how to read the figures);
``__main__.TOPICS`` lists them. Nothing here is imported by plugframe or by its tests.
"""
