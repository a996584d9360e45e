"""Locks: the start of a host that loads only what is locked, and the check of many files against a lock."""

import compileall
import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import distributions
from benchmarks.distributions import HOST
from benchmarks.environments import Environment
from benchmarks.measure import Answer, Contender, Figure, MeasurementError
from benchmarks.report import Goal, find, ratio

START = "start of a host that loads all plugins"
VERIFY = "verify 200 MB of locked files"
OPEN, LOCKED, UNCACHED = "mode open", "mode locked", "mode locked, nothing cached"
OURS, SHA256SUM = "plugframe verify", "sha256sum --check"
PLUGINS = 50  # of the goals
FILES, FILE_BYTES = 2000, 100_000

_CHILD = f"""\
import sys, time
start = time.perf_counter_ns()
import plugframe
results = plugframe.Host({HOST!r}).load_all()
elapsed = time.perf_counter_ns() - start
names = ", ".join('"%s"' % one.plugin.name for one in results if one.state == "loaded")
print('{{"nanoseconds": %d, "names": [%s]}}' % (elapsed, names))
"""


def contenders(environment: Environment, size: int) -> list[Contender]:
    """Generate plugins and a large distribution, lock them, and return what to run."""
    return [*_starts(environment, size), *_verifications(environment, size)]


def _starts(environment: Environment, size: int) -> list[Contender]:
    folder = environment.root / "locked" / str(size)
    names = distributions.generate_with_packages(folder, size)
    compileall.compile_dir(folder, quiet=1)
    made = []
    for what, mode in ((LOCKED, "locked"), (OPEN, "open"), (UNCACHED, "locked")):
        home = environment.home(f"locked-{size}-{what.replace(', ', '-').replace(' ', '-')}")
        project = home / "project"
        project.mkdir()
        (project / "plugframe.toml").write_text(f'mode = "{mode}"\n', encoding="utf-8")
        variables = {**environment.variables(home=home, path=folder), "PLUGFRAME_CACHE": str(home / "kept")}
        _lock(environment, project / "plugframe.lock", variables)
        contender = Contender(
            section=START,
            size=size,
            what=what,
            command=(str(environment.python), "-P", "-c", _CHILD),
            environment=variables,
            folder=project,
            read=_read_start,
            ours=what == LOCKED,
            expected=names,
            cache=home / "kept",
        )
        if what == UNCACHED:
            contender = replace(contender, environment={**variables, "PLUGFRAME_CACHE": "off"}, cache=None)
        made.append(contender)
    return made


def _verifications(environment: Environment, size: int) -> list[Contender]:
    """Return our command and a peer's for one large distribution that is a plugin."""
    folder = environment.root / "large" / str(size)
    distributions.generate_with_packages(folder, 1)
    data = folder / "p001_package" / "data"
    data.mkdir()
    source = random.Random(size)  # noqa: S311 # contents that compress like any, the same each time
    for number in range(FILES):
        (data / f"{number:04d}.bin").write_bytes(source.randbytes(FILE_BYTES))
    home = environment.home(f"verify-{size}")
    variables = environment.variables(home=home, path=folder)
    lock = home / "plugframe.lock"
    _lock(environment, lock, variables)
    command = (str(environment.script("plugframe")), "verify", "--no-deps", "--lock", str(lock))
    ours = Contender(
        section=VERIFY,
        size=size,
        what=OURS,
        command=command,
        environment=variables,
        folder=environment.empty_folder(),
        read=_read_nothing,
        ours=True,
    )
    peer = ("sha256sum", "--check", "--quiet", str(_sums(data, home / "sums")))
    return [ours, replace(ours, what=SHA256SUM, command=peer, ours=False)]


def _lock(environment: Environment, path: Path, variables: dict[str, str]) -> None:
    command = [str(environment.script("plugframe")), "lock", "--host", HOST, "--output", str(path)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"plugframe lock: exit code {done.returncode}\n{done.stderr}"
        raise MeasurementError(message)


def _sums(data: Path, output: Path) -> Path:
    if shutil.which("sha256sum") is None:
        message = "there is no command named sha256sum"
        raise MeasurementError(message)
    with output.open("w") as file:
        subprocess.run(["sha256sum", *sorted(data.iterdir())], stdout=file, check=True)  # noqa: S607 # wherever it is
    return output


def _read_start(output: str) -> Answer:
    answer = json.loads(output)
    return Answer(inside_ns=answer["nanoseconds"], names=tuple(answer["names"]))


def _read_nothing(_: str) -> Answer:
    return Answer()


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare our figures with what the framework promises."""
    locked, unlocked = (find(figures, START, PLUGINS, what) for what in (LOCKED, OPEN))
    ours, peer = (find(figures, VERIFY, PLUGINS, what) for what in (OURS, SHA256SUM))
    return [
        Goal(f"start with {PLUGINS} plugins, mode locked : mode open", 1.5, ratio(locked, unlocked)),
        Goal("verify of 200 MB of locked files : sha256sum", 2, ratio(ours, peer)),
    ]


def notes() -> list[str]:
    """Say how the figures came about."""
    return [
        f"{START}: inside the process, from before the import of plugframe. The plugins are packages of four modules;",
        "their .pyc files are there for mode open, their code is in our cache for mode locked.",
        f"{VERIFY}: whole processes, {FILES} files of {FILE_BYTES} bytes in one distribution, in the page cache.",
    ]
