"""Tests of the pages: every example runs, and every table is up to date."""
