"""The command line: `python -m target_contentsquare`, and the console script."""

from __future__ import annotations

import os
import sys

# 128 and the number of SIGINT.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line.

    A SIGINT that comes before the target handles signals ends the process at once with
    exit code 130 and without a traceback.
    """
    try:
        # To load this module takes milliseconds, and Python raises KeyboardInterrupt
        # meanwhile.
        import signal  # noqa: PLC0415 - as said above

        signal.signal(signal.SIGINT, _exit_at_once)
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)
    # It takes most of a second, so the handler has to be there before.
    from target_contentsquare.singer.target import (  # noqa: PLC0415 - as said above
        TargetContentsquare,
    )

    try:
        # Here the SDK sets up the log.
        command = TargetContentsquare.cli
    except ValueError:
        sys.exit(
            "TARGET_CONTENTSQUARE_LOGLEVEL, LOGLEVEL: must be DEBUG, INFO, WARNING, "
            "ERROR or CRITICAL"
        )
    command()


def _exit_at_once(_signum: int, _frame: object) -> None:
    # An exception could be raised inside a callback, where Python only prints it.
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
