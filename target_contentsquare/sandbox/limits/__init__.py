"""Limits on requests: how many a second, and how many at once."""
