"""The target with one fault: `python -m tests.singer.broken_target FAULT --config …`.

Tests that look for lost rows run it, to show that they would find such a fault.
"""

from __future__ import annotations

import sys

from target_contentsquare.__main__ import main
from tests.broken_delivery import FAULTS, SHARED_FILE_FAULTS

if __name__ == "__main__":
    setattr(*(FAULTS | SHARED_FILE_FAULTS)[sys.argv.pop(1)])
    main()
