"""Modules that are imported when something of them is first used: ``load``.

Call-compatible with lazy_loader 0.6. What stands for a module is never in ``sys.modules``, and imports by the plain
``import``: a module that failed can be tried again, and threads wait for each other where the import system says so.

Source: https://scientific-python.org/specs/spec-0001/
"""

import sys

from plugframe.namespaces.attaching import import_whole, is_finished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType, ModuleType
    from typing import Any
else:
    ModuleType = type(sys)  # as types has it, without the cost of importing that

_ASKED_BY_TOOLS = ("_is_coroutine", "_ipython_", "_pytest", "_repr_")  # of anything that they come across
_ASKED_BY_PEOPLE = ("__version__", "__all__")


def load(
    fullname: str, *, require: str | None = None, error_on_import: bool = False, suppress_warning: bool = False
) -> ModuleType:
    """Return a module, or what imports it when something of it is first used.

    ``np = load("numpy")`` at the top of a module imports numpy with the first ``np.array``. From then on the module
    itself stands where the global variable was, and costs what any module does. Names between two underscores, other
    than ``__version__``, and ``dir`` and ``repr`` import nothing.

    Args:
        fullname: the module's full name; its parents are imported with it, not now.
        require: a requirement, such as ``numpy >=1.24``, that must be met when the module is imported.
        error_on_import: look now whether the module exists, importing its parents, and whether the requirement is met.
        suppress_warning: ignored; lazy_loader warns of parents that it imports at once.

    Returns:
        The module itself if it is imported already and nothing is required.

    Raises:
        LazyModuleNotFoundError: ``error_on_import``, and there is no such module, or not the version that is required.
        LazyImportError: ``error_on_import``, and the requirement is none, or a parent cannot be imported.
        ValueError: the name is no full name of a module.

    Source: https://scientific-python.org/specs/spec-0001/, PEP 508
    """
    del suppress_warning
    given: object = fullname
    if not isinstance(given, str) or not all(map(str.isidentifier, given.split("."))):
        message = f"load takes the full name of a module, such as 'numpy.linalg'; got {fullname!r}"
        raise ValueError(message)
    module = sys.modules.get(fullname)
    if module is not None and require is None and is_finished(fullname, module):
        return module
    deferred = Deferred(fullname, require, sys._getframe(1))  # noqa: SLF001 # there is no other way to know the caller
    if error_on_import:
        deferred.check()
    return LazyModule(deferred)


class Deferred:
    """A module to be imported: waited for, then imported. What fails leaves it waiting."""

    def __init__(self, name: str, require: str | None, caller: "FrameType | None" = None) -> None:
        """Keep what is to be imported, and for whom.

        Args:
            name: the module's full name.
            require: PEP 508, or None.
            caller: who asked for it; its global variables will get the module.
        """
        self.name = name
        self.require = require
        self.module: ModuleType | None = None
        self.where = f"{caller.f_code.co_filename}:{caller.f_lineno}" if caller else ""
        self._globals: Mapping[str, object] = caller.f_globals if caller else {}

    def resolve(self, proxy: ModuleType) -> ModuleType:
        """Import the module, and put it wherever the caller has the proxy in a global variable.

        Raises:
            LazyImportError: it cannot be imported; it can be tried again.
        """
        try:
            self._check_requirement()
            module = import_whole(self.name)
        except BaseException as error:
            raise self._failure(error) from error
        if is_finished(self.name, module):  # Otherwise it can still fail, and then there will be another.
            self.module = module
            variables: Any = self._globals
            for name in [name for name, value in list(variables.items()) if value is proxy]:
                variables[name] = module
            self._globals = {}
        return module

    def check(self) -> None:
        """Make sure that the module is there, without importing it, and that it is what is required.

        Raises:
            LazyImportError: it is not.
        """
        from importlib.util import find_spec

        try:
            self._check_requirement()
            is_there = self.name in sys.modules or find_spec(self.name) is not None
        except BaseException as error:
            raise self._failure(error) from error
        if not is_there:
            raise self._failure(ModuleNotFoundError(f"No module named {self.name!r}", name=self.name))

    def _check_requirement(self) -> None:
        if self.require is not None:
            from plugframe.namespaces.lazy.requiring import check_requirement

            check_requirement(self.require)

    def _failure(self, error: BaseException) -> BaseException:
        from plugframe.namespaces.lazy.failing import failure

        failed = failure(error, self.name, self.name, package=self.name, where=self.where)
        if isinstance(error, ImportError) and self.require is not None and not failed.requirement:
            failed.requirement = self.require
        return failed


class LazyModule(ModuleType):
    """Stands for a module: importing it with the first attribute, handing on every attribute from then on."""

    __slots__ = ("_deferred",)
    _deferred: Deferred

    def __init__(self, deferred: Deferred) -> None:
        object.__setattr__(self, "_deferred", deferred)
        super().__init__(deferred.name)
        own = super().__dict__
        for name in [name for name in own if name != "__name__"]:
            del own[name]  # What is said of the module must be the module's own word.

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # whatever the module has
        deferred = self._deferred
        if deferred.module is None and _is_asked_by_tools(name):
            message = f"{name!r} of module {deferred.name!r}, which is not imported yet"
            raise AttributeError(message)
        return getattr(deferred.module or deferred.resolve(self), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._deferred.module or self._deferred.resolve(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._deferred.module or self._deferred.resolve(self), name)

    @property
    def __dict__(self) -> "dict[str, Any]":  # type: ignore[override] # a module's is of a kind of its own
        """The module's variables, none before it is imported."""
        return {} if self._deferred.module is None else vars(self._deferred.module)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override] # the class has one, too
        """The module's, None before it is imported."""
        return None if self._deferred.module is None else self._deferred.module.__doc__

    def __dir__(self) -> list[str]:
        return ["__name__"] if self._deferred.module is None else dir(self._deferred.module)

    def __repr__(self) -> str:
        deferred = self._deferred
        return f"<module {deferred.name!r}, not imported yet>" if deferred.module is None else repr(deferred.module)

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self._deferred.name, self._deferred.require)


def _again(name: str, require: str | None) -> ModuleType:
    """Return what stands for a module, for copies and pickles."""
    return LazyModule(Deferred(name, require))


def _is_asked_by_tools(name: str) -> bool:
    if name.startswith("__") and name.endswith("__"):
        return name not in _ASKED_BY_PEOPLE
    return name.startswith(_ASKED_BY_TOOLS)
