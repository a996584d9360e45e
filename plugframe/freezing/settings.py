"""What an application's spec file says about its plugins: ``hooksconfig={"plugframe": {"hosts": ["myapp"]}}``."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = ("hosts", "exclude")


class Settings:
    """The settings of one build.

    Attributes:
        hosts: the names of the hosts whose plugins are collected; None means those that the application has.
        exclude: the distributions whose plugins are not, by normalised name.
    """

    __slots__ = ("exclude", "hosts")

    def __init__(self, given: object = None) -> None:
        """Take what stands in the spec file.

        Raises:
            TypeError: it is no mapping, or a value is no list of names.
            ValueError: there is no setting of such a name.
        """
        from collections.abc import Mapping

        from plugframe.discovery.metadata import normalize

        if given is not None and not isinstance(given, Mapping):
            message = f'hooksconfig["plugframe"] is a mapping of {" and ".join(_KEYS)} to lists; got {given!r}'
            raise TypeError(message)
        known = dict(given or {})
        unknown = [key for key in known if key not in _KEYS]
        if unknown:
            message = f'hooksconfig["plugframe"] has the settings {" and ".join(_KEYS)}; got {unknown[0]!r}'
            raise ValueError(message)
        self.hosts = None if known.get("hosts") is None else _names(known, "hosts")
        self.exclude = frozenset(map(normalize, _names(known, "exclude")))


def _names(known: "Mapping[str, object]", key: str) -> tuple[str, ...]:
    value = known.get(key) or ()
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(name, str) for name in value):
        return tuple(value)
    message = f'hooksconfig["plugframe"]["{key}"] is a list of names; got {value!r}'
    raise TypeError(message)
