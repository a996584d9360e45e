"""A host's hooks: typed live functions, errors by policy, who said what, and coroutines, on top of pluggy's callers."""
