"""Tests of the sandbox's tokens."""
