"""`make demo`: from a CSV file to enrichments on Contentsquare sessions, step by step.

The exit code is 1 if a check fails.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from demo import expected, rejected
from demo.commands import TAP, TARGET, Result, replay, tap_to_target
from demo.make_calls import make_calls, write
from target_contentsquare.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCES = Path("demo")
OUTPUT = SOURCES / "output"
COUNT = 3_000


@dataclass(slots=True)
class Demo:
    """The steps of the demo; each prints what it did and checks it.

    Attributes:
        failures: The checks that failed.
    """

    sandbox: Sandbox
    now: datetime
    seed: int
    failures: list[str] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)

    def run(self) -> None:
        """Run all steps."""
        self.make_calls()
        self.deliver()
        self.check_contentsquare()
        self.show_rejected()
        self.replay()

    def make_calls(self) -> None:
        """Write the CSV file, and the configs next to it."""
        _title(f"1. A call centre's export: {COUNT:,} calls of the last ten days")
        write(OUTPUT / "calls.csv", make_calls(COUNT, self.seed, self.now))
        self.rows = expected.read(OUTPUT / "calls.csv")
        lines = (OUTPUT / "calls.csv").read_text("utf-8").splitlines()
        _print(f"demo/output/calls.csv, made with seed {self.seed}:", *lines[:4], "…")
        for name in ("tap.json", "integration-schema.json"):
            shutil.copy(SOURCES / name, OUTPUT)
        _write_config("config.json", auth_url=self.sandbox.auth_url)

    def deliver(self) -> None:
        """Pipe the output of a tap from PyPI into the target."""
        _title("2. A tap reads it (every column is a string), the target delivers it")
        _command("tap-spreadsheets --config tap.json | ", "config.json")
        result = tap_to_target(OUTPUT, "tap.json", "config.json")
        _counts(result)
        if result.states:
            _print(f"last of {len(result.states)} state lines: {result.states[-1]}")
        old = sum(expected.is_too_old(row, self.now) for row in self.rows)
        problems = Counter(filter(None, map(expected.problem, self.rows)))
        self.check_run(result, {"session_too_old": old}, problems)
        self.check("a state line was printed", passed=bool(result.states))

    def check_contentsquare(self) -> None:
        """Compare what the sandbox holds with the CSV file."""
        _title("3. What Contentsquare received")
        good = [row for row in self._recent() if expected.problem(row) is None]
        sizes = Counter(str(request.rows) for request in self.sandbox.requests)
        counts = ", ".join(f"{n} of {rows}" for rows, n in sizes.most_common())
        _print(f"requests, by their number of enrichments: {counts}")
        self._check_contents(good)

    def show_rejected(self) -> None:
        """Print the rows that can't be delivered, with the reasons."""
        _title("4. What can't be delivered, and why: demo/output/rejected.singer")
        for row in rejected.rows(OUTPUT / "rejected.singer"):
            why = row["rejected"]
            _print(
                f"call {row['record']['call_id']:>4}  {why['field']:16}  "
                f"{why['reason']:16}  {why['detail']}"
            )

    def replay(self) -> None:
        """Deliver the rejected rows after they have been corrected."""
        _title("5. Replay: long names may be cut now, the times have been corrected")
        rejected.write_corrected(
            OUTPUT / "rejected.singer", OUTPUT / "corrected.singer"
        )
        _write_config(
            "fixed.json", auth_url=self.sandbox.auth_url, truncate_strings=True
        )
        _command("", "fixed.json --input corrected.singer")
        result = replay(OUTPUT, "fixed.json", "corrected.singer")
        _counts(result)
        self.check_run(result, {}, {})
        self._check_contents(self._recent())

    def check_run(
        self, result: Result, dropped: Mapping[str, int], bad: Mapping[str, int]
    ) -> None:
        """Check the exit code of a run, and how many rows it dropped and rejected."""
        counts = result.counts
        self.check("the run succeeded", passed=result.exit_code == 0, show=False)
        self.check(
            "rows dropped and rejected: as many as the CSV file has of them",
            passed=(counts.get("dropped"), counts.get("rejected")) == (dropped, bad),
        )

    def check(self, text: str, *, passed: bool, show: bool = True) -> None:
        """Print whether a check passed."""
        if not passed:
            self.failures.append(text)
        if show or not passed:
            mark = click.style("ok", fg="green") if passed else "FAILED"
            _print(f"{mark}: {text}")

    def _recent(self) -> list[dict[str, str]]:
        return [row for row in self.rows if not expected.is_too_old(row, self.now)]

    def _check_contents(self, rows: list[dict[str, str]]) -> None:
        held = self.sandbox.enrichments
        expected_fields = expected.enrichments(rows)
        self.check(
            f"it holds {len(held):,} enrichments, each with the values of its row",
            passed={tuple(key): dict(held[key]) for key in held} == expected_fields,
        )


