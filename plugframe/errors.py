"""Every exception and warning of plugframe.

Each carries what it speaks of as attributes, subclasses the builtin that callers already catch, pickles, and makes its
message without importing anything.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class PlugframeError(Exception):
    """Something in plugframe failed; the root of all its errors."""


class PlugframeWarning(UserWarning):
    """Something in plugframe deserves attention; the root of all its warnings."""


class PluginNotFoundError(PlugframeError, LookupError):
    """No installed distribution has a plugin of this name for this host."""

    def __init__(self, host: str, name: str, near: tuple[str, ...] = ()) -> None:
        """Keep the host, the name that was asked for, and the installed names like it."""
        super().__init__(host, name, near)
        self.host = host
        self.name = name
        self.near = near

    def __str__(self) -> str:
        hint = f" Did you mean {_either(self.near)}?" if self.near else ""
        return f"{self.host} has no plugin named {self.name!r}.{hint} Next: plugframe list --host {self.host} --all"


class PluginLoadError(PlugframeError):
    """A plugin could not be imported, resolved or registered; the cause is chained."""

    def __init__(self, plugin: str, reason: str, *, where: str = "", effect: str = "", next_step: str = "") -> None:
        """Keep the plugin (``group:name from distribution version``), the cause, the first frame, and what follows."""
        super().__init__(plugin, reason)
        self.plugin = plugin
        self.reason = reason
        self.where = where
        self.effect = effect
        self.next_step = next_step

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        parts = (f"cannot load {self.plugin}: {self.reason}{place}", self.effect)
        return ". ".join(filter(None, (*parts, self.next_step and f"Next: {self.next_step}")))


class PluginImportError(PluginLoadError, ImportError):
    """A plugin's module could not be imported."""


class PluginModuleNotFoundError(PluginImportError, ModuleNotFoundError):
    """What a plugin's entry point names is not installed, or is no module."""

    def __init__(
        self, plugin: str, reason: str, *, name: str = "", where: str = "", effect: str = "", next_step: str = ""
    ) -> None:
        """Keep what any failure has, and the full name of the module that was asked for."""
        super().__init__(plugin, reason, where=where, effect=effect, next_step=next_step)
        self.name = name


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
        hint = f"; did you mean {_either(self.near)}?" if self.near else ""
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


class PluginBlockedError(PlugframeError, RuntimeError):
    """A plugin was asked for that may not run."""

    def __init__(self, plugin: str, state: str, reason: str) -> None:
        """Keep the plugin, its state and the reason for it."""
        super().__init__(plugin, state, reason)
        self.plugin = plugin
        self.state = state
        self.reason = reason

    def __str__(self) -> str:
        host = self.plugin.partition(":")[0].rpartition(".")[0]
        return f"{self.plugin} is {self.state}: {self.reason}. Next: plugframe list --host {host} --all"


class RegistrationError(PlugframeError, ValueError):
    """Something cannot be registered as it is; nothing was changed."""


class RegistrationConflictError(RegistrationError):
    """Two plugins register the same name."""

    def __init__(self, kind: str, name: str, present: str, refused: str, other: str = "") -> None:
        """Keep the kind (``class``, ``callback`` …), the name, whose is registered and whose is refused.

        ``other`` is the name that is registered, where it is another one that excludes the refused one.
        """
        super().__init__(kind, name, present, refused, other)
        self.kind = kind
        self.name = name
        self.present = present
        self.refused = refused
        self.other = other

    def __str__(self) -> str:
        if self.other:
            return (
                f"{self.kind} {self.name!r} of {self.refused} is refused: {self.present} has registered "
                f"{self.other!r}, and one name cannot be a {self.kind} and a namespace. Have one of the two choose "
                f"another name."
            )
        if self.present.partition(" from ")[2] == (self.refused.partition(" from ")[2] or None):
            return (
                f"{self.kind} {self.name!r} of {self.refused} is refused: its own distribution declares it as "
                f"{self.present}. Its authors must drop one of the two."
            )
        return (
            f"{self.kind} {self.name!r} of {self.refused} is refused: {self.present} has registered it. "
            f"Uninstall one of the two, or have one of them choose another name."
        )


