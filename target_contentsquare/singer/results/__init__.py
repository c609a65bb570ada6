"""What a run leaves behind: states on standard output, and rejected rows in a file."""
