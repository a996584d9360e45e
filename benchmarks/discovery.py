"""The topic ``discovery``: importing, the names of one group with and without a cache, and ``plugframe list``."""

import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks import distributions
from benchmarks.distributions import GROUP, HOST
from benchmarks.environments import Environment
from benchmarks.measure import Answer, Contender, Figure
from benchmarks.report import Goal, find, ratio

IMPORT = "import"
WARM = "names of a group, warm cache"
COLD = "names of a group, no cache"
PLAIN = "list, plain text to a pipe"
TABLE = "list, table on a terminal"
SIZES = (50, 500, 2000)

# Nothing that costs an import stands before or between: sys is there from the start, time is built in. The answer is
# written by hand because importing json would add to the whole process's time. Names need no escapes: we made them.
_CHILD = """\
import sys, time
start = time.perf_counter_ns()
{work}
elapsed = time.perf_counter_ns() - start
found = ", ".join('"%s"' % name for name in sorted(names))
print('{{"nanoseconds": %d, "names": [%s]}}' % (elapsed, found))
"""

_IMPORTS = {
    "plugframe": "import plugframe; names = []",
    "pluggy": "import pluggy; names = []",
    "bare": "names = []",
}
_OURS = f"import plugframe; names = list(plugframe.Host({HOST!r}).plugins)"
_STEVEDORE = f"import stevedore._cache as c; names = [e.name for e in c.get_group_all({GROUP!r})]"
_PLUX = (  # Its managers do the same and then make a plugin specification of every entry.
    "from plux.runtime.cache import EntryPointsCache as C\n"
    f"names = [e.name for e in C.instance().get_entry_points().get({GROUP!r}, ())]"
)
_STDLIB = f"import importlib.metadata as m; names = [e.name for e in m.entry_points(group={GROUP!r})]"
_BACKPORT = f"import importlib_metadata as m; names = [e.name for e in m.entry_points(group={GROUP!r})]"
_FLOOR = """\
import os
for entry in sys.path:
    try:
        os.stat(entry)
    except OSError:
        pass
with open(sys.argv[1], encoding="utf-8") as file:
    file.read()
names = []"""


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder of distributions, and the names that must be found there."""

    environment: Environment
    folder: Path | None
    size: int
    names: tuple[str, ...]


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Generate the distributions of every size, and return every command that is measured."""
    found = [_child(_Place(environment, None, 0, ()), IMPORT, what, work) for what, work in _IMPORTS.items()]
    for size in sizes:
        folder = environment.root / "distributions" / str(size)
        place = _Place(environment, folder, size, distributions.generate(folder, size))
        found += [*_warm(place), *_cold(place), *_commands(place)]
    return found


def _warm(place: _Place) -> list[Contender]:
    ours = _cached(_child(place, WARM, "plugframe", _OURS))
    text = place.environment.root / f"floor-{place.size}.txt"
    floor = _child(place, WARM, "floor: stat the path, read a file", _FLOOR, str(text))
    return [
        ours,
        _cached(_child(place, WARM, "stevedore", _STEVEDORE)),
        _cached(_child(place, WARM, "plux", _PLUX)),
        # These two keep nothing between processes: warm or not is the same to them.
        _child(place, WARM, "importlib.metadata", _STDLIB),
        _child(place, WARM, "importlib_metadata", _BACKPORT),
        replace(floor, expected=(), before=partial(_copy_size, ours.cache or place.environment.root, text)),
    ]


