"""From what a user wrote, in a file or the environment, to checked settings."""
