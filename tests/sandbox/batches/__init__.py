"""Tests of the sandbox's batches."""
