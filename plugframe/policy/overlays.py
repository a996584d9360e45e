"""What this process was told to do without: ``plugframe run`` and its kin start commands under overlays.

An overlay is a folder that lives as long as one command. Its file ``rules`` says which entry points are left out; what
else is in it makes other Python programs obey. Overlays nest: each folder in the variable counts.
"""

import os

from plugframe.records import Decision, EntryPoint, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

VARIABLE = "PLUGFRAME_OVERLAY"
FILE = "rules"
_CODING = ("utf-8", "surrogatepass")
_FIELDS = 3


class Selection(Record):
    """Which entry points a process does without.

    Attributes:
        reason: why, as the decision about a plugin that is left out repeats it.
        only: whether ``entries`` names what stays, not what goes.
        groups: the groups that they speak of; nothing of another group is left out.
        entries: group, normalised distribution name and name of each entry point.

    Example:
        >>> chosen = Selection(reason="", only=True, groups=("pytest11",), entries=(("pytest11", "acme", "a"),))
        >>> chosen.hides("pytest11", "acme", "b"), chosen.hides("myapp.plugins", "acme", "b")
        (True, False)
        >>> Selection.parse(chosen.text()) == chosen
        True
    """

    __slots__ = ("reason", "only", "groups", "entries")

    reason: str
    only: bool
    groups: frozenset[str]
    entries: frozenset[tuple[str, str, str]]

    def __init__(
        self, *, reason: str, only: bool, groups: "Iterable[str]", entries: "Iterable[tuple[str, str, str]]"
    ) -> None:
        self._fill(reason, only, frozenset(groups), frozenset(entries))

    def hides(self, group: str, key: str, name: str) -> bool:
        """Return whether an entry point is left out, by group, normalised distribution name and name."""
        return group in self.groups and ((group, key, name) in self.entries) is not self.only

    def text(self) -> str:
        """Return it as ``parse`` reads it: a field a line, since no field of an entry point has two lines."""
        groups, entries = sorted(self.groups), sorted(self.entries)
        head = [self.reason.replace("\n", " "), "only" if self.only else "without", str(len(groups))]
        return "\n".join([*head, *groups, *(field for entry in entries for field in entry)])

    @classmethod
    def parse(cls, text: str) -> "Selection":
        """Return the selection that ``text`` wrote.

        Raises:
            ValueError: it is something else.
        """
        reason, mode, count, *lines = text.split("\n")
        groups, fields = lines[: int(count)], lines[int(count) :]
        if mode not in ("only", "without") or len(groups) != int(count) or len(fields) % _FIELDS:
            message = "these are no rules of an overlay"
            raise ValueError(message)
        parts = [fields[start::_FIELDS] for start in range(_FIELDS)]
        return cls(reason=reason, only=mode == "only", groups=groups, entries=zip(*parts, strict=True))


def folders() -> tuple[str, ...]:
    """Return the folders of the overlays that this process was started under, the innermost first."""
    return tuple(filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)))


def write(folder: str, selection: Selection) -> None:
    """Write the rules of an overlay into its folder."""
    with open(os.path.join(folder, FILE), "wb") as file:
        file.write(selection.text().encode(*_CODING))


def selections_here() -> tuple[Selection, ...]:
    """Return the selections that this process was started under; those of an overlay that is gone do not count."""
    found = []
    for folder in folders():
        try:
            with open(os.path.join(folder, FILE), "rb") as file:
                found.append(Selection.parse(file.read().decode(*_CODING)))
        except (OSError, ValueError):
            continue  # The command is over, and this process outlives it; nobody else writes there.
    return tuple(found)


def judge_here() -> "Callable[[EntryPoint], Decision | None] | None":
    """Return what denies the plugins that this process does without, or None where it was started under no overlay."""
    selections = selections_here()
    if not selections:
        return None

    def judge(entry: EntryPoint) -> Decision | None:
        for one in selections:
            if one.hides(entry.group, entry.distribution.key, entry.name):
                return Decision(state="disabled", reason=one.reason)
        return None

    return judge
