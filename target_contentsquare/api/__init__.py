"""Contentsquare over HTTP."""
