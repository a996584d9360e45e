"""Implementations that differ from their reference, and values that do not match."""

from plugframe.errors.roots import PlugframeError, PlugframeWarning


class CrossReferenceError(PlugframeError, AssertionError):
    """An implementation of an operation does something else than its reference, or two values do not match."""

    def __init__(
        self,
        what: str,
        differences: tuple[str, ...],
        *,
        operation: str = "",
        overload: str = "",
        backend: str = "",
        reference: str = "",
        call: str = "",
        reproduction: str = "",
    ) -> None:
        """Keep what was compared with what, where they differ, and Python that does it again.

        Args:
            what: the beginning of the message, such as ``image.resize by 'acme' differs from 'default'``.
            differences: one line each, beginning with the place, such as ``output[0]: shape (2, 3) != (3, 2)``.
            operation: the operation's name; empty for values that were compared without one.
            overload: the signature that the arguments fit.
            backend: the name of what was called.
            reference: the name of what it was compared with.
            call: the expression that calls the implementation with the same arguments.
            reproduction: the program that makes this call and finds the same again.
        """
        super().__init__(what, differences)
        self.what = what
        self.differences = differences
        self.operation = operation
        self.overload = overload
        self.backend = backend
        self.reference = reference
        self.call = call
        self.reproduction = reproduction

    def __str__(self) -> str:
        lines = [f"{self.what}:", *(f"  {difference}" for difference in self.differences)]
        if self.reproduction:
            lines += ["To see it again:", *(f"  {line}" for line in self.reproduction.splitlines())]
        return "\n".join(lines)


class CrossReferenceWarning(PlugframeWarning):
    """An implementation of an operation does something else than its reference; the message is that of the error."""
