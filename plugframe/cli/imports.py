"""What ``plugframe check --import`` adds to what is known without running anything."""

from plugframe.cli.status import status
from plugframe.overlay.importing import MEGABYTES, SECONDS, findings, import_alone
from plugframe.overlay.processes import ended_by_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugframe.cli.facts import Row
    from plugframe.cli.placing import Place
    from plugframe.overlay.importing import Imported
    from plugframe.overlay.targets import Target
    from plugframe.records import Diagnostic

FIELDS = ("name", "state", "milliseconds", "modules", "memory_mb", "sockets", "processes", "files", "reason")
_MILLI = 1000
_MEGA = 1e6


def import_each(
    targets: "Sequence[Target]", where: "Place", *, seconds: float = SECONDS, megabytes: int = MEGABYTES
) -> "tuple[list[Row], list[Diagnostic]]":
    """Import each plugin alone, in a process of its own, one after the other.

    Args:
        targets: the plugins and entry points.
        where: the environment whose interpreter imports them.
        seconds: after which one counts as hanging.
        megabytes: of address space that one may have; 0 means no limit.

    Returns:
        A row for each, and what was found, in the order of the targets.
    """
    rows: list[Row] = []
    found: list[Diagnostic] = []
    with ended_by_signals(), status("importing") as show:
        for number, target in enumerate(targets, 1):
            show(f"importing {target} ({number} of {len(targets)})")
            result = import_alone(target, where.python, seconds=seconds, megabytes=megabytes)
            rows.append(_row(result))
            found += findings(result, required_by=where.snapshot.required_by(target.distribution))
    return rows, found


def _row(result: "Imported") -> "Row":
    distribution = result.target.distribution
    return {
        "group": result.target.group,
        "name": result.target.name,
        "distribution": distribution.name,
        "version": distribution.version,
        "state": result.state,
        "reason": result.reason,
        "where": result.where,
        "traceback": result.traceback,
        "milliseconds": round(result.seconds * _MILLI, 1),
        "modules": result.modules,
        "memory_mb": round(result.memory / _MEGA, 2),
        "sockets": list(result.sockets),
        "processes": list(result.processes),
        "files": list(result.files),
    }
