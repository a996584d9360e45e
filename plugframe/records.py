"""The frozen values that the rooms hand to each other.

They hold text and numbers, never a module, a class or an exception, so that they can be kept, compared, pickled
and printed without running anything. They are written out by hand: the way from ``import plugframe`` to the names
of the plugins must not import ``dataclasses``, which costs more than that whole way.
"""

from _collections_abc import Mapping  # what collections.abc exports, without the cost of importing collections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn, Self

    _Names = Mapping[str, tuple[str, ...]]
else:
    _Names = Mapping


class Record:
    """A frozen value whose fields are the names in ``__slots__``."""

    __slots__: "tuple[str, ...]" = ()

    def _fill(self, *values: object) -> None:
        put = object.__setattr__
        for name, value in zip(self.__slots__, values, strict=True):
            put(self, name, value)

    def __setattr__(self, name: str, value: object) -> "NoReturn":
        message = f"{type(self).__name__} is frozen; make a new one with replace({name}=...)"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> "NoReturn":
        self.__setattr__(name, None)

    def values(self) -> tuple[object, ...]:
        """Return the fields' values, in the order of ``__slots__``."""
        return tuple(getattr(self, name) for name in self.__slots__)

    def asdict(self) -> dict[str, object]:
        """Return the fields by name, in the order of ``__slots__``."""
        return dict(zip(self.__slots__, self.values(), strict=True))

    def replace(self, **changes: object) -> "Self":
        """Return a copy in which the named fields have other values.

        Raises:
            TypeError: a name is not a field of this record.
        """
        return type(self)(**(self.asdict() | changes))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.values() == other.values()

    def __hash__(self) -> int:
        return hash((type(self), *self.values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.asdict().items())
        return f"{type(self).__name__}({fields})"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.asdict())


def _rebuild(cls: "type[Record]", fields: dict[str, object]) -> Record:
    return cls(**fields)


class FrozenDict(_Names):
    """A mapping of names that is a value: it cannot be changed, and has a hash."""

    __slots__ = ("_items",)

    def __init__(self, items: "Mapping[str, tuple[str, ...]]") -> None:
        """Keep a copy."""
        self._items = dict(items)

    def __getitem__(self, key: str) -> tuple[str, ...]:
        return self._items[key]

    def __iter__(self) -> "Iterator[str]":
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenDict, (self._items,)


class Distribution(Record):
    """One installed distribution, as its metadata describes it.

    Attributes:
        name: as its metadata spells it; taken from the metadata folder's name where the metadata has none.
        version: as its metadata spells it; empty when unknown.
        key: the name normalised for comparison (PEP 503, with underscores), such as ``acme_vision``.
        location: the ``sys.path`` entry that holds it.
        metadata_path: its ``.dist-info`` or ``.egg-info`` folder or file.
        origin: where it was installed from: ``index``, ``editable``, ``vcs``, ``archive``, ``directory``, or
            ``unknown`` for metadata that no installer recorded.
        url: the direct URL that was given to the installer, or None (PEP 610).
        requested: True when somebody asked the installer for it by name, False when it came along as a
            dependency, None when the installer did not say (the ``REQUESTED`` file).
        requires: its requirements, in the order of the metadata, as PEP 508 strings.
        has_metadata: False for a folder without ``METADATA`` or ``PKG-INFO``.
    """

    __slots__ = (
        "name",
        "version",
        "key",
        "location",
        "metadata_path",
        "origin",
        "url",
        "requested",
        "requires",
        "has_metadata",
    )

    name: str
    version: str
    key: str
    location: str
    metadata_path: str
    origin: str
    url: str | None
    requested: bool | None
    requires: tuple[str, ...]
    has_metadata: bool

    def __init__(
        self,
        *,
        name: str,
        version: str,
        key: str,
        location: str,
        metadata_path: str,
        origin: str = "index",
        url: str | None = None,
        requested: bool | None = None,
        requires: tuple[str, ...] = (),
        has_metadata: bool = True,
    ) -> None:
        self._fill(name, version, key, location, metadata_path, origin, url, requested, requires, has_metadata)

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


