"""Draws numeric columns and finds those that move together."""
