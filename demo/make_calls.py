"""Generate calls of the last ten days, as a call centre's tool would export them.

`python -m demo.make_calls calls.csv --seed 7` writes the file by itself.
"""

from __future__ import annotations

import argparse
import csv
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

COLUMNS = (
    "call_id",
    "cs_user_id",
    "cs_session_number",
    "visit_started_at",
    "called_at",
    "answered",
    "seconds",
    "rating",
    "center",
)
CENTERS = ("RENNES", "LILLE", "Besançon", "Nîmes")
#: 59 bytes; Contentsquare accepts at most 50.
LONG_CENTER = "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson, bâtiment B"
#: A format of times that is not ISO 8601, so the target rejects it.
OTHER_TIME_FORMAT = "%d/%m/%Y %H:%M"

_DAYS = 10
# No session starts within an hour of the 7-day limit, so a slow run drops the same.
_MARGIN = timedelta(hours=1)
_LIMIT = timedelta(days=7)


def make_calls(count: int, seed: int, now: datetime) -> Iterator[dict[str, str]]:
    """Yield the calls, of which five can't be delivered.

    Args:
        count: Number of calls. Three have a centre with a name that is too long, two
            a time that is not ISO 8601; every 40th is about the session of the call
            before it.
        seed: The same seed and the same `now` give the same calls.
        now: A time with its zone.
    """
    chance = random.Random(seed)  # noqa: S311 - no secrets are made with it
    faulty = chance.sample([n for n in range(1, count) if n % 40 and (n + 1) % 40], 5)
    last: dict[str, str] = {}
    for number in range(count):
        # Rows that can't be delivered are recent: old ones are dropped unchecked.
        call = _call(number, chance, now, recent=number in faulty)
        if number % 40 == 0 and last:
            call |= {key: last[key] for key in COLUMNS[1:5]}
        if number in faulty[:3]:
            call["center"] = LONG_CENTER
        elif number in faulty[3:]:
            moment = datetime.fromisoformat(call["called_at"])
            call["called_at"] = moment.strftime(OTHER_TIME_FORMAT)
        last = call
        yield call


def _call(
    number: int, chance: random.Random, now: datetime, *, recent: bool
) -> dict[str, str]:
    started = now - _age(chance, timedelta(days=2 if recent else _DAYS))
    called = started + timedelta(minutes=chance.randint(1, 50))
    answered = chance.random() < 0.9  # noqa: PLR2004 - one in ten hangs up
    return {
        "call_id": str(number + 1),
        # The number first: 123456789012345e-7 would be taken for a number.
        "cs_user_id": f"{number}-{chance.getrandbits(64):016x}",
        "cs_session_number": str(chance.randint(1, 30)),
        "visit_started_at": started.isoformat(timespec="seconds"),
        "called_at": called.isoformat(timespec="seconds"),
        "answered": "1" if answered else "0",
        "seconds": str(chance.randint(15, 3_600)) if answered else "",
        "rating": str(chance.randint(2, 10) / 2) if chance.random() < 0.5 else "",  # noqa: PLR2004 - half of them rate
        "center": chance.choice(CENTERS),
    }


def _age(chance: random.Random, oldest: timedelta) -> timedelta:
    while True:
        age = oldest * chance.random()
        if abs(age - _LIMIT) > _MARGIN:
            return age


def write(path: Path, calls: Iterable[dict[str, str]]) -> None:
    """Write the calls as CSV with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(calls)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write generated calls as CSV.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--count", type=int, default=3_000)
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().getrandbits(32)
    )
    options = parser.parse_args(arguments)
    now = datetime.now(timezone.utc)
    write(options.path, make_calls(options.count, options.seed, now))
    click.echo(f"{options.count:,} calls in {options.path}, seed {options.seed}")


if __name__ == "__main__":
    main()
