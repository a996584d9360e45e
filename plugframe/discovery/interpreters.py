"""Another interpreter's environment: asked for its path only, or read off its folders without running anything."""

import json
import os
import subprocess
import sys
import threading

from plugframe.discovery.files import read_bytes
from plugframe.discovery.snapshot import Environment
from plugframe.errors import EnvironmentNotReadableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECONDS = 60
_OR_STATIC = "name its python executable or its folder, or add --static to run nothing of it"

# Runs under every Python since 2.6, so it imports little and prints one line of ASCII behind a mark: what .pth files of
# that environment print goes before it.
_QUESTION = """
import json, sys
tag = getattr(getattr(sys, "implementation", None), "cache_tag", None) or "python-%d%d" % sys.version_info[:2]
known = ("_frozen_importlib", "importlib", "_distutils_hack")
finders = [getattr(f, "__module__", "") for f in sys.meta_path if hasattr(f, "find_distributions")]
version = "%d.%d.%d" % sys.version_info[:3]
print("\\n@@plugframe@@" + json.dumps({
    "path": [entry for entry in sys.path if isinstance(entry, type(""))],
    "prefix": sys.prefix, "base_prefix": getattr(sys, "base_prefix", sys.prefix), "cache_tag": tag,
    "finders": [name for name in finders if not name.startswith(known)], "version": version,
    "platform": sys.platform}) + "@@end@@")
sys.stdout.flush()
"""
_MARK, _END = "\n@@plugframe@@", "@@end@@"
_STRIPS_PTH_LINES = (3, 15)  # former versions take leading spaces for a part of the folder's name
_MOST_BYTES = 4 * 1024 * 1024


def ask(target: str, *, inherit_environment: bool = False) -> Environment:
    """Return the environment of another interpreter by running it once.

    It runs isolated (``-I``), and prints its path; its ``.pth`` files run as at every start of it. It needs no
    plugframe and may be any version of Python.

    Args:
        target: its executable, or the folder of its environment.
        inherit_environment: let it see ``PYTHONPATH`` and the user's site-packages.

    Raises:
        EnvironmentNotReadableError: there is none, or it does not answer within a minute.
    """
    executable = executable_of(target)
    options = [] if inherit_environment else ["-I"]
    answer = _run(target, executable, options)
    if answer is None:
        answer = _run(target, executable, ["-E", "-s"])  # Python 2 knows no -I.
    if answer is None:
        raise EnvironmentNotReadableError(target, "it is no Python interpreter that answers", _OR_STATIC)
    finders = ", ".join(sorted(set(answer["finders"])))
    gaps = (f"finders of {finders} may find distributions that are not shown",) if finders else ()
    return Environment(
        [entry for entry in answer["path"] if entry],
        prefix=answer["prefix"],
        base_prefix=answer["base_prefix"],
        cache_tag=answer["cache_tag"],
        gaps=gaps,
        markers=_markers(answer["version"], answer["platform"]),
    )


def executable_of(target: str) -> str:
    """Return the interpreter that a path, a command's name or an environment's folder means."""
    if os.path.isdir(target):
        for name in ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe"):
            if os.path.isfile(os.path.join(target, name)):
                return os.path.abspath(os.path.join(target, name))
        raise EnvironmentNotReadableError(target, "the folder has no bin/python")
    if os.path.exists(target):
        return os.path.abspath(target)
    import shutil

    found = shutil.which(target) if target and os.sep not in target else None
    if not found:
        raise EnvironmentNotReadableError(target, "there is no such file or command")
    return os.path.abspath(found)


def _run(target: str, executable: str, options: list[str]) -> "dict[str, Any] | None":
    try:
        written = _output([executable, *options, "-c", _QUESTION])
    except TimeoutError as error:
        reason = f"it did not answer within {SECONDS} seconds"
        raise EnvironmentNotReadableError(target, reason, _OR_STATIC) from error
    except (OSError, ValueError) as error:
        raise EnvironmentNotReadableError(target, f"it cannot be run: {error}", _OR_STATIC) from error
    _, _, line = written.decode(errors="replace").replace("\r\n", "\n").rpartition(_MARK)
    try:
        answer = json.loads(line.partition(_END)[0])
    except (ValueError, RecursionError):
        return None
    return answer if _is_answer(answer) else None


def _output(command: list[str]) -> bytes:
    """Return what a command writes until it has answered, of the 4 MiB that it may write, and end it.

    Raises:
        TimeoutError: it has neither answered nor ended within the time limit.
        OSError: it cannot be run, or writes more.
    """
    found = bytearray()
    with subprocess.Popen(  # noqa: S603 # the user named this executable
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=os.path.abspath(os.sep),
    ) as process:
        reader = threading.Thread(target=_read_answer, args=(process, found), daemon=True)
        reader.start()
        reader.join(SECONDS)
        late = reader.is_alive()
        process.kill()
        if late:
            raise TimeoutError
    if len(found) > _MOST_BYTES:
        message = f"it writes more than {_MOST_BYTES} bytes"
        raise OSError(message)
    return bytes(found)


def _read_answer(process: "subprocess.Popen[bytes]", found: bytearray) -> None:
    end = _END.encode()
    while process.stdout and len(found) <= _MOST_BYTES:
        try:
            chunk = os.read(process.stdout.fileno(), 65536)
        except (OSError, ValueError):
            return  # The time is up, and it was closed.
        found += chunk
        if not chunk or end in found[-len(chunk) - len(end) :]:
            return


