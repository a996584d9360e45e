"""Findings as ``plugframe check`` shows them: chosen by code and owner, written as others' tools read them."""
