"""Imports what one plugin names, and writes down what that took and touched; for ``plugframe check --import``.

    probe.py REPORT SECONDS BYTES REFERENCE ...

The report has a line for each thing as soon as it happens, so that it is there when the process is not any more: the
``repr`` of a kind and a value, or what ``faulthandler`` writes. Little is imported before the plugin is, whose modules
are counted; so there is no JSON.
"""

import faulthandler
import os
import sys
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

MOST_OF_A_KIND = 50
LONGEST = 300
LONGEST_TRACEBACK = 20_000
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_EVENTS = {
    "socket.connect": ("socket", "connect to {1!r}"),
    "socket.bind": ("socket", "bind to {1!r}"),
    "socket.sendto": ("socket", "send to {1!r}"),
    "socket.sendmsg": ("socket", "send to {1!r}"),
    "socket.getaddrinfo": ("socket", "look up {0!r}"),
    "socket.gethostbyname": ("socket", "look up {0!r}"),
    "subprocess.Popen": ("process", "{1!r}"),
    "os.system": ("process", "{0!r}"),
    "os.exec": ("process", "become {0!r}"),
    "os.fork": ("process", "fork"),
    "os.forkpty": ("process", "fork"),
    "os.startfile": ("process", "{0!r}"),
}


class Report:
    """The file that whoever started this process reads when it has ended."""

    def __init__(self, path: str) -> None:
        """Open it."""
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._told: dict[str, set[str]] = {}

    def say(self, kind: str, value: object) -> None:
        """Write a line."""
        os.write(self.descriptor, f"{(kind, value)!a}\n".encode())

    def touch(self, kind: str, what: str) -> None:
        """Write down what was touched, each thing once, and not without end."""
        told = self._told.setdefault(kind, set())
        if len(told) < MOST_OF_A_KIND and what not in told:
            told.add(what)
            self.say(kind, what)


def disclose(report: Report) -> "Callable[[str, tuple[Any, ...]], None]":
    """Return an audit hook that tells which sockets, processes and files are touched. It keeps nobody from anything."""

    def hook(event: str, arguments: "tuple[Any, ...]") -> None:
        try:
            if event == "open":
                path, _, flags = arguments
                if flags & _WRITES and isinstance(path, (str, bytes)) and os.fsdecode(path) != os.devnull:
                    report.touch("file", os.fsdecode(path)[:LONGEST])
            elif event in _EVENTS:
                kind, text = _EVENTS[event]
                report.touch(kind, text.format(*arguments)[:LONGEST])
        except Exception:  # noqa: BLE001, S110 # what cannot be shown must not keep the plugin from its work
            pass

    return hook


def resolve(reference: str) -> object:
    """Return what ``module:attribute`` means, and import the module."""
    module, _, attribute = reference.partition("[")[0].partition(":")
    __import__(module.strip())
    found: object = sys.modules[module.strip()]
    for name in filter(None, attribute.strip().split(".")):
        found = getattr(found, name)
    return found


def limit_memory(size: int) -> None:
    """Limit the address space, and let no crash leave a core; 0 takes the first limit off again."""
    try:
        import resource
    except ImportError:
        return  # There are no such limits here.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size or most, most))


def memory() -> tuple[int, int]:
    """Return the resident memory and its peak so far, in bytes; zeros where the system does not tell."""
    try:
        with open("/proc/self/status") as file:
            fields = dict(line.split(":", 1) for line in file)
        return int(fields["VmRSS"].split()[0]) * 1024, int(fields["VmHWM"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 0, 0


def describe(error: BaseException) -> "dict[str, object]":
    """Return what an exception says, and the first frame that is neither this module's nor the import system's."""
    import traceback

    try:
        text = " ".join(str(error).split())[:LONGEST]
    except BaseException:  # noqa: BLE001 # a plugin's exception may do anything when it is looked at
        text = "(its message cannot be shown)"
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if not place and name != __file__ and not name.startswith("<frozen "):
            place = f"{name}:{line}"
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno or 1}"
    whole = "".join(traceback.format_exception(error, limit=-40))[-LONGEST_TRACEBACK:]
    kinds = [kind.__name__ for kind in type(error).__mro__]
    code = getattr(error, "code", None) if isinstance(error, SystemExit) else None
    code = code if isinstance(code, int) or code is None else 1
    return {"kinds": kinds, "text": text, "where": place, "traceback": whole, "code": code or 0}


def probe(report: Report, references: "Sequence[str]") -> None:
    """Import what the references name, one after the other, until one fails, and report what came of it."""
    modules, (resident, _) = len(sys.modules), memory()
    sys.addaudithook(disclose(report))
    failure: BaseException | None = None
    begun = perf_counter()
    try:
        for reference in references:
            report.say("reference", reference)
            resolve(reference)
    except BaseException as error:  # noqa: BLE001 # that is what is looked for
        failure = error
    seconds = perf_counter() - begun
    limit_memory(0)
    faulthandler.cancel_dump_traceback_later()
    took = {"seconds": seconds, "modules": len(sys.modules) - modules, "memory": max(0, memory()[1] - resident)}
    if failure is not None:
        report.say("failed", describe(failure))
    report.say("ended", took)


def main(path: str, seconds: str, size: str, references: "Sequence[str]") -> "NoReturn":
    """Do what the module's docstring says, and end without what plugins have registered for the end."""
    report = Report(path)
    faulthandler.enable(report.descriptor, all_threads=False)
    # Shortly before whoever started this process ends it, for the place where it hangs.
    faulthandler.dump_traceback_later(float(seconds) * 0.9, file=report.descriptor)
    limit_memory(int(size))
    probe(report, references)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
