"""The grammar of times, read a second time and in another way, for tests.

Written from the contract and not from the code: no pattern, no decoder. Every place
where a text can be cut into a clock and a zone is tried.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from itertools import product
from random import Random

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
UNIX_RANGE = range(10**9, 2 * 10**9)


def read(text: str) -> date | datetime | None:
    """Return what a text names, or None if it is not in the grammar."""
    text = text.strip()
    for size, dash in ((10, "-"), (8, "")):
        day = _date(text[:size], dash)
        if day is not None and len(text) == size:
            return day
        if day is not None and text[size : size + 1] in ("T", "t", " "):
            moment = _moment(day, text[size + 1 :])
            if moment is not None:
                return moment
    return _unix(text)


def _digits(text: str) -> int | None:
    return int(text) if text and set(text) <= set("0123456789") else None


def _date(text: str, dash: str) -> date | None:
    parts = text.split("-") if dash else [text[:4], text[4:6], text[6:]]
    numbers = [_digits(part) for part in parts]
    if [len(part) for part in parts] != [4, 2, 2] or None in numbers:
        return None
    try:
        return date(*[number or 0 for number in numbers])
    except ValueError:
        return None


def _moment(day: date, text: str) -> datetime | None:
    for cut in range(len(text) + 1):
        seconds = _clock(text[:cut])
        offset = _zone(text[cut:])
        if seconds is not None and offset is not None:
            midnight = datetime(day.year, day.month, day.day, tzinfo=timezone(offset))
            return midnight + seconds
    return None


def _clock(text: str) -> timedelta | None:
    whole, point, decimals = text, "", ""
    for mark in (".", ","):
        if mark in text:
            whole, point, decimals = text.partition(mark)
    parts = whole.split(":")
    if len(parts) == 1:
        parts = [whole[start : start + 2] for start in range(0, len(whole), 2)]
    numbers = [_digits(part) for part in parts]
    if len(parts) not in (2, 3) or {len(part) for part in parts} != {2}:
        return None
    if None in numbers or (point and (len(parts) == 2 or _digits(decimals) is None)):
        return None
    hour, minute, second = [number or 0 for number in [*numbers, 0]][:3]
    if hour > 23 or minute > 59 or second > 59:
        return None
    microsecond = int((decimals + "000000")[:6])
    return timedelta(
        hours=hour, minutes=minute, seconds=second, microseconds=microsecond
    )


def _zone(text: str) -> timedelta | None:
    text = text.removeprefix(" ") if text != " " else text
    if text in ("Z", "z", "UTC"):
        return timedelta()
    if not text:
        return timedelta()
    sign = {"+": 1, "-": -1}.get(text[0])
    hours, minutes = text[1:3], text[3:].removeprefix(":") if text[3:] != ":" else ":"
    if sign is None or len(hours) != 2 or len(minutes) not in (0, 2):
        return None
    numbers = _digits(hours), _digits(minutes or "00")
    if numbers[0] is None or numbers[1] is None or numbers[0] > 23 or numbers[1] > 59:
        return None
    return sign * timedelta(hours=numbers[0], minutes=numbers[1])


def _unix(text: str) -> datetime | None:
    whole, point, decimals = text.partition(".")
    number, more = _digits(whole), _digits(decimals)
    if number is None or len(whole) not in (10, 13, 16, 19) or (point and more is None):
        return None
    per_second = 10 ** (len(whole) - 10)
    if number // per_second not in UNIX_RANGE:
        return None
    # In exact numbers: at most nanoseconds, with the decimals that were written.
    scaled = int(whole + decimals)
    return EPOCH + timedelta(
        microseconds=scaled * 10**6 // (per_second * 10 ** len(decimals))
    )


DATES = ("2026-11-24", "20261124", "2024-02-29", "00010101", "9999-12-31")
SEPARATORS = ("T", "t", " ")
CLOCKS = ("20:02", "20:02:22", "2002", "200222", "00:00:00", "235959")
DECIMALS = ("", ".5", ",5", ".123456", ".9999999", ",999999999", ".0000000")
ZONES = ("", "Z", "z", "UTC", "+00", "-08", "+0530", "-0030", "+05:30", "-23:59")


def valid_texts() -> Iterator[str]:
    """Yield texts of every form in the grammar."""
    yield from DATES
    for day, separator, clock in product(DATES, SEPARATORS, CLOCKS):
        has_seconds = len(clock.replace(":", "")) == 6
        for decimals in DECIMALS if has_seconds else ("",):
            for blank, zone in product(("", " "), ZONES):
                if zone or not blank:
                    yield f"{day}{separator}{clock}{decimals}{blank}{zone}"
    for seconds in ("1000000000", "1764028942", "1999999999"):
        for more, decimals in product(("", "123", "123456", "123456789"), DECIMALS):
            if "," not in decimals:
                yield f"{seconds}{more}{decimals}"


ALPHABET = "0123456789-:+.,TtZz UTC/_wW\u0663\u2212\xa0"


def mutated(text: str, chance: Random) -> str:
    """Return a text with one to three characters put in, left out or changed."""
    characters = list(text)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(characters) + 1)
        new = [chance.choice(ALPHABET)] if chance.random() < 2 / 3 else []
        characters[place : place + chance.randint(0, 1)] = new
    return "".join(characters)
