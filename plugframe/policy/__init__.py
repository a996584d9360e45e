"""From records and settings to decisions, each with its reason. Nothing here imports a plugin."""
