"""The entry-point groups that a host takes plugins from."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.discovery.snapshot import Snapshot

HOSTS = "plugframe.hosts"
KINDS = ("hooks", "classes", "callbacks", "libraries", "operations")
PARTS = {"classes": 2, "callbacks": 1, "libraries": 1, "operations": 3}  # of a name, at least
RESERVED = {"classes": ("add", "get", "mount", "provider")}  # what could not be reached: methods have these names


def check_host(name: object) -> None:
    """Refuse what cannot be a host's name.

    Raises:
        ValueError: the name cannot be part of a group.
    """
    words = str(name).replace("-", ".").replace("_", ".").split(".")
    if not issubclass(type(name), str) or not all(word.isalnum() for word in words):
        message = f"a host's name is of letters and digits, with '.', '-' or '_' between them; got {name!r}"
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
