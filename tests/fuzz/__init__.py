"""Thousands of random rows, with what the contract says becomes of each.

The oracle is written from the contract and imports nothing of the target: a value is
made together with what it has to become.
"""
