"""Libraries that cannot be loaded, and native functions that fail."""

from plugframe.errors.roots import PlugframeError


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