class SlotBoundError(RegistrationConflictError):
    """Somebody binds a function to a callback slot that is bound already, without replacing what is."""

    def __init__(self, slot: str, present: str, refused: str) -> None:
        """Keep the slot, whose function is bound and whose is refused."""
        super().__init__("callback", slot, present, refused)
        self.args = (slot, present, refused)
        self.slot = slot

    def __str__(self) -> str:
        return (
            f"the slot {self.slot!r} is bound to a function of {self.present}; that of {self.refused} is refused. "
            f"Bind it with replace=True to put it over the other, or uninstall one of the two."
        )


class SignatureMismatchError(RegistrationError):
    """A function does not accept every call that a callback slot's signature allows."""

    def __init__(self, slot: str, provider: str, reason: str, *, signature: str = "") -> None:
        """Keep the slot, whose function it is, the first call that it does not accept, and the slot's signature."""
        super().__init__(slot, provider, reason)
        self.slot = slot
        self.provider = provider
        self.reason = reason
        self.signature = signature

    def __str__(self) -> str:
        return f"the slot {self.slot}{self.signature} cannot have the function of {self.provider}: {self.reason}"


class UnboundSlotError(PlugframeError, RuntimeError):
    """A callback slot was called that must be bound and is not."""

    def __init__(self, host: str, slot: str) -> None:
        """Keep the host and the slot."""
        super().__init__(host, slot)
        self.host = host
        self.slot = slot

    def __str__(self) -> str:
        return (
            f"the slot {self.slot!r} of {self.host} must be bound, and nothing is: no entry point of the group "
            f"{self.host}.callbacks names it, and no plugin that is loaded has registered a function for it. "
            f"Next: plugframe list --host {self.host} --all"
        )


class HookValidationError(PlugframeError, ValueError):
    """A hook implementation does not fit its hook, or cannot be put in order with the others; nothing was changed."""

    def __init__(self, hook: str, plugin: str, reason: str, *, where: str = "", specification: str = "") -> None:
        """Keep the hook, whose it is, what is wrong, and where the implementation and the specification stand."""
        super().__init__(hook, plugin, reason)
        self.hook = hook
        self.plugin = plugin
        self.reason = reason
        self.where = where
        self.specification = specification

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        specified = f". The hook is specified at {self.specification}" if self.specification else ""
        return f"hook {self.hook!r} of {self.plugin}{place}: {self.reason}{specified}"


class HookArgumentError(PlugframeError, TypeError):
    """A hook was called without an argument that an implementation takes."""

    def __init__(self, hook: str, plugin: str, argument: str) -> None:
        """Keep the hook, whose implementation it is, and the argument that the call does not give."""
        super().__init__(hook, plugin, argument)
        self.hook = hook
        self.plugin = plugin
        self.argument = argument

    def __str__(self) -> str:
        return f"hook {self.hook!r} must be called with {self.argument!r}: {self.plugin} takes it"


class CoroutineHookError(PlugframeError, TypeError):
    """A hook was called plainly that a plugin implements by a coroutine, which nobody would await."""

    def __init__(self, hook: str, plugin: str) -> None:
        """Keep the hook and the plugin."""
        super().__init__(hook, plugin)
        self.hook = hook
        self.plugin = plugin

    def __str__(self) -> str:
        return (
            f"hook {self.hook!r} was called plainly, but {self.plugin} implements it as a coroutine, which nothing "
            f"would await. Next: await host.hook.{self.hook}.acall(...)"
        )


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
        near = f"; did you mean {_either(alike)}?" if alike else ""
        hint = f"{'' if near else '.'} {self.hint}" if self.hint else ""
        return f"no {self.kind} named {self.name!r} is registered{near}{hint}"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args, {**vars(self), "explain": self.hint}


