"""PostgreSQL, CSV and JSONL through Meltano to Contentsquare, as users run it."""
