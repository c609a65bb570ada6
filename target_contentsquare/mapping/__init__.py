"""A row becomes an enrichment."""
