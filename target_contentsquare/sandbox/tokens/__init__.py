"""Signing in: credentials, token requests and the tokens issued."""
