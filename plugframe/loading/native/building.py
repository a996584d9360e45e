"""What a library declares to Python functions, classes and slots."""

import ctypes

from plugframe.loading.native.functions import make_function
from plugframe.loading.native.objects import Living, NativeObject, make_class
from plugframe.loading.native.slots import NativeSlot
from plugframe.loading.native.structures import Take
from plugframe.loading.native.tables import ClassDefinition, FunctionDefinition, ModuleDefinition, SlotDefinition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_Exchange = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
_Count = ctypes.CFUNCTYPE(ctypes.c_int64)


class Built:
    """The functions and classes of a module by name, and its slots."""

    def __init__(self, definition: ModuleDefinition) -> None:
        """Make them; nothing of the library runs."""
        self._module = definition.name
        self._living = {one.name: _living(definition.name, one) for one in definition.classes}
        self.classes: dict[str, type[NativeObject]] = {}
        for one in definition.classes:
            self.classes[one.name] = self._class(one)
        self.functions = {one.name: self._function(one) for one in definition.functions}
        self.slots = tuple(self._slot(one) for one in definition.slots)

    def _function(self, one: FunctionDefinition, *, owner: str = "") -> "Callable[..., Any]":
        return make_function(
            one.name,
            one.signature,
            one.address,
            module=self._module,
            doc=one.doc,
            owner=owner,
            classes=self.classes,
            wrap=self._wrap(one.signature.result.class_name),
        )

    def _wrap(self, name: str) -> "Callable[[int], object] | None":
        return (lambda address: self._living[name].adopt(self.classes[name], address)) if name else None

    def _class(self, one: ClassDefinition) -> type[NativeObject]:
        # What creates an object returns its address here: of a subclass, it becomes an object of that.
        new = one.create
        create = make_function(
            new.name,
            new.signature,
            new.address,
            module=self._module,
            classes=self.classes,
            wrap=lambda address: address,
        )
        methods = {method.name: self._function(method, owner=one.name) for method in one.methods}
        living = self._living[one.name]
        return make_class(one.name, module=self._module, doc=new.doc, create=create, methods=methods, living=living)

    def _slot(self, one: SlotDefinition) -> NativeSlot:
        return NativeSlot(
            one.noop.name,
            one.noop.signature,
            exchange=_Exchange(one.exchange),
            running=_Count(one.running),
            noop=self._function(one.noop),
            doc=one.noop.doc,
        )


def _living(module: str, one: ClassDefinition) -> Living:
    return Living(f"{module}.{one.name}", Take(one.destroy) if one.destroy else None)
