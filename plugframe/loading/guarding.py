"""What registration asks of the guard of a locked host; where the mode is another one, nothing is asked of anybody."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from plugframe.loading.files import LibraryFile
    from plugframe.loading.verified.guard import Guard
    from plugframe.policy.plugins import Plugins
    from plugframe.records import Diagnostic, Plugin


class Guarding:
    """The guard of a host's plugins as they are known now, if there is one."""

    def __init__(self, plugins: "Callable[[], Plugins]") -> None:
        """Keep what returns the host's plugins."""
        self._plugins = plugins

    def _guard(self) -> "Guard | None":
        guard: Guard | None = self._plugins().guard
        return guard

    def admit(self, plugin: "Plugin") -> None:
        """See that nobody finds modules before the guard does while a plugin is loaded."""
        guard = self._guard()
        if guard is not None:
            guard.admit(plugin)

    def findings(self, plugin: "Plugin") -> "tuple[Diagnostic, ...]":
        """Return what a plugin may have that was not compared with the lock."""
        guard = self._guard()
        return () if guard is None else tuple(guard.findings(plugin))

    def expect(self, path: str) -> str:
        """Return the path of a library that a plugin names.

        Raises:
            LibraryError: the lock does not have it.
        """
        guard = self._guard()
        if guard is not None:
            guard.expect(path)
        return path

    def approve(self, file: "LibraryFile") -> None:
        """Look at a library before it is opened.

        Raises:
            LibraryError: it is not as the lock has it.
        """
        guard = self._guard()
        if guard is not None:
            guard.approve(file)
