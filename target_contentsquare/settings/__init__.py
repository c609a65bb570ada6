"""What the user says: settings, checked and frozen."""
