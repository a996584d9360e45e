"""The backends that plugins provide, by ``namespace.operation.backend``."""

from plugframe.namespaces.references import References


class Backends(References):
    """The backends known so far; each is imported when it is first used."""

    def of(self, operation: str) -> tuple[str, ...]:
        """Return the names of one operation's backends, sorted.

        Args:
            operation: such as ``image.resize``.
        """
        start = f"{operation}."
        return tuple(name[len(start) :] for name in self if name.startswith(start))
