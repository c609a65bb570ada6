"""What a user of the Singer target sets, and where that is read from."""
