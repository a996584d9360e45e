"""What plugins put at a host's disposal by name: classes by namespace, and callbacks in slots."""
