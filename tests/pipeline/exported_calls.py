"""Files as a call centre exports them, and the enrichments expected of them.

Values are generated as Python objects first, and then written as each format does.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

from tests.pipeline.enrichments import PROJECT, Enrichments

_TOO_OLD = timedelta(days=7, hours=1)
_CENTERS = ("RENNES", "Saint-Étienne", "Köln; Süd", 'O\'Fallon "B"', None)
_COLUMNS = {
    "cs_user": "CS User",
    "cs_session": "CS Session",
    "visit_began": "Visit began",
    "answered": "Answered",
    "seconds": "Seconds",
    "rating": "Rating",
    "center": "Center",
    "called_at": "Called at",
    "contract_end": "Contract end",
    "ticket": "Ticket",
    "note": "Note",
}


@dataclass(frozen=True)
class Call:
    """A call; None where a value is unknown."""

    user: str
    session: int
    began: datetime
    answered: bool | None
    seconds: int | None
    rating: float | None
    center: str | None
    called_at: datetime
    team: tuple[str, int] | None

    @property
    def is_too_old(self) -> bool:
        return datetime.now(timezone.utc) - self.began > _TOO_OLD


def make_calls(rows: int, seed: int, prefix: str) -> list[Call]:
    """Return random calls, some of them of sessions that are too old."""
    print(f"calls: seed {seed}")  # noqa: T201 - pytest shows it with a failure
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return [_make_call(random, now, f"{prefix}-{row}") for row in range(rows)]


def _make_call(random: Random, now: datetime, user: str) -> Call:
    age = timedelta(days=random.choice((0, 1, 3, 6, 8, 30)), hours=random.random() * 12)
    began = (now - age).replace(microsecond=0)
    return Call(
        user=user,
        session=random.randint(1, 2**40),
        began=began,
        answered=random.choice((True, False, None)),
        seconds=random.choice((None, 0, random.randint(0, 2**31 - 1))),
        rating=random.choice((None, 4.5, 0.1, round(random.random() * 5, 2))),
        center=random.choice(_CENTERS),
        called_at=began + timedelta(minutes=random.randint(0, 59)),
        team=random.choice((None, ("Blue", 3), ("Ångström", 0))),
    )


# CSV: all values are text; unknown values are empty.


def write_csv(path: Path, calls: Iterable[Call], **cells: str) -> None:
    """Write calls as a European spreadsheet does, with `;` and times with offsets.

    Args:
        cells: Values, by column, that replace those of every row.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(_COLUMNS), delimiter=";")
        writer.writerow(_COLUMNS)
        writer.writerows({**_as_cells(call), **cells} for call in calls)


def _as_cells(call: Call) -> Mapping[str, str]:
    paris = call.called_at.astimezone(timezone(timedelta(hours=2)))
    answered = {True: "TRUE", False: "0", None: ""}
    return {
        "cs_user": call.user,
        "cs_session": str(call.session),
        "visit_began": call.began.strftime("%Y-%m-%d %H:%M:%S"),
        "answered": answered[call.answered],
        "seconds": "" if call.seconds is None else str(call.seconds),
        "rating": "" if call.rating is None else str(call.rating),
        "center": call.center or "",
        "called_at": paris.isoformat(),
        "contract_end": paris.date().isoformat(),
        "ticket": "",
        "note": "not mapped, so never sent",
    }


def expected_of_csv(calls: Iterable[Call]) -> Enrichments:
    """Return the enrichments expected of the CSV file."""
    return {
        (PROJECT, call.user, call.session, 1): _known(
            {
                "has_called": call.answered,
                "call_duration": call.seconds,
                "client_rating": call.rating,
                "call_center": call.center or "",
                "called_at": call.called_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "contract_until": _paris_date(call.called_at),
                "ticket": "",
            }
        )
        for call in calls
        if not call.is_too_old
    }


def _paris_date(moment: datetime) -> str:
    return (moment + timedelta(hours=2)).strftime("%Y-%m-%dT00:00:00Z")


# JSONL: values have JSON's types; the agent's team is nested two levels deep.


def write_jsonl(path: Path, calls: Iterable[Call]) -> None:
    """Write each call as a JSON object; unknown values are null or missing."""
    lines = (json.dumps(_as_json(call), ensure_ascii=False) for call in calls)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _as_json(call: Call) -> Mapping[str, Any]:
    team = call.team and {"name": call.team[0], "size": call.team[1]}
    return {
        "session_key": f"{call.user}.{call.session}",
        "started": int(call.began.timestamp() * 1000),
        "answered": call.answered,
        "agent": {"team": team},
        "tags": ["a", "b"],
        **_known({"seconds": call.seconds, "rating": call.rating}),
    }


def expected_of_jsonl(calls: Iterable[Call]) -> Enrichments:
    """Return the enrichments expected of the JSONL file."""
    fields = {
        (PROJECT, call.user, call.session, 2): _known(
            {
                "has_called": call.answered,
                "call_duration": call.seconds,
                "client_rating": call.rating,
                "agent_team": call.team and call.team[0],
                "agent_team_size": call.team and call.team[1],
            }
        )
        for call in calls
        if not call.is_too_old
    }
    return {key: known for key, known in fields.items() if known}


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
