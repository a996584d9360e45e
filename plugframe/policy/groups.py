"""The entry-point groups that a host takes plugins from."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.discovery.snapshot import Snapshot

KINDS = ("hooks", "classes", "callbacks", "libraries", "operations")
PARTS = {"classes": 2, "callbacks": 1, "libraries": 1, "operations": 3}  # of a name, at least
RESERVED = {  # what could not be reached: methods have these names
    "classes": ("add", "get", "mount", "provider"),
    "operations": (
        "backend_names", "backends", "check", "checked_by", "configure", "crossref", "declare", "disable", "drop",
        "fallback", "find", "forget_environment", "get", "host", "host_calls", "is_active", "loaded_overloads",
        "prefer", "problems", "registered_overloads", "renew", "settle", "standing_checker", "undeclared", "unsettle",
        "wanted", "warn",
    ),
}  # fmt: skip


def groups(host: str) -> tuple[str, ...]:
    """Return the groups of a host, the plugins' own first.

    Example:
        >>> groups("myapp")[:2]
        ('myapp.plugins', 'myapp.hooks')
    """
    return tuple(f"{host}.{kind}" for kind in ("plugins", *KINDS))


def names(host: str, snapshot: "Snapshot") -> set[str]:
    """Return the names of a host's plugins; those that ``decisions.plugins`` finds, without making records of them."""
    named = snapshot.names(f"{host}.plugins")
    have = {place for place, _ in named}
    found = {name for _, name in named}
    for kind in KINDS:
        for place, _ in snapshot.names(f"{host}.{kind}"):
            if place not in have:
                have.add(place)
                found.add(snapshot.distribution_at(place).name)
    return found


def unreachable(name: str, kind: str) -> str:
    """Return why a name of a kind, such as ``classes``, cannot be reached; an empty string if it can.

    Example:
        >>> unreachable("get.Net", "classes")
        "'get' is a method there"
    """
    from plugframe.namespaces.names import name_problem  # which knowing the groups does without

    return name_problem(name, parts=PARTS[kind], reserved=RESERVED.get(kind, ()))
