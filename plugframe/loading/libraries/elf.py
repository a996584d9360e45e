"""Whether an ELF file is whole and for this machine, told before the system's loader maps it.

The loader maps what the headers promise. Where the file is shorter, the process ends with a bus error, which nothing
can catch.

Source: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html, ch5.pheader.html
"""

import platform
import sys
from struct import Struct

MAGIC = b"\x7fELF"
_SHARED = 3
_PT_LOAD = 1
_LITTLE, _BIG = 1, 2
# Of the machines that are common; of others nothing is said.
_MACHINES = {
    "x86_64": 62, "amd64": 62, "i386": 3, "i686": 3, "aarch64": 183, "arm64": 183, "armv7l": 40, "ppc64le": 21,
    "s390x": 22, "riscv64": 243,
}  # fmt: skip
# Type, machine, and behind the version and the entry: program headers' offset; flags; their size and number.
_HEADERS = {1: "HHIIIIIHHH", 2: "HHIQQQIHHH"}
# Type, offset, size in the file: 32 and 64 bits have their members in another order.
_SEGMENTS = {1: "IIIII", 2: "IIQQQQ"}


def elf_problem(content: bytes) -> str:
    """Return why a file that begins like an ELF file cannot be loaded into this process, or an empty string."""
    if len(content) < 64:  # noqa: PLR2004 # the size of the header
        return f"it is an ELF file of {len(content)} bytes, too few for its header"
    width, order = content[4], content[5]
    if width not in _HEADERS or order not in (_LITTLE, _BIG):
        return f"it is an ELF file of the unknown class {width} or byte order {order}"
    if (width == 2, order == _LITTLE) != (sys.maxsize > 1 << 32, sys.byteorder == "little"):  # noqa: PLR2004
        endian = "little" if order == _LITTLE else "big"
        return f"it is an ELF file of {32 * width} bits, {endian} endian; this process is not"
    prefix = "<" if order == _LITTLE else ">"
    kind, machine, _, _, start, _, _, _, size, count = Struct(prefix + _HEADERS[width]).unpack_from(content, 16)
    if kind != _SHARED:
        return f"it is an ELF file of type {kind}, no shared library"
    wanted = _MACHINES.get(platform.machine().lower())
    if wanted is not None and sys.maxsize > 1 << 32 and machine != wanted:
        return f"it is an ELF file for machine {machine}, and this one is {wanted} ({platform.machine()})"
    return _segment_problem(content, Struct(prefix + _SEGMENTS[width]), start, size, count)


def _segment_problem(content: bytes, header: Struct, start: int, size: int, count: int) -> str:
    if size < header.size or start + size * count > len(content):
        return f"it is cut off: {len(content)} bytes, and its headers reach to byte {start + size * count}"
    for index in range(count):
        fields = header.unpack_from(content, start + index * size)
        offset, length = (fields[2], fields[5]) if len(fields) == 6 else (fields[1], fields[4])  # noqa: PLR2004
        if fields[0] == _PT_LOAD and offset + length > len(content):
            return f"it is cut off: {len(content)} bytes, and one of its segments reaches to byte {offset + length}"
    return ""
