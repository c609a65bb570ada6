"""Tokens: signing in, and the tokens of a run."""
