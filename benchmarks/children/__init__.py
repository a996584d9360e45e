"""What runs inside the measured processes that compare plugframe and a peer call by call.

``python -m benchmarks.children KIND NUMBER...`` measures one comparison and prints it as JSON. It runs in the virtual
environment of the benchmarks, from a copy of this package, so that the installed plugframe is what is measured.
"""
