"""Libraries: files that bring Python or native code, each loaded once and registered wholly or not at all."""
