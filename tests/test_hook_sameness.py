"""plugframe's manager does what pluggy's does, in thousands of random programs; see ``_sameness``."""

import _sameness

PROGRAMS = 2000


def test_random_programs_come_to_the_same_with_pluggys_manager_and_with_ours() -> None:
    tally = _sameness.run(PROGRAMS)
    assert tally.programs >= PROGRAMS
    assert tally.calls > PROGRAMS
    assert tally.compiled > tally.calls / 10  # else generated functions would not have been compared
