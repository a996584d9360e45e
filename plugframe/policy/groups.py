"""What a host can be made with, and the entry-point groups that it takes plugins from."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.discovery.snapshot import Snapshot

HOSTS = "plugframe.hosts"
KINDS = ("hooks", "classes", "callbacks", "libraries", "operations")
PARTS = {"classes": 2, "callbacks": 1, "libraries": 1, "operations": 3}  # of a name, at least
RESERVED = {  # what could not be reached: methods have these names
    "classes": ("add", "get", "mount", "provider"),
    "operations": (
        "backend_names", "backends", "check", "check_backend", "checked_by", "configure", "crossref", "declare",
        "disable", "drop", "fallback", "find", "forget_environment", "get", "host", "host_calls", "is_active",
        "loaded_overloads", "prefer", "problems", "registered_overloads", "renew", "settle", "standing_checker",
        "undeclared", "unsettle", "wanted", "warn",
    ),
}  # fmt: skip


def check_host(name: object) -> None:
    """Refuse what cannot be a host's name.

    Raises:
        ValueError: the name cannot be part of a group.
    """
    words = str(name).replace("-", ".").replace("_", ".").split(".")
    if not issubclass(type(name), str) or not all(word.isalnum() for word in words):
        message = f"a host's name is of letters and digits, with '.', '-' or '_' between them; got {name!r}"
        raise ValueError(message)


def check_options(activation: object, path: object, required: object) -> None:
    """Refuse what a host cannot be made with; see ``Host``.

    Raises:
        ValueError: there is no such activation.
        TypeError: ``path`` or ``required`` is one text, not a list of them.
    """
    if isinstance(path, str | bytes) or isinstance(required, str):
        message = f"path and required are lists; got {path!r} and {required!r}"
        raise TypeError(message)
    if activation not in ("declared", "learned", "eager"):
        message = f"activation is 'declared', 'learned' or 'eager'; got {activation!r}"
        raise ValueError(message)


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
