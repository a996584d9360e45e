"""Names that cannot be declared, are not known, or cannot be imported."""

from plugframe.errors.roots import PlugframeError, either, near_matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class NamespaceError(PlugframeError, ValueError):
    """A package cannot be the namespace of a host's plugins."""

    def __init__(self, package: str, host: str, reason: str, next_step: str = "") -> None:
        """Keep the package, the host, what is in the way, and what to do about it."""
        super().__init__(package, host, reason, next_step)
        self.package = package
        self.host = host
        self.reason = reason
        self.next_step = next_step

    def __str__(self) -> str:
        advice = f". Next: {self.next_step}" if self.next_step else ""
        return f"{self.package!r} cannot be the namespace of {self.host}'s plugins: {self.reason}{advice}"


class ReferenceNotFoundError(PlugframeError, AttributeError):
    """A module was imported, and what a reference names in it is not there, or is None."""

    def __init__(self, module: str, attribute: str, near: tuple[str, ...] = (), *, is_none: bool = False) -> None:
        """Keep the module, the dotted attribute, the names like it, and whether it is there but None."""
        super().__init__(module, attribute, near)
        self.module = module
        self.attribute = attribute
        self.near = near
        self.is_none = is_none

    def __str__(self) -> str:
        if self.is_none:
            return f"{self.attribute or 'the module'!r} of module {self.module!r} is None"
        hint = f"; did you mean {either(self.near)}?" if self.near else ""
        return f"module {self.module!r} has no {self.attribute!r}{hint}"


class DeclarationError(PlugframeError, ValueError):
    """A name of a lazy namespace cannot be declared."""

    def __init__(self, package: str, name: str, reason: str) -> None:
        """Keep the package, the name and what is wrong with it."""
        super().__init__(package, name, reason)
        self.package = package
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.package} cannot declare the name {self.name!r}: {self.reason}"


class LazyImportError(PlugframeError, ImportError):
    """A declared name could not be imported at its first use; the cause is chained, and it can be tried again."""

    def __init__(
        self, name: str, reason: str, *, package: str = "", extra: str = "", requirement: str = "", where: str = ""
    ) -> None:
        """Keep what was asked for, what went wrong, what to install for it, and the place that asks for it.

        Args:
            name: the full name that was asked for.
            reason: what went wrong.
            package: the package that declares it.
            extra: of the package's distribution; with that one's name, ``acme-charts[plots]``, if it is another.
            requirement: PEP 508.
            where: a file and its line.
        """
        super().__init__(name, reason)
        self.name = name
        self.reason = reason
        self.package = package
        self.extra = extra
        self.requirement = requirement
        self.where = where

    def __str__(self) -> str:
        top = self.package.partition(".")[0]
        wanted = self.requirement or (self.extra if "[" in self.extra or not self.extra else f"{top}[{self.extra}]")
        place = f" (lazily loaded at {self.where})" if self.where else ""
        advice = f". Next: pip install '{wanted}'" if wanted else ""
        return f"cannot import {self.name}: {self.reason}{place}{advice}"


class LazyModuleNotFoundError(LazyImportError, ModuleNotFoundError):
    """A declared name could not be imported at its first use, because a module is not installed."""


class NotRegisteredError(PlugframeError, AttributeError):
    """Nothing of this name is registered."""

    def __init__(
        self, kind: str, name: str, known: tuple[str, ...] = (), *, explain: "str | Callable[[], str]" = ""
    ) -> None:
        """Keep the kind (``class``, ``callback`` …), the name asked for, and the names that are registered.

        ``explain`` says who would provide it, or returns that when somebody wants to know.
        """
        super().__init__(kind, name, known)
        self.kind = kind
        self.name = name
        self.known = known
        self.explain = explain

    @property
    def hint(self) -> str:
        """Who would provide it, and the next step; empty when nobody is known to. Found out when asked."""
        if not isinstance(self.explain, str):
            try:
                self.explain = self.explain()
            except Exception:  # noqa: BLE001 # an error's message must not fail for another one
                self.explain = ""
        return self.explain

    @property
    def near(self) -> tuple[str, ...]:
        """The registered names that are like the one asked for; looked for when asked, since most misses are probes."""
        return near_matches(str(self.name), tuple(name for name in self.known if name != self.name))

    def __str__(self) -> str:
        alike = self.near  # found anew at each look, among all that is registered
        near = f"; did you mean {either(alike)}?" if alike else ""
        hint = f"{'' if near else '.'} {self.hint}" if self.hint else ""
        return f"no {self.kind} named {self.name!r} is registered{near}{hint}"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args, {**vars(self), "explain": self.hint}