def _copy_size(index: Path, text: Path) -> None:
    """Give the floor a text as large as our index, which is there once we are warm."""
    if not text.exists():
        size = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
        text.write_text(("x" * 99 + "\n") * (size // 100) + "x" * (size % 100), encoding="utf-8")


def _cold(place: _Place) -> list[Contender]:
    stevedore = _child(place, COLD, "stevedore, cache deleted", _STEVEDORE)
    forget = partial(shutil.rmtree, stevedore.environment["HOME"], ignore_errors=True)
    return [
        _child(place, COLD, "plugframe, index off", _OURS),
        _child(place, COLD, "importlib_metadata", _BACKPORT),
        _child(place, COLD, "importlib.metadata", _STDLIB),
        replace(stevedore, before=forget),
    ]


def _commands(place: _Place) -> list[Contender]:
    script = str(place.environment.script("plugframe"))
    bare = (str(place.environment.python), "-c", "pass")
    plain = (script, "list", "--format", "plain", "--host", HOST)
    found = [
        _cached(_process(place, PLAIN, "plugframe list --format plain", plain, _read_listing)),
        replace(_process(place, PLAIN, "bare interpreter", bare, _read_listing), expected=()),
    ]
    if os.name == "posix":  # There are no pseudo-terminals on Windows.
        table = _process(place, TABLE, "plugframe list", (script, "list", "--host", HOST), _read_listing)
        baseline = _process(place, TABLE, "bare interpreter", bare, _read_listing)
        found += [_cached(replace(table, on_terminal=True)), replace(baseline, on_terminal=True, expected=())]
    return found


def _child(place: _Place, section: str, what: str, work: str, *arguments: str) -> Contender:
    command = (str(place.environment.python), "-c", _CHILD.format(work=work), *arguments)
    return _process(place, section, what, command, _read_child)


def _process(
    place: _Place, section: str, what: str, command: tuple[str, ...], read: Callable[[str], Answer]
) -> Contender:
    """Return a contender that must find all names, with a home of its own and our index off."""
    home = place.environment.home(re.sub(r"\W+", "-", f"{section}-{place.size}-{what}"))
    return Contender(
        section=section,
        size=place.size,
        what=what,
        command=command,
        environment=place.environment.variables(home=home, path=place.folder) | {"PLUGFRAME_CACHE": "off"},
        folder=place.environment.empty_folder(),
        read=read,
        ours=what.startswith("plugframe"),
        expected=place.names,
    )


def _cached(contender: Contender) -> Contender:
    """Let a contender keep a cache in its home, and require that it does."""
    home = Path(contender.environment["HOME"])
    variables = {**contender.environment, "PLUGFRAME_CACHE": str(home / "cache" / "plugframe")}
    return replace(contender, environment=variables, cache=home)


def _read_child(output: str) -> Answer:
    answer = json.loads(output)
    return Answer(inside_ns=answer["nanoseconds"], names=tuple(answer["names"]))


def _read_listing(output: str) -> Answer:
    return Answer(names=tuple(sorted(set(re.findall(r"plugin_\d+", output)))))


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures with what the framework promises."""
    get = partial(find, figures)
    warm, off = partial(get, WARM, what="plugframe"), get(COLD, 500, "plugframe, index off")
    plain, table = get(PLAIN, 500, "plugframe list --format plain"), get(TABLE, 500, "plugframe list")
    bare = "bare interpreter"
    return [
        Goal("import plugframe : import pluggy", 1 / 10, ratio(get(IMPORT, 0, "plugframe"), get(IMPORT, 0, "pluggy"))),
        Goal("warm names, 500 : stevedore warm", 1 / 15, ratio(warm(size=500), get(WARM, 500, "stevedore"))),
        Goal("names, index off, 500 : importlib_metadata", 1 / 3, ratio(off, get(COLD, 500, "importlib_metadata"))),
        Goal("warm names, 2000 : warm names, 500", 4, ratio(warm(size=2000), warm(size=500))),
        Goal("list plain, 500 : bare interpreter", 6, ratio(plain, get(PLAIN, 500, bare))),
        Goal("list on a terminal, 500 : bare interpreter", 12, ratio(table, get(TABLE, 500, bare))),
    ]


def notes() -> list[str]:
    """Say how the figures came about."""
    return [
        "MEDIAN is the time inside the child, from its first statement to the names; for commands, the whole process.",
        "The generated distributions are on the path through PYTHONPATH, for the bare interpreter too.",
        "Files are in the system's page cache in all runs: 'no cache' means no index, not a cold disk.",
    ]
