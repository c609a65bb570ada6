"""The tests, a package so that they share `singer_input` and `runs`."""
