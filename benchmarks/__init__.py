"""Compare the target with other programs for the same rows: `python -m benchmarks`.

These are measurements and not tests: nothing fails because a machine is slow.
"""
