"""Random values of each field, each with what the contract makes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

_WORDS_FOR_NO_USER = ("null", "None", "NIL", "nan", "undefined", "N/A", "\\N")
_TRUE = (True, 1, "1", "1.0", "true", "T", "Yes", "y", "ON")
_FALSE = (False, 0, "0", "0.0", "FALSE", "f", "No", "n", "off")


@dataclass(frozen=True)
class Made:
    """A value and what becomes of it.

    Attributes:
        value: In the row.
        sent: In the enrichment; None for a field that is left out.
        reason: Why the row is rejected; None if it is not.
        too_old: The start of a session that Contentsquare does not enrich any more.
    """

    value: Any
    sent: Any = None
    reason: str | None = None
    too_old: bool = False


def user_id(random: Random, users: int) -> Made:
    """Return a user id; most are of a few users, so that rows overwrite each other."""
    name = f"u-{random.randrange(users)}"
    number = random.randrange(10**6, 10**9)
    return _mostly(
        random,
        Made(name, name),
        lambda: (
            Made(f"  {name} ", name),
            Made(number, str(number)),
            Made(None, reason="missing_user_id"),
            Made("  ", reason="missing_user_id"),
            Made(random.choice(_WORDS_FOR_NO_USER), reason="invalid_user_id"),
            Made("1.23E+15", reason="invalid_user_id"),
        ),
    )


def session_number(random: Random) -> Made:
    """Return a session number: an integer above 0, or its text."""
    return _small(random, "invalid_session_number", (1, 2, 3), [None, ""])


def enrichment_number(random: Random) -> Made:
    """Return an enrichment number: 1, 2 or 3, or its text."""
    return _small(random, "invalid_enrichment_number", (1, 2, 3), [4, "4", "", None])


def project_id(random: Random) -> Made:
    """Return one of the two projects that the sandbox's credentials cover."""
    return _small(random, "invalid_project_id", (162, 163), [None, " ", 2**63])


def _small(
    random: Random, reason: str, numbers: Sequence[int], bad: Sequence[Any]
) -> Made:
    """Return a positive integer or its text, or what is none, with the reason."""
    number = random.choice(numbers)
    return _mostly(
        random,
        Made(number, number),
        lambda: (
            Made(f" {number} ", number),
            Made(float(number), number),
            *_rejected(reason, [*bad, 0, -1, 1.5, "one", True, [1], {}]),
        ),
    )


def session_start(random: Random) -> Made:
    """Return when a session started: at most 7 days ago, earlier, or in the future.

    Ten minutes around the limit are left out, since time passes until the row is read.
    """
    now = datetime.now(timezone.utc)
    limit, margin = timedelta(days=7), timedelta(minutes=10)
    recent = now - random.random() * (limit - margin)
    old = now - limit - margin - random.random() * timedelta(days=3000)
    future = now + random.random() * timedelta(days=400)
    return _mostly(
        random,
        Made(f"{recent:%Y-%m-%dT%H:%M:%SZ}"),
        lambda: (
            Made(int(recent.timestamp())),
            Made(f"{recent:%Y%m%d %H%M%S}.5"),
            # A date alone may be as late as its end.
            Made(f"{now - limit + margin:%Y-%m-%d}"),
            Made(f"{future:%Y-%m-%dT%H:%M:%SZ}"),
            Made(f"{future:%Y-%m-%d}"),
            Made(None),
            Made(" "),
            *(
                Made(value, too_old=True)
                for value in (
                    f"{old:%Y-%m-%dT%H:%M:%SZ}",
                    int(old.timestamp()) * 1000,
                    f"{now - timedelta(days=8):%Y-%m-%d}",
                    f"{now - limit - margin:%Y-%m-%dT%H:%M:%S}+00:00",
                )
            ),
            *_rejected(
                "invalid_session_started_at",
                ["noon", f"{recent:%Y-%m-%d}Z", "0000-00-00", 45_000, True, [1], {}],
            ),
        ),
    )


