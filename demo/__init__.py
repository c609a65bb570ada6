"""The demo: a CSV file of calls, a real tap, the target, and a local Contentsquare."""
