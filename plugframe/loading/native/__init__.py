"""The C ABI of native plugin libraries, from Python: tables, values, calls, objects, slots. ctypes is imported here."""
