"""Run pytest with plugframe's plugin manager underneath; the arguments are pytest's."""

import sys

from conformance.rebinding import rebind

from plugframe.hooks.manager import PluginManager


def main(arguments: list[str]) -> int:
    """Run pytest; return its exit status.

    Raises:
        TypeError: pytest's manager is not one of plugframe's, so that nothing would be learned.
    """
    rebind()
    import pytest
    from _pytest.config import PytestPluginManager

    if not issubclass(PytestPluginManager, PluginManager):
        message = f"{PytestPluginManager.__mro__} has no {PluginManager}"
        raise TypeError(message)
    return pytest.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
