"""The learnt rate against simulated servers, in virtual time.

`servers` are models of what an API may be like, `play` sends batches to them as
delivery does, and `table` holds the goals. `python -m tests.delivery.rate` prints the
medians.
"""
