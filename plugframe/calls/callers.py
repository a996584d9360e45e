"""Where the code stands that made a call, for warnings: between it and what warns there is only what is ours."""

import os
import sys

_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep


def depth_of_caller() -> int:
    """Return how far above who warns the code stands that made the call; what is ours, is made for calls, too."""
    frame, depth = sys._getframe(1), 1  # noqa: SLF001 # what warnings itself does
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_OURS, "<plugframe")):
        frame, depth = frame.f_back, depth + 1
    return depth
