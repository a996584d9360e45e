"""Classes of native libraries: an object holds an address, and the library frees it when nobody has the object."""

import inspect
import weakref

from plugframe.errors import NativeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn


class NativeObject:
    """An object of a native library.

    It is alive from its making until nobody has it any more; then the library's ``destroy`` is called once. At the end
    of the process it is not called: threads of the library may be using the object, and the memory goes anyway.
    """

    __slots__ = ("__weakref__", "_address")

    _address: int

    def __reduce_ex__(self, _: object, /) -> "NoReturn":
        message = f"a {type(self).__name__} lives in its native library, and cannot be copied or pickled"
        raise TypeError(message)


class Living:
    """The addresses of all living objects of one class, so that none is destroyed twice."""

    def __init__(self, name: str, destroy: "Callable[[int], object] | None") -> None:
        """Keep the class's full name, for messages, and what frees an object; None where nothing must be freed."""
        self._name = name
        self._destroy = destroy
        self._addresses: set[int] = set()

    def adopt(self, cls: "type[NativeObject]", address: int) -> NativeObject:
        """Return the object at an address, which is ours to destroy from now on.

        Raises:
            NativeError: the library gave it before, and it is alive.
        """
        made: NativeObject = object.__new__(cls)
        made._address = address  # noqa: SLF001 # of this module
        if self._destroy is not None:
            if address in self._addresses:
                raise NativeError(self._name, "the library gave an object that it had given before")
            self._addresses.add(address)
            weakref.finalize(made, self._end, self._destroy, address).atexit = False
        return made

    def _end(self, destroy: "Callable[[int], object]", address: int) -> None:
        # First, since the library may give the address again as soon as it is free.
        self._addresses.discard(address)
        destroy(address)


def make_class(
    name: str, *, module: str, doc: str, create: "Callable[..., Any]", methods: "dict[str, Any]", living: Living
) -> type[NativeObject]:
    """Return the Python class of a native one.

    Args:
        name: an identifier.
        module: the library's name.
        doc: the docstring.
        create: takes the arguments of the class and returns the address of a new object.
        methods: by name.
        living: of this class.
    """

    def make(cls: type[NativeObject], *args: object, **kwargs: object) -> NativeObject:
        return living.adopt(cls, create(*args, **kwargs))

    own = {"__slots__": (), "__new__": make, "__module__": module, "__doc__": doc}
    return type(name, (NativeObject,), {**methods, **own, "__signature__": inspect.signature(create)})