class EntryPoint(Record):
    """One line of a distribution's ``entry_points.txt``.

    Attributes:
        group: such as ``myapp.plugins``.
        name: the part before the ``=``.
        value: the part after it, as written.
        distribution: the distribution that declares it.
        problem: why no tool can load it as written, or None.

    Source: https://packaging.python.org/specifications/entry-points/
    """

    __slots__ = ("group", "name", "value", "distribution", "problem")

    group: str
    name: str
    value: str
    distribution: Distribution
    problem: str | None

    def __init__(
        self, *, group: str, name: str, value: str, distribution: Distribution, problem: str | None = None
    ) -> None:
        self._fill(group, name, value, distribution, problem)

    @property
    def module(self) -> str:
        """The dotted module that the value names; empty when the value is not a reference."""
        return split_reference(self.value)[0]

    @property
    def attribute(self) -> str:
        """The dotted attribute behind the colon; empty when the value names a whole module."""
        return split_reference(self.value)[1]

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras in square brackets, in the order written."""
        return split_reference(self.value)[2]

    def __str__(self) -> str:
        whose = str(self.distribution)
        return f"{self.group}:{self.name}{f' from {whose}' if whose else ''}"


def split_reference(value: str) -> tuple[str, str, tuple[str, ...]]:
    """Split ``module:attribute [extra, extra]`` into its parts without checking them.

    Example:
        >>> split_reference("acme.models : Net.small [fast, gpu-2]")
        ('acme.models', 'Net.small', ('fast', 'gpu-2'))
    """
    target, bracket, rest = value.partition("[")
    module, _, attribute = target.partition(":")
    if not bracket:
        return module.strip(), attribute.strip(), ()
    extras = rest.rpartition("]")[0].split(",")
    return module.strip(), attribute.strip(), tuple(part.strip() for part in extras if part.strip())


class Decision(Record):
    """Whether something may run, and why.

    Attributes:
        state: one of the states of a plugin: ``available``, ``disabled``, ``blocked``, ``incompatible``,
            ``broken``, ``quarantined``, ``shadowed`` or ``missing``.
        reason: one sentence; empty where nothing needs saying.
        next_step: what to do to have it otherwise, mostly a command; empty where its distribution must be mended.
    """

    __slots__ = ("state", "reason", "next_step")

    state: str
    reason: str
    next_step: str

    def __init__(self, *, state: str, reason: str = "", next_step: str = "") -> None:
        self._fill(state, reason, next_step)

    @property
    def allowed(self) -> bool:
        """Whether the loader may import it."""
        return self.state == "available"


class Plugin(Record):
    """A named entry of a host's group, with what was decided about it.

    Attributes:
        host: the host's name.
        name: unique among the host's plugins that may run.
        entry_point: the entry that names its module or object. For a distribution that declares only classes,
            callbacks, libraries or operations, an entry with an empty value: there is nothing to import at load.
        decision: whether it may run, and why.
        provides: kind (``hooks``, ``classes``, ``callbacks``, ``libraries``, ``operations``) to the names that
            its distribution declares for it, in the order declared. Kinds without names are absent.
    """

    __slots__ = ("host", "name", "entry_point", "decision", "provides")

    host: str
    name: str
    entry_point: EntryPoint
    decision: Decision
    provides: "Mapping[str, tuple[str, ...]]"

    def __init__(
        self,
        *,
        host: str,
        name: str,
        entry_point: EntryPoint,
        decision: Decision,
        provides: "Mapping[str, tuple[str, ...]]",
    ) -> None:
        self._fill(host, name, entry_point, decision, FrozenDict(provides))

    @property
    def distribution(self) -> Distribution:
        """The distribution that installed it."""
        return self.entry_point.distribution

    @property
    def state(self) -> str:
        """The decision's state."""
        return self.decision.state

    def __str__(self) -> str:
        return str(self.entry_point)


