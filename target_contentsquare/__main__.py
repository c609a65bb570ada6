"""`python -m target_contentsquare`, and the console script."""

from __future__ import annotations

import gc
import sys

# What is loaded stays: looking for garbage in it takes a tenth of the start.
gc.disable()
from target_contentsquare.singer.target import TargetContentsquare  # noqa: E402 - as said

gc.enable()


def main() -> None:
    """Run the command line."""
    try:
        # Here the SDK sets up the log.
        command = TargetContentsquare.cli
    except ValueError:
        sys.exit(
            "TARGET_CONTENTSQUARE_LOGLEVEL, LOGLEVEL: must be DEBUG, INFO, WARNING, "
            "ERROR or CRITICAL"
        )
    command()


if __name__ == "__main__":
    main()
