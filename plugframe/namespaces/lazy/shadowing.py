"""Attributes named like a submodule of the same package: ``pkg.tree``, the function, from ``pkg/tree.py``."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
else:
    ModuleType = type(sys)  # as types has it, without the cost of importing that

_GUARDED = "__lazy_shadowed__"  # in the package's dictionary: name to whether the import system has tried already


class GuardedModule(ModuleType):
    """A package that does not let the import system put a submodule where an attribute of the same name belongs."""

    def __setattr__(self, name: str, value: object) -> None:
        guarded = self.__dict__.get(_GUARDED, {})
        if name in guarded and value is sys.modules.get(f"{self.__name__}.{name}"):
            guarded[name] = True
            release(self)
            return
        super().__setattr__(name, value)


def guard(package: ModuleType, names: "Iterable[str]") -> None:
    """Guard names of a package; one with a class of its own is left alone."""
    own = vars(package)
    guarded = own.setdefault(_GUARDED, {})
    for name in names:
        guarded[name] = False
        if name in own and own[name] is sys.modules.get(f"{package.__name__}.{name}"):
            del own[name]  # The submodule was imported before its name was declared.
    if type(package) is ModuleType:
        package.__class__ = GuardedModule


def release(package: ModuleType) -> None:
    """Make a package a plain module again, which is read faster, when all is resolved and no guarded name is in danger.

    A submodule is put into its package once, after its import, which another thread may have seen end before that.
    """
    own = vars(package)
    if type(package) is GuardedModule and "__getattr__" not in own and all(own.get(_GUARDED, {}).values()):
        ModuleType.__setattr__(package, "__class__", ModuleType)
