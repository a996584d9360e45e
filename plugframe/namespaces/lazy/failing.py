"""What is left of an import that failed, and what is said of it."""

import sys

from plugframe.errors import LazyImportError, LazyModuleNotFoundError


def failure(
    error: BaseException, shown: str, module: str, *, package: str, extra: str = "", where: str = ""
) -> LazyImportError:
    """Forget what a failed import left behind, and return the error to raise from its cause.

    Args:
        error: what was raised.
        shown: what the user asked for.
        module: the full name of the module that was to be imported.
        package: the package that declares it.
        extra: of the package's distribution, that has what the module needs.
        where: the place that asks for it, if the traceback does not show that.

    Raises:
        BaseException: ``error`` itself, where it is no failure but a wish to stop, such as a KeyboardInterrupt.
    """
    _forget_orphans(module.partition(".")[0])
    if not isinstance(error, (Exception, SystemExit)):
        raise error
    reason = error.reason if isinstance(error, LazyImportError) else _described(error)
    # An error of another kind is no matter of what is installed.
    wanted = extra if isinstance(error, ImportError) else ""
    kind = LazyModuleNotFoundError if isinstance(error, ModuleNotFoundError) else LazyImportError
    if not wanted and isinstance(error, LazyImportError):
        package, wanted = error.package, error.extra
    return kind(shown, reason, package=package, extra=wanted, where=where)


def _described(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 # a foreign exception may do anything when it is looked at
        return type(error).__name__


def _forget_orphans(top: str) -> None:
    """Remove the modules whose parent is not there: it could not be imported, but they could, in its course.

    When the parent is tried again, the import system would take them for imported and not make them its attributes.
    """
    start = f"{top}."
    below = sorted(name for name in tuple(sys.modules) if name.startswith(start))
    for name in below:  # parents before children
        parent = name.rpartition(".")[0]
        if parent not in sys.modules:
            sys.modules.pop(name, None)
