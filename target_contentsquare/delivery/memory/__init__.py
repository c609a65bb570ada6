"""What was delivered in earlier runs, in a file, and what follows for a row.

- `database` opens the file.
- `store` reads and writes its entries.
- `identity` makes the ids, fingerprints and row keys that entries have.
- `numbers` gives the rows of a session their enrichment numbers.
- `superseded` compares what was delivered with rows that were rejected.
- `on_its_way` knows the rows that are not settled, and when an entry is true.
- `memory` is a run's whole memory: all that others need.
- `recall` takes a row before the outbox does: unchanged, or to be sent.
"""
