"""The start of a host with many installed plugins, up to the result of a hook that 3 of them implement."""

import compileall
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks import distributions
from benchmarks.distributions import GROUP, HOST
from benchmarks.environments import Environment
from benchmarks.measure import Answer, Contender, Figure
from benchmarks.report import Goal, find, ratio

SECTION = "start, and call of a hook that 3 plugins implement"
OURS, OURS_COLD, PLUGGY = "plugframe", "plugframe, index off", "pluggy"
SIZE = 500  # plugins, of the goals

# As in the topic discovery, no import stands before or between that is not measured, and the answer is written by hand.
_CHILD = """\
import sys, time
start = time.perf_counter_ns()
{work}
elapsed = time.perf_counter_ns() - start
found = ", ".join('"%s"' % name for name in sorted(results))
imported = sum(name[:1] == "p" and name[1:4].isdigit() and name.endswith("_module") for name in sys.modules)
print('{{"nanoseconds": %d, "names": [%s], "imported": %d}}' % (elapsed, found, imported))
"""
_WORK = {
    OURS: f"""\
import plugframe
host = plugframe.Host({HOST!r})
@host.hookspec
def render(page): ...
results = host.hook.render(page="page")""",
    PLUGGY: f"""\
import pluggy
class Specifications:
    @pluggy.HookspecMarker({HOST!r})
    def render(page): ...
pm = pluggy.PluginManager({HOST!r})
pm.add_hookspecs(Specifications)
pm.load_setuptools_entrypoints({GROUP!r})
results = pm.hook.render(page="page")""",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder of plugins, and the names of those that implement the hook."""

    environment: Environment
    folder: Path
    size: int
    names: tuple[str, ...]


def contenders(environment: Environment, size: int) -> list[Contender]:
    """Generate the plugins, and return the starts of ours, with and without its index, and of pluggy."""
    folder = environment.root / "plugins" / str(size)
    place = _Place(environment, folder, size, distributions.generate_with_hooks(folder, size))
    compileall.compile_dir(folder, quiet=1)  # A folder that gets its bytecode while measuring looks changed.
    ours = _start(place, OURS, _WORK[OURS], imported=len(place.names))
    cache = Path(ours.environment["HOME"])
    variables = {**ours.environment, "PLUGFRAME_CACHE": str(cache / "cache" / "plugframe")}
    return [
        replace(ours, environment=variables, cache=cache),
        _start(place, OURS_COLD, _WORK[OURS], imported=len(place.names)),
        _start(place, PLUGGY, _WORK[PLUGGY], imported=size),
    ]


def _start(place: _Place, what: str, work: str, *, imported: int) -> Contender:
    """Return a contender that must import so many of the plugins' modules, with our index off."""
    environment = place.environment
    home = environment.home(re.sub(r"\W+", "-", f"start-{place.size}-{what}"))
    return Contender(
        section=SECTION,
        size=place.size,
        what=what,
        command=(str(environment.python), "-c", _CHILD.format(work=work)),
        environment=environment.variables(home=home, path=place.folder) | {"PLUGFRAME_CACHE": "off"},
        folder=environment.empty_folder(),
        read=partial(_read, imported=imported),
        ours=what == OURS,
        expected=place.names,
    )


def _read(output: str, *, imported: int) -> Answer:
    answer = json.loads(output)
    if answer["imported"] != imported:
        message = f"{answer['imported']} of the plugins' modules were imported, not {imported}"
        raise ValueError(message)
    return Answer(inside_ns=answer["nanoseconds"], names=tuple(answer["names"]))


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare our start, with the index that we keep, with what the framework promises."""
    ours, pluggy = (find(figures, SECTION, SIZE, what) for what in (OURS, PLUGGY))
    return [Goal(f"start with {SIZE} plugins : pluggy", 1 / 20, ratio(ours, pluggy))]
