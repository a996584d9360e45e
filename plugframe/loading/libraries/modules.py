"""Python files, packages, archives and extension modules as libraries: imported by path, once, under their own name."""

import importlib
import importlib.util
import os
import sys
from importlib.machinery import ExtensionFileLoader

from plugframe.errors import DuplicateLibraryError, LibraryError
from plugframe.loading.faults import fault_of
from plugframe.loading.libraries.files import ARCHIVE, EXTENSION, PACKAGE, LibraryFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def import_file(file: LibraryFile) -> "ModuleType":
    """Import a file, or return the module that was imported from it before.

    Raises:
        DuplicateLibraryError: a module of its name was imported from elsewhere.
        LibraryError: importing it raised; no part of it stays in ``sys.modules``.
        KeyboardInterrupt: the user interrupted it.
    """
    present = sys.modules.get(file.name)
    if present is not None:
        origin = _origin(present)
        if not _is_same(origin, _origin_of(file)):
            raise DuplicateLibraryError(file.path, f"a module {file.name!r}", origin or "the interpreter itself")
        return present
    importlib.invalidate_caches()
    spec = _spec(file)
    before = frozenset(sys.modules)
    try:
        module = importlib.util.module_from_spec(spec)  # runs code of an extension module
        sys.modules[file.name] = module
        assert spec.loader is not None  # noqa: S101 # a mistake of ours, not of a user
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        forget(file.name, before)
        raise
    except BaseException as error:
        forget(file.name, before)
        reason, where = fault_of(error, sys.exc_info()[2])
        raise LibraryError(file.path, f"{reason}{where and f' ({where})'}") from error
    return sys.modules.get(file.name, module)


def forget(name: str, before: frozenset[str] = frozenset()) -> None:
    """Take a module and those below it out of ``sys.modules``, so that it can be imported anew.

    Args:
        name: the module's.
        before: the modules that stay.
    """
    for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        if known not in before:
            del sys.modules[known]


def _origin(module: "ModuleType") -> str:
    return str(getattr(module, "__file__", None) or "")


def _origin_of(file: LibraryFile) -> str:
    if file.kind == PACKAGE:
        return os.path.join(file.path, "__init__.py")
    return file.path


def _is_same(origin: str, path: str) -> bool:
    """Return whether a module's origin is a file, or is inside of it where it is an archive."""
    while origin and not os.path.exists(origin):
        above = os.path.dirname(origin)
        origin = above if above != origin else ""
    return bool(origin) and os.path.isfile(origin) and os.path.exists(path) and os.path.samefile(origin, path)


def _spec(file: LibraryFile) -> "ModuleSpec":
    if file.kind == ARCHIVE:
        from zipimport import ZipImportError, zipimporter

        try:
            spec = zipimporter(file.path).find_spec(file.name)
        except ZipImportError as error:
            raise LibraryError(file.path, str(error)) from error
    elif file.kind == EXTENSION:
        loader = ExtensionFileLoader(file.name, file.path)
        spec = importlib.util.spec_from_file_location(file.name, file.path, loader=loader)
    else:
        search = [file.path] if file.kind == PACKAGE else None
        spec = importlib.util.spec_from_file_location(file.name, _origin_of(file), submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise LibraryError(file.path, f"the import system knows no loader for {file.name!r} there")
    return spec
