"""The project's pages: their sections and fenced blocks, and how each block is run.

A comment right above a block says what it is:

    <!-- file: config.json -->   written to the section's folder
    <!-- run -->                 shell commands, with exit code 0; or `run: exit 1`
    <!-- spark -->               Python with a session `spark`, where there is a JVM
    <!-- prints -->              lines that the last run printed, in this order
    <!-- serve -->               the sandbox's command, until the section ends
    <!-- received -->            the enrichments that the sandbox now holds
    <!-- not run: reason -->     not run

All blocks of a section (between two headings of the second level) share a folder and a
sandbox. Pages are written as if today were `WRITTEN_ON`, so all dates are moved.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")))
WRITTEN_ON = date(2026, 11, 24)

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(
    r"<!-- (file|run|spark|prints|serve|received|not run)(?:: (.*?))? -->"
)
_DATE = re.compile(r"\b2026-\d\d-\d\d")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        marker: The first words of the comment above it; empty where there is none.
        argument: What follows the words in the comment.
    """

    marker: str
    argument: str
    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Section:
    page: Path
    title: str
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        return f"{self.page.name}: {self.title}"


def sections() -> Iterator[Section]:
    """Yield the sections of all pages that have blocks."""
    for page in PAGES:
        text = page.read_text("utf-8")
        titles = [(0, "top"), *_headings(text)]
        ends = [start for start, _ in titles[1:]] + [len(text)]
        for (start, title), end in zip(titles, ends, strict=True):
            if blocks := tuple(_blocks(text, start, end)):
                yield Section(page, title, blocks)


def _headings(text: str) -> list[tuple[int, str]]:
    fences = [match.span() for match in _FENCE.finditer(text)]
    return [
        (match.start(), match[1])
        for match in re.finditer(r"^## (.*)$", text, re.MULTILINE)
        if not any(start < match.start() < end for start, end in fences)
    ]


def _blocks(text: str, start: int, end: int) -> Iterator[Block]:
    for match in _FENCE.finditer(text, start, end):
        indent, language, content = match.groups()
        marker = _marker_above(text[: match.start()])
        lines = (line.removeprefix(indent) for line in content.splitlines())
        yield Block(
            marker=marker[1] if marker else "",
            argument=(marker[2] or "") if marker else "",
            language=language,
            text="".join(f"{line}\n" for line in lines),
            line=text.count("\n", 0, match.start()) + 1,
        )


def _marker_above(text: str) -> re.Match[str] | None:
    """Return the marker among the comments directly above a block."""
    for line in reversed(text.splitlines()):
        if not line.strip().startswith("<!--"):
            return None
        if marker := _MARKER.fullmatch(line.strip()):
            return marker
    return None


def as_of_today(text: str) -> str:
    """Move all dates by the days that have passed since the page was written."""
    days = datetime.now(timezone.utc).date() - WRITTEN_ON
    return _DATE.sub(lambda match: _move(match[0], days), text)


def _move(text: str, days: timedelta) -> str:
    return (date.fromisoformat(text) + days).isoformat()
