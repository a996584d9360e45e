"""What every callable surface shares, hooks and operations alike: a room that is still empty."""
