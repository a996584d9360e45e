"""Where the C header is that native libraries are built with."""

import os


def get_include() -> str:
    """Return the folder of ``plugframe.h``, for a C compiler's ``-I``."""
    return os.path.abspath(os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "include"))
