"""Imports modules one after the other, as the start of an application does; what fails does not keep the others.

Each is named before, on standard output, so that it is known which one has ended the process.
"""

import sys
from contextlib import suppress

BEGINS = "importing "

if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{BEGINS}{name}", flush=True)  # noqa: T201 # whoever started this reads it
        with suppress(BaseException):
            __import__(name)
