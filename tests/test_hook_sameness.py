"""plugframe's manager does what pluggy's does, in hundreds or thousands of random programs; see ``_sameness``."""

import sys

import _sameness

# What the managers do is the same code on every Python; the newest ones look for rare programs, the others for what
# a Python itself may do differently, which any program meets.
PROGRAMS = 1000 if sys.version_info >= (3, 13) else 600


def test_random_programs_come_to_the_same_with_pluggys_manager_and_with_ours() -> None:
    tally = _sameness.run(PROGRAMS)
    assert tally.programs >= PROGRAMS
    assert tally.calls > PROGRAMS
    assert tally.compiled > tally.calls / 10  # else generated functions would not have been compared
