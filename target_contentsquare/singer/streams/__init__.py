"""Which way each stream's rows take into the core."""
