"""Tests of the sandbox's received."""