def _title(text: str) -> None:
    click.secho(f"\n{text}", bold=True)


def _print(*lines: str) -> None:
    for line in lines:
        click.echo(f"   {line}")


def _command(before: str, options: str) -> None:
    _shell(f"{before}target-contentsquare --config {options}")


def _shell(command: str) -> None:
    _print(click.style(f"$ {command}", dim=True))


def _counts(result: Result) -> None:
    counts = result.counts
    if result.exit_code or not counts:
        _print(*result.log.splitlines()[-5:])
    for name in ("read", "delivered", "merged", "dropped", "rejected"):
        value: Any = counts.get(name, 0)
        reasons = value if isinstance(value, dict) else {}
        details = ", ".join(f"{reason} {rows:,}" for reason, rows in reasons.items())
        total = sum(reasons.values()) if isinstance(value, dict) else value
        _print(f"{name:10}{total:>6,}  {details}".rstrip())


def _tell_what_is_next(url: str, *, is_served: bool) -> None:
    """Print commands that run again what the demo ran, and where to go on."""
    _title("Now your own file: docs/your-own-csv.md")
    if is_served:
        _print(f"Contentsquare's page is {url}; Ctrl-C here ends it.")
        _print("In another terminal, all of this can be run again:")
    else:
        _print("All of this can be run again, with a sandbox in another terminal:")
    _shell(f'export PATH="{TARGET.parent}:{TAP.parent}:$PATH"')
    _shell(f"cd {OUTPUT.absolute()}")
    if not is_served:
        port = url.rpartition(":")[2]
        _shell(
            f"target-contentsquare-sandbox --port {port} --project {expected.PROJECT} "
            "--integration-schema integration-schema.json"
        )
    _command("tap-spreadsheets --config tap.json | ", "config.json")
    _command("", "fixed.json --input corrected.singer")


def _write_config(name: str, **changes: object) -> None:
    config = json.loads((SOURCES / "config.json").read_text("utf-8"))
    text = json.dumps({**config, **changes}, indent=2)
    (OUTPUT / name).write_text(f"{text}\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--stay",
        action=argparse.BooleanOptionalAction,
        default=sys.stdin.isatty() and sys.stdout.isatty(),
        help="leave the sandbox and its page running; so it is in a terminal",
    )
    seed = random.SystemRandom().getrandbits(32)
    parser.add_argument("--seed", type=int, default=seed, help="seed of the calls")
    return parser.parse_args()


def main() -> int:
    """Run the demo with the options of the command line.

    Returns:
        The exit code.
    """
    options = _options()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    schema = json.loads((SOURCES / "integration-schema.json").read_text("utf-8"))
    now = datetime.now(timezone.utc)
    with Sandbox(
        projects=[expected.PROJECT], integration_schemas={1: schema}
    ) as sandbox:
        demo = Demo(sandbox, now, options.seed)
        demo.run()
        _title(f"FAILED: {demo.failures}" if demo.failures else "Done.")
        totals, held = sandbox.totals, len(sandbox.enrichments)
        _print(
            f"Contentsquare took {totals.delivered_enrichments:,} rows in "
            f"{totals.requests:,} requests and holds {held:,} enrichments.",
            "All files are in demo/output/.",
        )
        _tell_what_is_next(sandbox.url, is_served=options.stay)
        if options.stay:
            with suppress(KeyboardInterrupt):
                Event().wait()
    return 1 if demo.failures else 0


if __name__ == "__main__":
    sys.exit(main())
