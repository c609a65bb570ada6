"""The Singer target and its command line: a host of the core."""