class EnvironmentNotReadableError(PlugframeError, OSError):
    """Another interpreter's environment could not be found out."""

    def __init__(self, target: str, reason: str, next_step: str = "name its python executable or its folder") -> None:
        """Keep the interpreter or folder that was named, what went wrong, and what to do."""
        super().__init__(reason)
        self.target = target
        self.reason = reason
        self.next_step = next_step

    def __str__(self) -> str:
        return f"cannot read the environment of {self.target!r}: {self.reason}. Next: {self.next_step}"

    def __reduce__(self) -> tuple[object, ...]:
        # An OSError takes its arguments for an error number and a file name, and would pickle those.
        return type(self), (self.target, self.reason, self.next_step), self.__dict__


class LibraryError(PlugframeError, OSError):
    """A library could not be loaded; nothing of it is registered, and it can be tried again."""

    def __init__(self, path: str, reason: str) -> None:
        """Keep the file, and what was expected and found."""
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot load the library {self.path}: {self.reason}"

    def __reduce__(self) -> tuple[object, ...]:
        # An OSError takes its arguments for an error number and a file name, and would pickle those.
        return type(self), (self.path, self.reason), self.__dict__


class LibraryFormatError(LibraryError):
    """A file is no library that can be loaded, or what a native library declares in its tables cannot be."""


class LibraryVersionError(LibraryError):
    """A native library was built for another version of the interface between host and library."""

    def __init__(self, path: str, theirs: str, ours: str) -> None:
        """Keep the file, the version that it was built for, and the newest that this host knows."""
        major = ours.partition(".")[0]
        reason = f"it was built for version {theirs} of the plugin ABI, and this host takes {major}.0 to {ours}"
        super().__init__(path, reason)
        self.theirs = theirs
        self.ours = ours

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.theirs, self.ours), self.__dict__


class DuplicateLibraryError(LibraryError):
    """A copy of what is loaded, or another module of its name, was to be loaded from another file."""

    def __init__(self, path: str, name: str, present: str) -> None:
        """Keep the file, the name that both have, and the file that is loaded."""
        super().__init__(path, f"{name} is loaded from {present} already, and a process can have only one of it")
        self.name = name
        self.present = present

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.name, self.present), self.__dict__


class NativeError(PlugframeError, RuntimeError):
    """A function of a native library failed, with the library's own message; a callback's exception is chained."""

    def __init__(self, function: str, reason: str) -> None:
        """Keep the function, such as ``stats.total``, and the message."""
        super().__init__(function, reason)
        self.function = function
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.function}: {self.reason}"


class NativeTypeError(NativeError, TypeError):
    """An argument of a native function is of a type that it does not take."""


class NativeValueError(NativeError, ValueError):
    """An argument of a native function has a value that it does not take."""


class NativeMemoryError(NativeError, MemoryError):
    """A native function had not enough memory."""


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(map(repr, names))


def near_matches(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return up to three known names that are like a name, best first.

    At most every third character may be missing, surplus, another one, or changed places with its neighbour.

    Example:
        >>> near_matches("visoin", ("vision", "audio", "visions"))
        ('vision', 'visions')
    """
    folded = name.lower()
    most = max(min(1, len(folded) - 1), len(folded) // 3)
    unique = {other.lower(): other for other in reversed(known)}.values()
    alike = [other for other in reversed(tuple(unique)) if abs(len(other) - len(folded)) <= most]
    ranked = sorted((_distance(folded, other.lower()), position, other) for position, other in enumerate(alike))
    return tuple(other for distance, _, other in ranked if distance <= most)[:3]


def _distance(one: str, other: str) -> int:
    """Return the edit distance of two words, exchanged neighbours counting as one (optimal string alignment).

    Written out, since importing difflib for every attribute that somebody probes for would cost more than the probe.
    """
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, a in enumerate(one):
        row = [i + 1]
        for j, b in enumerate(other):
            row.append(min(above[j + 1] + 1, row[j] + 1, above[j] + (a != b)))
            if before and j and a == other[j - 1] and b == one[i - 1]:
                row[-1] = min(row[-1], before[j - 1] + 1)
        before, above = above, row
    return above[-1]
