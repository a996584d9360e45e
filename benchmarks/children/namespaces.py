"""The command line of a measured process of the topic ``namespaces``: what to compare, to one comparison as JSON.

It stands apart from this package's other command line, which imports hooks and managers: what is imported already
changes what an import costs.
"""

import json
import sys
from dataclasses import asdict

from benchmarks.children import attributes, touches

KINDS = {"read": attributes.COMPARISONS, "touch": touches.COMPARISONS}


def main(kind: str, what: str) -> None:
    """Measure one comparison, and print it."""
    print(json.dumps(asdict(KINDS[kind][what]())))


if __name__ == "__main__":
    main(*sys.argv[1:])
