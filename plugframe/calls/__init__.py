"""What every callable surface shares, hooks and operations alike."""
