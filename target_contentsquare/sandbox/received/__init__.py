"""What reached the sandbox."""
