"""Dotted names: which can be registered, whose they are, and which exclude each other."""

from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class Addition(Record):
    """A name that somebody wants to register.

    Attributes:
        name: dotted, such as ``vision.ResNet``.
        target: the object, or its reference ``module:attribute``.
        provider: whose, such as ``myapp.plugins:vision from acme-vision 1.2``.
        replaces: whether it takes the place of what has the name already.
    """

    __slots__ = ("name", "provider", "target", "replaces")

    name: str
    provider: str
    target: object
    replaces: bool

    def __init__(self, *, name: str, provider: str, target: object, replaces: bool = False) -> None:
        self._fill(name, provider, target, replaces)

    def is_same(self, other: "Addition") -> bool:
        """Return whether both mean one object; objects are not compared, for their own comparison may do anything."""
        targets = (self.target, other.target)
        same = targets[0] is targets[1] or (all(type(one) is str for one in targets) and targets[0] == targets[1])
        return same and (self.name, self.provider) == (other.name, other.provider)


def name_problem(name: object, *, parts: int = 1, reserved: "Collection[str]" = ()) -> str:
    """Return why a name cannot be registered, or an empty string.

    Args:
        name: what somebody gave for a name.
        parts: how many dotted parts it must have at least.
        reserved: first parts that could not be reached.

    Example:
        >>> name_problem("vision.ResNet", parts=2)
        ''
        >>> name_problem("ResNet", parts=2)
        'it is no dotted name of 2 or more identifiers'
        >>> name_problem("vision.class")
        "'class' is a keyword"
    """
    # Of a subclass of str, somebody else's methods would run, under our lock too.
    words = name.split(".") if type(name) is str else [""]
    if not all(word.isidentifier() and not word.startswith("_") for word in words) or len(words) < parts:
        return "it is no dotted name of " + (f"{parts} or more identifiers" if parts > 1 else "identifiers")
    from keyword import iskeyword

    keywords = [word for word in words if iskeyword(word)]
    if keywords:
        return f"{keywords[0]!r} is a keyword"
    for word in words:
        if as_parsed(word) != word:
            return f"Python reads {word!r} as {as_parsed(word)!r}"
    return f"{words[0]!r} is a method there" if words[0] in reserved else ""


def as_parsed(word: str) -> str:
    """Return what an identifier is in source code (NFKC)."""
    if word.isascii():
        return word
    from unicodedata import normalize

    return normalize("NFKC", word)


class Names:
    """Names with whose they are, none of which excludes another.

    Where names are reached part by part, ``vision.Net`` and ``vision.Net.Deep`` exclude each other: ``vision.Net``
    cannot be both, a class and a namespace.
    """

    __slots__ = ("_children", "_full", "_inner", "_known", "additions")

    def __init__(self, additions: "Iterable[Addition]" = (), *, by_part: bool = False) -> None:
        """Take names, of those that exclude each other the first.

        Args:
            additions: the names, those that win first.
            by_part: whether they are reached part by part.
        """
        self.additions: dict[str, Addition] = {}
        self._inner: dict[str, Addition] | None = {} if by_part else None
        self._full: tuple[str, ...] | None = None
        self._known: tuple[str, ...] | None = None
        self._children: dict[str, tuple[str, ...]] | None = None
        for addition in additions:
            if self.rival(addition.name) is None:
                self.take(addition)

    def take(self, addition: Addition) -> None:
        """Add a name that has no rival; nobody else may know these names yet."""
        self.additions[addition.name] = addition
        if self._inner is not None:
            for prefix in _prefixes(addition.name):
                self._inner.setdefault(prefix, addition)

    def rival(self, name: str) -> "Addition | None":
        """Return what excludes a name: of the same name, of a namespace that it would be, or a class that it is in."""
        found = self.additions.get(name)
        if found is None and self._inner is not None:
            found = self._inner.get(name)
            for prefix in _prefixes(name):
                found = found or self.additions.get(prefix)
        return found

    @property
    def full(self) -> tuple[str, ...]:
        """All names, sorted."""
        if self._full is None:
            self._full = tuple(sorted(self.additions))
        return self._full

    @property
    def children(self) -> dict[str, tuple[str, ...]]:
        """Every namespace, the empty name for the outermost, and the names in it, sorted."""
        if self._children is None:
            found: dict[str, dict[str, None]] = {"": {}}
            for name in self.full:
                inside = ""
                for prefix in (*_prefixes(name), name):
                    found.setdefault(inside, {})[prefix.rpartition(".")[2]] = None
                    inside = prefix
            self._children = {space: tuple(sorted(names)) for space, names in found.items()}
        return self._children

    @property
    def known(self) -> tuple[str, ...]:
        """All names and then all namespaces: what somebody may mean who asks for one that is not there."""
        if self._known is None:
            self._known = (*self.full, *filter(None, self.children)) if self._inner is not None else self.full
        return self._known


def _prefixes(name: str) -> list[str]:
    """Return the namespaces that a name is in, the outermost first."""
    words = name.split(".")
    return [".".join(words[:end]) for end in range(1, len(words))]
