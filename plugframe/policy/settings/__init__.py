"""What users, projects and environments say about plugins, and where they say it. Nothing here knows a plugin."""
