"""Tests of the sandbox's limits."""
