"""Tests of what users read: every example runs, every table is up to date."""