class Diagnostic(Record):
    """A defect of one distribution's metadata or of a path entry, found without running anything.

    Attributes:
        code: such as ``PF101``; see ``docs/findings.md``.
        message: what is wrong, one sentence.
        path: the file or folder that has the defect.
        line: its 1-based line, or 0 when the defect is not in a line.
        distribution: the distribution's name, or empty when none could be told.
        effect: what this means for whoever uses the environment.
        fix: what to do about it.
    """

    __slots__ = ("code", "message", "path", "line", "distribution", "effect", "fix")

    code: str
    message: str
    path: str
    line: int
    distribution: str
    effect: str
    fix: str

    def __init__(
        self,
        *,
        code: str,
        message: str,
        path: str,
        line: int = 0,
        distribution: str = "",
        effect: str = "",
        fix: str = "",
    ) -> None:
        self._fill(code, message, path, line, distribution, effect, fix)

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        owner = f"{self.distribution}: " if self.distribution else ""
        return f"{self.code} {owner}{self.message} ({place})"


class LoadResult(Record):
    """What became of one plugin when it was loaded.

    Attributes:
        plugin: the plugin.
        state: ``loaded``, ``broken``, or the state that kept it from being loaded.
        reason: why it is not loaded; empty when it is.
        where: the first frame outside the framework, as ``file:line``; empty when there is none.
        effect: what this means for the application.
        next_step: the command to run next; empty when there is nothing to do.
        traceback: the traceback as text, framework frames left out; empty when nothing was raised.
        registered: what its ``plugframe_register_*`` hooks added, as ``kind:name``, in order.
        findings: where what it declares and what it is differ.
        seconds: the time that importing and registering it took.
    """

    __slots__ = (
        "plugin",
        "state",
        "reason",
        "where",
        "effect",
        "next_step",
        "traceback",
        "registered",
        "findings",
        "seconds",
    )

    plugin: Plugin
    state: str
    reason: str
    where: str
    effect: str
    next_step: str
    traceback: str
    registered: tuple[str, ...]
    findings: tuple[Diagnostic, ...]
    seconds: float

    def __init__(
        self,
        *,
        plugin: Plugin,
        state: str,
        reason: str = "",
        where: str = "",
        effect: str = "",
        next_step: str = "",
        traceback: str = "",
        registered: tuple[str, ...] = (),
        findings: tuple[Diagnostic, ...] = (),
        seconds: float = 0.0,
    ) -> None:
        self._fill(plugin, state, reason, where, effect, next_step, traceback, registered, findings, seconds)

    def __str__(self) -> str:
        lines = [f"{self.state}: {self.plugin}", self.reason, self.where, self.effect, self.next_step]
        labels = ("", "  reason: ", "  where:  ", "  effect: ", "  next:   ")
        told = [label + line for label, line in zip(labels, lines, strict=True) if line]
        told += [f"  {found.code}:  {found.message}; {found.effect}. Next: {found.fix}" for found in self.findings]
        return "\n".join(told)


class Changes(Record):
    """What a refresh found, as plugin names, each sorted."""

    __slots__ = ("added", "removed", "changed")

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __init__(
        self, *, added: tuple[str, ...] = (), removed: tuple[str, ...] = (), changed: tuple[str, ...] = ()
    ) -> None:
        self._fill(added, removed, changed)

    @classmethod
    def between(cls, before: "Mapping[str, Plugin]", after: "Mapping[str, Plugin]") -> "Changes":
        """Return how the plugins of one look differ from those of the look before it."""
        added = tuple(name for name in after if name not in before)
        removed = tuple(name for name in before if name not in after)
        changed = tuple(name for name in after if name in before and after[name] != before[name])
        return cls(added=added, removed=removed, changed=changed)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)