def string(random: Random) -> Made:
    """Return a STRING: any scalar, of at most 50 bytes."""
    text = "é" * random.randrange(1, 25)
    return _mostly(
        random,
        Made(text, text),
        lambda: (
            Made(f" {text}\t", text),
            Made(None),
            Made(17, "17"),
            Made(value=True, sent="true"),
            Made("é" * 26, reason="string_too_long"),
            Made(["a"], reason="wrong_type"),
            Made({"a": 1}, reason="wrong_type"),
        ),
    )


def integer(random: Random) -> Made:
    """Return an INT: an integral number of 32 bits, or its text."""
    number = random.randrange(-(2**31), 2**31)
    return _mostly(
        random,
        Made(number, number),
        lambda: (
            Made(f" {number}", number),
            Made(None),
            Made(" "),
            Made(7.0, 7),
            Made(2**31, reason="int_out_of_range"),
            Made(-(2**31) - 1, reason="int_out_of_range"),
            *_rejected("wrong_type", [1.5, "1.5", "x", True, [1]]),
        ),
    )


def number(random: Random) -> Made:
    """Return a FLOAT: a finite number, or its text."""
    value = random.randrange(-(10**6), 10**6) / 8
    return _mostly(
        random,
        Made(value, value),
        lambda: (
            Made(f"{value} ", value),
            Made(None),
            Made(""),
            *_rejected("wrong_type", ["x", False, {}]),
            Made("1e999", reason="float_out_of_range"),
            Made(math.inf, reason="float_out_of_range"),
        ),
    )


def boolean(random: Random) -> Made:
    """Return a BOOL."""
    return _mostly(
        random,
        Made(random.choice(_TRUE), sent=True),
        lambda: (
            Made(random.choice(_FALSE), sent=False),
            Made(None),
            Made(" "),
            *_rejected("wrong_type", [2, "2", "maybe", -1, [True]]),
        ),
    )


def moment(random: Random) -> Made:
    """Return a DATETIME: sent in UTC, in whole seconds."""
    seconds = random.randrange(1_100_000_000, 1_900_000_000)
    offset = random.randrange(-14, 15)
    utc = datetime.fromtimestamp(seconds, timezone.utc)
    there = utc + timedelta(hours=offset)
    sent = f"{utc:%Y-%m-%dT%H:%M:%SZ}"
    cut = f"{random.randrange(10**9):09}"
    return _mostly(
        random,
        Made(f"{utc:%Y-%m-%dT%H:%M:%SZ}", sent),
        lambda: (
            *(
                Made(form, sent)
                for form in (
                    f"{utc:%Y-%m-%dT%H:%M:%SZ}",
                    f"{utc:%Y-%m-%d %H:%M:%S}",
                    f"{utc:%Y%m%dT%H%M%S}.{cut}",
                    f"{utc:%Y-%m-%dt%H:%M:%S},{cut} UTC",
                    f"{there:%Y-%m-%dT%H:%M:%S}{offset:+03}:00",
                    f"{there:%Y-%m-%d %H:%M:%S} {offset:+03}",
                    seconds,
                    str(seconds),
                    seconds * 1000 + 999,
                    f"{seconds}{cut}",
                )
            ),
            Made(f"{utc:%Y-%m-%d}", f"{utc:%Y-%m-%dT00:00:00Z}"),
            Made(f"{utc:%Y%m%d}", f"{utc:%Y-%m-%dT00:00:00Z}"),
            Made(None),
            Made(" "),
            *(
                Made(bad, reason="invalid_datetime")
                for bad in (
                    "noon",
                    f"{utc:%Y-%m-%dX%H:%M:%S}",
                    f"{utc:%Y-%m-%d}+02:00",
                    f"{utc:%Y-%m-%dT%H}",
                    f"{utc:%Y-%m-%dT%H:%M:%S}+02:60",
                    f"{utc:%Y}-13-01",
                    "2026-W47-2",
                    "0000-00-00",
                    45_000,
                    str(seconds) + "1",
                )
            ),
        ),
    )


def _rejected(reason: str, values: Sequence[Any]) -> list[Made]:
    return [Made(value, reason=reason) for value in values]


def _mostly(random: Random, usual: Made, others: Callable[[], Sequence[Made]]) -> Made:
    """Return the usual value in nine of ten cases, else one of the others."""
    return usual if random.random() < 0.9 else random.choice(others())
