"""The command line of a measured process: a kind of comparison and its numbers, to one comparison as JSON."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from benchmarks.children import calls, crossref, fresh, intercepted, native, operations
from benchmarks.measure import Comparison

KINDS: dict[str, Callable[..., Comparison]] = {
    "host": calls.compare_host,
    "manager": calls.compare_manager,
    "subset": calls.compare_subset,
    "cold-manager": fresh.compare_cold_manager,
    "cold-host": fresh.compare_cold_host,
    "registration": fresh.compare_registration,
    "native-call": native.compare_call,
    "native-text": native.compare_text,
    "native-sum": native.compare_sum,
    "native-callback": native.compare_callback,
    "native-progress": native.compare_progress,
    "native-load": native.compare_load,
    "slot-unbound": native.compare_unbound,
    "slot-default": native.compare_default,
    "operation-one": operations.compare_one,
    "operation-backend": operations.compare_backend,
    "operation-types": operations.compare_types,
    "operation-networkx": operations.compare_networkx,
    "operation-context": operations.compare_context,
    "crossref-off": crossref.compare_switched_off,
    "intercepted": intercepted.compare_intercepted,
    "intercepted-operation": intercepted.compare_intercepted_operation,
}


def main(arguments: Sequence[str]) -> None:
    """Measure what the arguments say, and print it."""
    kind, *numbers = arguments
    print(json.dumps(asdict(KINDS[kind](*map(int, numbers)))))


if __name__ == "__main__":
    main(sys.argv[1:])
