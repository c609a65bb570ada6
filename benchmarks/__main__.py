"""`python -m benchmarks`: run scenarios, print the results and write them to a file."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from benchmarks import scenarios
from benchmarks.conditions import Conditions
from benchmarks.report import as_markdown, heading

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
        conditions = Conditions(
            folder=Path(folder),
            today=_midnight(),
            seed=options.seed,
            runs=options.runs or (1 if options.quick else 5),
            scale=_QUICK_SCALE if options.quick else 1.0,
        )
        names = options.scenarios or list(scenarios.ALL)
        text = run(conditions, names)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    elif not options.quick:
        (_HERE / "RESULTS.md").write_text(text, encoding="utf-8")


def run(conditions: Conditions, names: list[str]) -> str:
    """Run scenarios, print each result when it is there, and return the whole text."""
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    parts = [heading(conditions, command)]
    sys.stdout.write(parts[0])
    for name in names:
        sys.stderr.write(f"{name}\n")
        parts.append(as_markdown(scenarios.ALL[name](conditions)))
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
        help=f"one of {', '.join(scenarios.ALL)}; without any, all of them",
    )
    parser.add_argument("--runs", type=int, help="runs of each contender (default: 5)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the rows")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one run with a fiftieth of the rows, to see that everything works",
    )
    parser.add_argument(
        "--output", type=Path, help="file in place of RESULTS.md; --quick writes none"
    )
    return parser


if __name__ == "__main__":
    main()
