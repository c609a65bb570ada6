"""What the tap writes, read no deeper than needed."""
