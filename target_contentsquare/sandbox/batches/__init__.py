"""Batches of enrichments: what Contentsquare takes and what it refuses."""
