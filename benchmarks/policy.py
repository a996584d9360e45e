"""Policy: the decisions about many plugins, and the commands that tell of single ones, against a bare interpreter."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks import distributions
from benchmarks.distributions import HOST
from benchmarks.environments import Environment
from benchmarks.measure import Answer, Contender, Figure
from benchmarks.report import Goal, find, ratio

DECISIONS = "decisions about plugins, in a fresh process"
COMMANDS = "commands, whole processes"
SIZE = 500  # of the goals
ALL, ONE, FILE = "plugframe, no settings", "plugframe, a variable disables one", "plugframe, a file disables one"
BARE = "bare interpreter"
INFO, WHY, LIST = "plugframe info", "plugframe why", "plugframe list --json"
REQUIREMENT = f"Requires-Dist: {HOST}>=2,<3"

# What discovery hands on is there before: the entry points and their distributions. Importing what decides counts.
_CHILD = """\
import sys, time
import plugframe
host = sys.argv[1]
plugins = plugframe.Host(host).plugins
kinds = ("plugins", "hooks", "classes", "callbacks", "libraries", "operations")
known = {f"{host}.{kind}": plugins.snapshot.entry_points(f"{host}.{kind}") for kind in kinds}
plugins.snapshot.entry_points = known.__getitem__
start = time.perf_counter_ns()
decided = plugins.everything()
elapsed = time.perf_counter_ns() - start
names = ", ".join('"%s"' % one.name for one in decided if one.decision.allowed)
print('{"nanoseconds": %d, "names": [%s]}' % (elapsed, names))
"""


def contenders(environment: Environment) -> list[Contender]:
    """Generate plugins that require a version of their host, and return what is to be run."""
    return [*_decisions(environment), *_commands(environment)]


def _decisions(environment: Environment) -> list[Contender]:
    folder = environment.root / "decided"
    distributions.generate_with_hooks(folder, SIZE)
    _require_host(folder)
    first, *others = names = tuple(f"p{number:03d}" for number in range(1, SIZE + 1))
    arguments = ("-P", "-c", _CHILD, HOST)
    make = partial(_contender, environment, DECISIONS, folder=folder, arguments=arguments, read=_read_child)
    disables = make(FILE, expected=tuple(others))
    (disables.folder / "plugframe.toml").write_text(f"disable = [{first!r}]\n", encoding="utf-8")
    return [
        make(ALL, expected=names),
        make(ONE, expected=tuple(others), variables={"PLUGFRAME_DISABLE": first}),
        disables,
        _bare(environment, DECISIONS, folder),
    ]


def _require_host(folder: Path) -> None:
    """Have each distribution in a folder require the host, in a version that is there."""
    for path in folder.glob("*.dist-info/METADATA"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("Requires-Dist:", f"{REQUIREMENT}\nRequires-Dist:", 1), encoding="utf-8")
    info = folder / f"{HOST}-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {HOST}\nVersion: 2.1\n\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[plugframe.hosts]\n{HOST} = {HOST}:host\n", encoding="utf-8")


def _commands(environment: Environment) -> list[Contender]:
    folder = environment.root / "told"
    names = distributions.generate(folder, SIZE)
    one = names[len(names) // 2]
    make = partial(_contender, environment, COMMANDS, folder=folder, read=_read_names)
    start = ("-m", "plugframe")
    return [
        make(INFO, arguments=(*start, "info", one, "--host", HOST), expected=(one,)),
        make(WHY, arguments=(*start, "why", one, "--host", HOST), expected=(one,)),
        make(LIST, arguments=(*start, "list", "--json", "--host", HOST), expected=names),
        _bare(environment, COMMANDS, folder),
    ]


def _bare(environment: Environment, section: str, folder: Path) -> Contender:
    made = _contender(
        environment, section, BARE, folder=folder, arguments=("-c", "pass"), read=_read_names, expected=()
    )
    return replace(made, expected=None, cache=None)


def _contender(
    environment: Environment,
    section: str,
    what: str,
    *,
    folder: Path,
    arguments: tuple[str, ...],
    read: Callable[[str], Answer],
    expected: tuple[str, ...],
    variables: Mapping[str, str] | None = None,
) -> Contender:
    """Return a contender with a home, a working directory and an index of its own."""
    home = environment.home(re.sub(r"\W+", "-", f"{section}-{what}"))
    work = home / "work"
    work.mkdir()
    return Contender(
        section=section,
        size=SIZE,
        what=what,
        command=(str(environment.python), *arguments),
        environment={
            **environment.variables(home=home, path=folder),
            "PLUGFRAME_CACHE": str(home / "kept"),
            **(variables or {}),
        },
        folder=work,
        read=read,
        ours=what in (ALL, LIST),
        expected=expected,
        cache=home / "kept",
    )


def _read_child(output: str) -> Answer:
    answer = json.loads(output)
    return Answer(inside_ns=answer["nanoseconds"], names=tuple(answer["names"]))


def _read_names(output: str) -> Answer:
    return Answer(names=tuple(sorted(set(re.findall(r"plugin_\d+", output)))))


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare our figures with what the framework promises."""
    decided, bare = (find(figures, DECISIONS, SIZE, what) for what in (ALL, BARE))
    start = find(figures, COMMANDS, SIZE, BARE)
    return [
        Goal(f"decisions about {SIZE} plugins : bare interpreter", 0.5, ratio(decided, bare)),
        *(
            Goal(f"{what}, {SIZE} : bare interpreter", 6, ratio(find(figures, COMMANDS, SIZE, what), start))
            for what in (INFO, WHY, LIST)
        ),
    ]


def notes() -> list[str]:
    """Say how the figures came about."""
    return [
        f"{DECISIONS}: inside the process, from entry points and distributions that discovery has handed on to records",
        "that say what may run; importing what decides and reading settings count. Each plugin requires a version of",
        "its host. A file of settings brings the import of tomllib.",
    ]
