"""A report as one HTML page that needs no other file, for people who are no engineers.

It looks like the sandbox's page.
"""

from __future__ import annotations

import json
from collections import Counter
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.summary.session_ages import MOST_HOURS, SHORT_HOURS
from target_contentsquare.report.charts import bar_chart
from target_contentsquare.report.reasons import sentence_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_contentsquare.delivery.summary.session_ages import AgeCounts
    from target_contentsquare.delivery.summary.summary import StreamCounts, Summary
    from target_contentsquare.report.mapped_stream import MappedProperty, MappedStream
    from target_contentsquare.report.run_report import RunReport

_COLUMN_HOURS = 6
_ANSWERS = ("answered", "limited", "failed")
_COUNTS = (
    "Stream",
    "Read",
    "Delivered",
    "Unchanged",
    "Merged",
    "Dropped",
    "Rejected",
    "Not settled",
)


def page_of(report: RunReport) -> str:
    """Return the page."""
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    title = f"Contentsquare enrichments, {report.ended_at:%Y-%m-%d %H:%M} UTC"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{title}</h1>\n{_verdict(report)}\n</header>\n<main>\n"
        f"{''.join(_sections(report))}</main>\n"
        f'<footer class="muted"><p>{escape(report.program)}. This page holds no value '
        "of a row and no secret.</p></footer>\n</body>\n</html>\n"
    )


def _sections(report: RunReport) -> Iterator[str]:
    summary = report.summary
    yield _totals(summary.total)
    yield _section("Rows of each stream", _streams(summary.streams.values()))
    if left := [*_left_out(summary)]:
        heads = ("Stream", "Rows", "Why")
        yield _section("Rows that were left out", _table(heads, left))
    if summary.total.faults:
        note = (
            "A row may have several reasons. The rows that could be kept are in the "
            "rejected file."
        )
        yield _section("Why rows were rejected", _faults(summary.streams), note)
    if dropped := [c for c in summary.streams.values() if c.dropped]:
        yield _section(
            "Why rows were dropped", _dropped(dropped), "Expected, so not errors."
        )
    yield _section("Age of the sessions at delivery", _ages(summary.ages))
    yield _section("Requests over time", _requests(report))
    for stream in report.mapping:
        yield _section(f"Mapping of stream '{stream.stream}'", _mapping(stream))
    rows = [(name, _shown(value)) for name, value in report.settings.items()]
    yield _section("Settings", _table(("Setting", "Value"), rows))


def _verdict(report: RunReport) -> str:
    if report.error is not None:
        error = escape(report.error)
        return f'<p class="verdict rejected">The run has failed: {error}</p>'
    total = report.summary.total
    rejected = total.rejected.total()
    if rejected:
        return (
            f'<p class="verdict limited">The run went to its end, and {rejected:,} of '
            f"{total.read:,} rows could not be delivered.</p>"
        )
    return '<p class="verdict delivered">The run went well.</p>'


def _totals(total: StreamCounts) -> str:
    amounts = {
        "Rows read": (total.read, ""),
        "Delivered": (total.delivered, "delivered"),
        "Unchanged": (total.unchanged, ""),
        "Merged": (total.merged, ""),
        "Dropped": (total.dropped.total(), ""),
        "Rejected": (total.rejected.total(), "rejected"),
        "Not settled": (total.unsettled, "rejected"),
    }
    items = "".join(
        f'<div class="{name if amount else ""}">'
        f"<dt>{label}</dt><dd>{amount:,}</dd></div>"
        for label, (amount, name) in amounts.items()
    )
    return f'<dl class="totals">{items}</dl>\n'


def _streams(streams: Iterable[StreamCounts]) -> str:
    rows = [
        (
            counts.stream,
            counts.read,
            counts.delivered,
            counts.unchanged,
            counts.merged,
            counts.dropped.total(),
            counts.rejected.total(),
            counts.unsettled,
        )
        for counts in streams
    ]
    return _table(_COUNTS, rows)


def _left_out(summary: Summary) -> Iterator[tuple[str, int, str]]:
    for name, rows in summary.skipped.items():
        yield name, rows, "The settings have no mapping for this stream."
    for name, rows in summary.removed.items():
        yield name, rows, "A filter in the setting stream_maps removed them."


def _faults(streams: Any) -> str:
    rows = [
        (name, field or "the whole row", amount, sentence_for(reason), reason)
        for name, counts in streams.items()
        for (reason, field), amount in counts.faults.most_common()
    ]
    return _table(("Stream", "Field", "Rows", "What is wrong", "Reason"), rows)


def _dropped(streams: Sequence[StreamCounts]) -> str:
    rows = [
        (counts.stream, amount, sentence_for(reason), reason)
        for counts in streams
        for reason, amount in counts.dropped.most_common()
    ]
    return _table(("Stream", "Rows", "Why", "Reason"), rows)


def _ages(ages: AgeCounts) -> str:
    words = " ".join(ages.report()) or "No row was delivered"
    text = f"<p>{escape(words[:1].upper() + words[1:])}.</p>"
    if not ages.by_hour:
        return text
    columns = [Counter[str]() for _ in range(MOST_HOURS // _COLUMN_HOURS)]
    for hours, rows in ages.by_hour.items():
        at = min(hours // _COLUMN_HOURS, len(columns) - 1)
        is_short = hours >= MOST_HOURS - SHORT_HOURS
        columns[at]["limited" if is_short else "delivered"] += rows
    axis = "<span>just started</span><span>7 days ago, too old</span>"
    return f'{text}{bar_chart(columns, words)}<p class="axis muted">{axis}</p>'


def _requests(report: RunReport) -> str:
    timeline, amount = report.requests, report.summary.requests
    columns = [
        Counter({name: column[name] for name in _ANSWERS if column[name]})
        for column in timeline.columns
    ]
    total: Counter[str] = sum(columns, Counter())
    words = ", ".join(f"{total[name]:,} {name}" for name in _ANSWERS if total[name])
    text = f"<p>{amount:,} requests{': ' if words else ''}{words}.</p>"
    if columns:
        end = f"{len(columns) * timeline.step:,.0f} s later"
        legend = "".join(f'<span class="{n}">{n}</span>' for n in _ANSWERS if total[n])
        text += f'<p class="legend">{legend}</p>'
        axis = f"<span>first answer</span><span>{end}</span>"
        text += f'{bar_chart(columns, words)}<p class="axis muted">{axis}</p>'
    rows = [(f"{second:,.0f}", line) for second, line in report.trouble]
    return text + (_table(("Second", "What the log said"), rows) if rows else "")


def _mapping(stream: MappedStream) -> str:
    rows = [_mapped(mapped) for mapped in (*stream.session, *stream.fields)]
    note = f"{stream.setting}, integration version {stream.version}"
    table = _table(("Property", "Goes to", "Type", "Required"), rows)
    return f'<p class="muted">{escape(note)}</p>{table}'


def _mapped(mapped: MappedProperty) -> tuple[str, ...]:
    source = f"always {mapped.value}" if mapped.property is None else mapped.property
    return source, mapped.field, mapped.type, "yes" if mapped.required else ""


def _section(title: str, body: str, note: str = "") -> str:
    muted = f'<p class="muted">{note}</p>' if note else ""
    return f"<section><h2>{escape(title)}</h2>{muted}{body}</section>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"<td>{value:,}</td>"
    return f"<td>{escape(str(value))}</td>"


def _shown(value: object) -> str:
    if value is None:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
