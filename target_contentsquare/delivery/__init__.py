"""Enrichments become settled: sent, in order, again if need be, and counted."""
