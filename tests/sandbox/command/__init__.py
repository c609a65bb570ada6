"""Tests of the sandbox's command."""
