"""What a call with call hooks does: step by step, or compiled once for all hooks of the same structure."""
