"""What a library brings to the registries of one host, wholly or not at all, and away again."""

import os
import sys

from plugframe.errors import LibraryError, RegistrationError
from plugframe.loading.libraries.claims import Deadlock
from plugframe.loading.libraries.files import NATIVE, LibraryFile
from plugframe.loading.libraries.modules import forget, import_file
from plugframe.loading.libraries.opened import claims
from plugframe.loading.libraries.places import find_file
from plugframe.loading.libraries.serving import Serving
from plugframe.namespaces.names import Addition, name_problem
from plugframe.policy.groups import PARTS, RESERVED
from plugframe.records import Decision, Distribution, EntryPoint, Plugin, split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from plugframe.loading.libraries.library import Library
    from plugframe.loading.native.images import Image
    from plugframe.namespaces.references import References
    from plugframe.registry.callbacks import Callbacks

    Register = Callable[[Plugin, object], tuple["Names", object]]
    Names = tuple[str, ...]


class Enlisting:
    """Registers what libraries bring: classes and slots of native ones, of others what plugins may."""

    def __init__(
        self,
        host: str,
        *,
        classes: "References",
        callbacks: "Callbacks",
        register: "Register",
        undo: "Callable[[Plugin], object]",
    ) -> None:
        """Keep where to register.

        Args:
            host: its name.
            classes: its classes.
            callbacks: its slots.
            register: registers what a module brings as a plugin's, or nothing of it.
            undo: takes away what was registered as a plugin's.
        """
        self._host = host
        self._classes = classes
        self._serving = Serving(host, callbacks)
        self._register = register
        self._undo = undo
        self._live: dict[str, tuple[LibraryFile, object]] = {}

    def enlist_image(self, file: LibraryFile, image: "Image") -> "Names":
        """Register the classes and slots of a native library.

        Returns:
            What was registered, as ``kind:name``.

        Raises:
            RegistrationError: a name cannot be registered or is taken; nothing was changed.
            LibraryError: another host serves its slots, or a slot of this one does not fit; nothing was changed.
        """
        plugin = self._plugin(file)
        additions = [
            Addition(name=f"{image.name}.{name}", provider=str(plugin), target=cls)
            for name, cls in image.classes.items()
        ]
        self._check(file, image, additions)
        new = [one for one in additions if not self._declares(one.name, file)]
        self._classes.commit(new)
        try:
            self._serving.serve(file.path, image.slots)
        except BaseException:
            self._undo(plugin)
            raise
        self._live[file.path] = (file, image)
        kinds = [f"functions:{image.name}.{name}" for name in image.functions]
        return (*(f"classes:{one.name}" for one in additions), *kinds, *(f"slots:{one.name}" for one in image.slots))

    def _check(self, file: LibraryFile, image: "Image", additions: list[Addition]) -> None:
        for one in additions:
            problem = name_problem(one.name, parts=PARTS["classes"], reserved=RESERVED["classes"])
            if problem:
                message = f"{one.provider} registers the class {one.name!r}: {problem}"
                raise RegistrationError(message)
        for slot in image.slots:
            if slot.host and slot.host != self._host:
                reason = f"the host {slot.host!r} serves its slot {slot.name!r}, and only one host can"
                raise LibraryError(file.path, reason)

    def _declares(self, name: str, file: LibraryFile) -> bool:
        """Return whether a class is registered already as what this very library has, by an entry point."""
        table = self._classes
        target = table.target(name) if name in table else None
        if not isinstance(target, str) or split_reference(target)[1] != name.rpartition(".")[2]:
            return False
        try:
            return os.path.realpath(find_file(split_reference(target)[0])) == file.path
        except LibraryError:
            return False

    def import_and_enlist(self, file: LibraryFile) -> "tuple[object, Names]":
        """Import a library of Python and register what it brings as a plugin would.

        Returns:
            The module, and what was registered.

        Raises:
            LibraryError: importing it raised; nothing of it stays imported.
            Exception: whatever the library raises while it is registered; the same holds.
        """
        before = frozenset(sys.modules)
        module = import_file(file)
        try:
            registered, _ = self._register(self._plugin(file), module)
        except BaseException:
            forget(file.name, before)
            raise
        self._live[file.path] = (file, module)
        return module, registered

    def switch(self, library: "Library", wanted: bool) -> None:  # noqa: FBT001 # the state that is wanted
        """Give the names of a library to the host, or take them away; do nothing if that was done.

        Raises:
            RegistrationError: a name was taken meanwhile; it stays disabled.
            LibraryError: a slot does not fit any more, or this very library is being loaded or switched by what asks
                for it.
        """
        found = self._live.get(library.path)
        if found is None:  # a plain shared library, which has no names
            library.enabled = wanted
            return
        file, live = found
        try:
            with claims.claim(file.identity):
                if library.enabled is not wanted:  # another thread may have done it while this one waited
                    self._switch(file, live, wanted=wanted)
                    library.enabled = wanted
        except Deadlock:
            reason = "it is being loaded, enabled or disabled by what asks for it"
            raise LibraryError(library.path, reason) from None

    def _switch(self, file: LibraryFile, live: object, *, wanted: bool) -> None:
        if not wanted:
            self._disenlist(file, live)
        elif file.kind == NATIVE:
            self.enlist_image(file, live)  # type: ignore[arg-type] # what enlist_image kept
        else:
            self._register(self._plugin(file), live)

    def _disenlist(self, file: LibraryFile, live: object) -> None:
        if file.kind == NATIVE:
            self._serving.withdraw(file.path, live.slots)  # type: ignore[attr-defined] # what enlist_image kept
        self._undo(self._plugin(file))

    def _plugin(self, file: LibraryFile) -> Plugin:
        """Return a record that says whose the names are: the file's."""
        distribution = Distribution(
            name=file.path,
            version=file.version,
            key=file.path,
            location=os.path.dirname(file.path),
            metadata_path=file.path,
            origin="unknown",
        )
        entry = EntryPoint(group=f"{self._host}.libraries", name=file.name, value=file.name, distribution=distribution)
        decision = Decision(state="available")
        # The path makes the name unique among the host's plugins.
        name = f"{file.name} [{file.path}]"
        return Plugin(host=self._host, name=name, entry_point=entry, decision=decision, provides={"hooks": ()})
