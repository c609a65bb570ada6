"""A tap that writes an input row by row, and flushes each, as those of the SDK do.

`python -m benchmarks.tap input.singer`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Write each line of a file as a message of its own."""
    output = sys.stdout.buffer
    with Path(sys.argv[1]).open("rb") as lines:
        for line in lines:
            message = json.dumps(json.loads(line), separators=(",", ":"))
            output.write(message.encode() + b"\n")
            output.flush()


if __name__ == "__main__":
    main()
