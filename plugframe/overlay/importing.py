"""Each plugin imported alone, in a process of its own: what it took, what it touched, how it failed.

``import_alone`` is the module's main function.
"""

import ast
import os
import re
import tempfile
from dataclasses import dataclass

from plugframe.overlay import processes
from plugframe.overlay.child import probe
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.overlay.processes import Ended
    from plugframe.overlay.targets import Target

SECONDS = 30.0
MEGABYTES = 4096
_MEGA = 1 << 20
_MOST_BYTES = 1 << 20
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)
_UNFIT = (probe.__file__, "<frozen ")


@dataclass(frozen=True, slots=True)
class Imported:
    """What importing one plugin alone came to.

    Attributes:
        target: the plugin or entry point.
        state: ``ok``, ``error``, ``timeout``, ``killed``, ``exited``, ``recursion`` or ``memory``.
        reason: why it is not ok, one sentence; empty when it is.
        where: the first frame outside the framework, as ``file:line``; empty when there is none.
        traceback: the traceback as text; empty when nothing was raised.
        seconds: the time that the import took, the imports of what it needs included.
        memory: the bytes by which the resident memory had grown at its peak; 0 where the system does not tell.
        modules: how many modules were loaded.
        sockets: what it connected to, listened at or looked up.
        processes: what it started.
        files: what it opened to write.
    """

    target: "Target"
    state: str
    reason: str
    where: str
    traceback: str
    seconds: float
    memory: int
    modules: int
    sockets: tuple[str, ...]
    processes: tuple[str, ...]
    files: tuple[str, ...]


def import_alone(target: "Target", python: str, *, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> Imported:
    """Import what a plugin names and declares in a fresh process.

    What it touches is disclosed, not prevented: it runs with all the rights of whoever asks for this.

    Args:
        target: the plugin or entry point.
        python: the interpreter's executable.
        seconds: after which it counts as hanging, and is ended with all that it started.
        megabytes: of address space that the process may have; 0 means no limit.

    Raises:
        CommandNotRunError: there is no such interpreter.
    """
    references = [reference for reference in (target.value, *target.references) if reference]
    descriptor, path = tempfile.mkstemp(prefix="plugframe-import-")
    try:
        words = [path, str(seconds), str(megabytes * _MEGA), *dict.fromkeys(references)]
        # No bytecode is kept: what is looked at is left as it was.
        ended = processes.watched([python, "-P", "-B", probe.__file__, *words], dict(os.environ), seconds=seconds)
        written = os.read(descriptor, _MOST_BYTES).decode(errors="replace")
    finally:
        os.close(descriptor)
        os.unlink(path)
    return _told(target, ended, written)


def _told(target: "Target", ended: "Ended", written: str) -> Imported:
    said: dict[str, list[object]] = {}
    for line in written.splitlines():
        if line.startswith("('"):
            kind, value = _parsed(line)
            said.setdefault(kind, []).append(value)
    failed, took = (_mapping(said.get(kind, [{}])[-1]) for kind in ("failed", "ended"))
    state, reason = _state(ended, failed, complete="ended" in said)
    return Imported(
        target=target,
        state=state,
        reason=reason,
        where=str(failed.get("where", "")) or (_crashed_at(written) if state in ("killed", "timeout") else ""),
        traceback=str(failed.get("traceback", "")),
        seconds=_number(took.get("seconds", ended.seconds)),
        memory=int(_number(took.get("memory", 0))),
        modules=int(_number(took.get("modules", 0))),
        sockets=tuple(map(str, said.get("socket", ()))),
        processes=tuple(map(str, said.get("process", ()))),
        files=tuple(map(str, said.get("file", ()))),
    )


def _parsed(line: str) -> tuple[str, object]:
    try:
        kind, value = ast.literal_eval(line)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return "", None  # It ended in the midst of a line, or the plugin writes where it has no business.
    return str(kind), value


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _state(ended: "Ended", failed: dict[str, object], *, complete: bool) -> tuple[str, str]:
    """Return the state of an import, and the reason for it."""
    if failed:
        kinds = failed.get("kinds") or ["BaseException"]
        kind, text = str(kinds[0] if isinstance(kinds, list) else kinds), str(failed.get("text", ""))
        what = f"{kind}: {text}" if text else kind
        found = {"SystemExit": "exited", "RecursionError": "recursion", "MemoryError": "memory"}
        state = next((state for name, state in found.items() if name in str(kinds)), "error")
        return state, f"it ends the process, with exit code {failed.get('code')}" if state == "exited" else what
    if complete:
        return "ok", ""
    if ended.code is None:
        return "timeout", ended.told
    if ended.code < 0:
        return "killed", ended.told
    return "exited", f"it ends the process at once, with exit code {ended.code}"


def _crashed_at(written: str) -> str:
    """Return the outermost frame of the plugin in what ``faulthandler`` wrote, where the last call comes first."""
    frames = [(file, line) for file, line in _FRAME.findall(written) if not file.startswith(_UNFIT)]
    return ":".join(frames[-1]) if frames else ""


_FAILURES = {
    "error": ("PF200", "an exception keeps it from being imported"),
    "timeout": ("PF201", "whoever imports it waits"),
    "killed": ("PF202", "whoever imports it crashes"),
    "exited": ("PF203", "whoever imports it ends"),
    "recursion": ("PF204", "an exception keeps it from being imported"),
    "memory": ("PF205", "whoever imports it runs out of memory"),
}


def findings(imported: Imported, *, required_by: tuple[str, ...] = ()) -> tuple[Diagnostic, ...]:
    """Return what is wrong or remarkable about an import, as diagnostics of the codes PF200 to PF212.

    Args:
        imported: what the import came to.
        required_by: the chain of distributions that pulled the plugin's in.
    """
    found = []
    name = f"{imported.target.group}:{imported.target.name}"
    if imported.state in _FAILURES:
        code, effect = _FAILURES[imported.state]
        message = f"{name} cannot be imported: {imported.reason}"
        found.append(_finding(imported, code, message, effect, _fix(imported, required_by)))
    touched = {
        "PF210": ("uses the network", imported.sockets),
        "PF211": ("starts processes", imported.processes),
        "PF212": ("writes files", imported.files),
    }
    for code, (does, what) in touched.items():
        if what:
            more = f" and {len(what) - 1} more" if len(what) > 1 else ""
            message = f"{name} {does} when it is imported: {next(iter(what))}{more}"
            fix = "its authors should wait until it is called"
            found.append(_finding(imported, code, message, "every start of the application does that", fix))
    return tuple(found)


def _fix(imported: Imported, required_by: tuple[str, ...]) -> str:
    name = imported.target.distribution.name
    if imported.state == "memory":
        return f"uninstall {name}, or give it more with --memory"
    if imported.state == "timeout":
        return f"uninstall {name}, or give it longer with --timeout"
    return f"upgrade or uninstall {name}" + (f", which {required_by[-1]} requires" if required_by else "")


def _finding(imported: Imported, code: str, message: str, effect: str, fix: str) -> Diagnostic:
    distribution = imported.target.distribution
    path, _, line = imported.where.rpartition(":") if code < "PF210" else ("", "", "")
    return Diagnostic(
        code=code,
        message=message,
        path=path or distribution.metadata_path,
        line=int(line) if path else 0,
        distribution=distribution.name,
        effect=effect,
        fix=fix,
    )
