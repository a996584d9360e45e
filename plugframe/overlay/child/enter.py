"""Imports modules one after the other, as the start of an application does; what fails does not keep the others."""

import sys
from contextlib import suppress

if __name__ == "__main__":
    for name in sys.argv[1:]:
        with suppress(BaseException):
            __import__(name)