def _is_answer(answer: object) -> bool:
    """Return whether an interpreter's answer has all that is asked for, of the right types."""
    if not isinstance(answer, dict):
        return False
    texts = [answer.get(name) for name in ("prefix", "base_prefix", "cache_tag", "version", "platform")]
    lists = [answer.get(name) for name in ("path", "finders")]
    return all(isinstance(text, str) for text in texts) and all(
        isinstance(several, list) and all(isinstance(one, str) for one in several) for several in lists
    )


def read(target: str) -> Environment:
    """Return an environment as its folders show it; nothing is run.

    What only running could tell is left out and stated in ``gaps``: lines of ``.pth`` files that are code, and finders.

    Args:
        target: an environment's folder or its executable.

    Raises:
        EnvironmentNotReadableError: it is no environment.
    """
    prefix = _prefix(target)
    config = _config(os.path.join(prefix, "pyvenv.cfg"))
    gaps: list[str] = []
    sites = _of_version(_sites(prefix), config)
    if not sites or not os.access(sites[0], os.R_OK | os.X_OK):
        raise EnvironmentNotReadableError(target, f"there is no site-packages folder below {prefix} that can be read")
    base = os.path.dirname(config.get("home", "")) or prefix
    if base != prefix and config.get("include-system-site-packages", "true").lower() == "true":
        sites += _of_version(_sites(base), config)
    path = []
    major, minor = _version(sites[0], config)
    for site in sites:
        path += [site, *_pth_lines(site, gaps, strip=(major, minor) >= _STRIPS_PTH_LINES)]
    return Environment(
        path,
        prefix=prefix,
        base_prefix=base,
        cache_tag=f"cpython-{major}{minor}",
        gaps=tuple(gaps),
        markers=_markers(f"{major}.{minor}", sys.platform),
    )


def _of_version(sites: list[str], config: dict[str, str]) -> list[str]:
    """Leave out the folders of another Python: upgrading a virtual environment leaves the former one's."""
    major, minor = _version("", config)
    names = (f"python{major}.{minor}", f"python{major}.{minor}t", "python3")
    now = [site for site in sites if os.path.basename(os.path.dirname(site)) in names]
    return now if config and now else sites


def _prefix(target: str) -> str:
    if os.path.isdir(target):
        return os.path.abspath(target)
    target = executable_of(target)
    name = os.path.basename(target).lower()
    if not name.startswith(("python", "pypy", "graalpy")) or not os.access(target, os.X_OK):
        raise EnvironmentNotReadableError(target, "it is neither a folder nor a Python executable")
    folder = os.path.dirname(os.path.abspath(target))
    # A virtual environment's python is a link to another one's: pyvenv.cfg tells which of the two is meant.
    if os.path.exists(os.path.join(os.path.dirname(folder), "pyvenv.cfg")):
        return os.path.dirname(folder)
    return os.path.dirname(os.path.dirname(os.path.realpath(target)))


def _config(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            pairs = (line.partition("=") for line in file)
            return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}
    except OSError:
        return {}


def _sites(prefix: str) -> list[str]:
    """Return the folders below a prefix that hold distributions, in the order of the path."""
    found = []
    for library in ("local/lib", "lib", "lib64"):  # Debian puts the administrator's before its own
        folder = os.path.join(prefix, library)
        names = sorted(os.listdir(folder)) if os.access(folder, os.R_OK | os.X_OK) else []
        for name in (name for name in names if name.startswith(("python", "pypy"))):
            found += [os.path.join(folder, name, leaf) for leaf in ("site-packages", "dist-packages")]
    found.append(os.path.join(prefix, "Lib", "site-packages"))
    unique: dict[str, str] = {}
    for folder in filter(os.path.isdir, found):
        unique.setdefault(os.path.realpath(folder), folder)
    return list(unique.values())


def _pth_lines(site: str, gaps: list[str], *, strip: bool) -> list[str]:
    """Return the folders that a site folder's ``.pth`` files add, as ``site.addpackage`` would."""
    added = []
    try:
        names = sorted(os.listdir(site))
    except OSError as error:
        gaps.append(f"{site} cannot be read: {error.strerror or error}")
        return []
    for name in names:
        path = os.path.join(site, name)
        if name.endswith(".start"):
            gaps.append(f"{path} runs code at start (PEP 829); what it adds to the path is not seen")
        if not name.endswith(".pth") or name.startswith("."):
            continue
        try:
            lines = read_bytes(path).decode("utf-8-sig", errors="replace").splitlines()
        except OSError as error:
            gaps.append(f"{path} cannot be read: {error.strerror or error}")
            continue
        code = [line for line in lines if line.startswith(("import ", "import\t"))]
        if code:
            gaps.append(f"{path} has code that was not run; what it adds to the path is not seen")
        ends = str.strip if strip else str.rstrip
        folders = [ends(line) for line in lines if line.strip() and not line.startswith("#") and line not in code]
        added += [folder for line in folders if os.path.exists(folder := os.path.join(site, line))]
    return added


def _version(site: str, config: dict[str, str]) -> tuple[int, int]:
    """Return the Python version of a site folder: from ``lib/python3.12``, else from pyvenv.cfg."""
    name = os.path.basename(os.path.dirname(site)).removeprefix("python").removeprefix("pypy")
    parts = (name if name[:1].isdigit() else config.get("version", config.get("version_info", ""))).split(".")
    try:
        return int(parts[0]), int(parts[1].rstrip("t"))  # python3.13t is the free-threaded build
    except (IndexError, ValueError):
        return sys.version_info[:2]


def _markers(version: str, platform: str) -> dict[str, str]:
    return {
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
        "sys_platform": platform,
    }
