"""Batches in flight: which is next, who sends it, and what its end means."""
