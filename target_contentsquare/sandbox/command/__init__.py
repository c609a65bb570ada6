"""The command line, and serving until a signal ends it."""
