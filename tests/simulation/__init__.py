"""A simulated delivery without threads, network or real time, repeatable by its seed.

- `scenario` generates the tap's messages and the faults.
- `world` is the simulated clock and the executor of requests.
- `contentsquare` is the simulated server.
- `observer` checks the guarantees while a run goes on.
- `memory` is a memory of earlier runs that loses what a crash loses.
- `observed` tells the observer what is put, passed over and rejected.
- `source_rows` knows who may have which enrichment number.
- `run` is one run of the target.
- `simulate` runs a scenario to its end; a run that was stopped is followed by another,
  which begins after the last printed state.
"""
