"""Tests of the sandbox's faults."""
