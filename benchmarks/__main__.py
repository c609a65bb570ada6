"""`python -m benchmarks`: run scenarios, print and write what they took."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from benchmarks import scenarios
from benchmarks.report import as_markdown, heading
from benchmarks.workshop import Workshop

_HERE = Path(__file__).parent
_QUICK_SCALE = 0.02


def main() -> None:
    """Run from the command line."""
    parser = _parser()
    options = parser.parse_args()
    if unknown := sorted(set(options.scenarios) - set(scenarios.ALL)):
        parser.error(f"no such scenario: {', '.join(unknown)}")
    data = _HERE / ".data"
    data.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        shop = Workshop(
            folder=Path(folder),
            today=_midnight(),
            seed=options.seed,
            runs=options.runs or (1 if options.quick else 5),
            scale=_QUICK_SCALE if options.quick else 1.0,
        )
        names = options.scenarios or list(scenarios.ALL)
        text = run(shop, names)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    elif not options.quick:
        (_HERE / "RESULTS.md").write_text(text, encoding="utf-8")


def run(shop: Workshop, names: list[str]) -> str:
    """Run scenarios, print each as soon as it is done, and give all of the text."""
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    parts = [heading(shop, command)]
    sys.stdout.write(parts[0])
    for name in names:
        sys.stderr.write(f"{name}\n")
        parts.append(as_markdown(scenarios.ALL[name](shop)))
        sys.stdout.write(f"\n{parts[-1]}")
        sys.stdout.flush()
    return "\n".join(parts)


def _midnight() -> datetime:
    now = datetime.now(timezone.utc)
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the target next to other ways to send the same rows.",
    )
    parser.add_argument(
        "scenarios",
        nargs="*",
        metavar="scenario",
        help=f"which: {', '.join(scenarios.ALL)}; all if none is named",
    )
    parser.add_argument("--runs", type=int, help="of each contender; 5 if not given")
    parser.add_argument("--seed", type=int, default=7, help="of the rows")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a fiftieth of the rows, once: to see that everything runs",
    )
    parser.add_argument(
        "--output", type=Path, help="instead of RESULTS.md; --quick writes none"
    )
    return parser


if __name__ == "__main__":
    main()
