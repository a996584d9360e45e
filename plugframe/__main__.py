"""``python -m plugframe``."""

from plugframe.cli import main

main()
