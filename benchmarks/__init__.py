"""How fast, against what people would write instead: `python -m benchmarks`.

These are measurements, not tests: nothing fails because a machine is slow.
"""
