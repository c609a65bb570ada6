"""Tests of what `--propose-schema` proposes."""
