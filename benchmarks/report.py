"""Write the results as Markdown, with what is needed to repeat them."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.comparison import Result
    from benchmarks.conditions import Conditions
    from benchmarks.section import Section

_PACKAGES = (
    "target-contentsquare",
    "singer-sdk",
    "msgspec",
    "requests",
    "urllib3",
    "orjson",
    "dlt",
)


def heading(conditions: Conditions, command: str) -> str:
    """Return the heading: the command, the machine and the versions."""
    machine = f"{_processor()}, {os.cpu_count()} cores, {_memory()}"
    versions = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    lines = [
        "# Benchmarks",
        "",
        f"- Command: `{command}`",
        f"- Runs: {conditions.runs}, in turns; medians",
        f"- Seed: {conditions.seed}; sessions start before {conditions.today:%Y-%m-%d}",
        f"- Machine: {machine}, {platform.system()}",
        f"- Python {platform.python_version()}; {versions}",
    ]
    if conditions.scale != 1:
        lines.append(
            "- With fewer rows, to see that everything works: the ratios mean nothing"
        )
    return "\n".join(lines) + "\n"


def as_markdown(section: Section) -> str:
    """Return the table and the ratios of a scenario."""
    parts = [f"## {section.title}", section.text]
    if section.results:
        parts.append(_table(section.results))
    if section.ratios:
        parts.append("\n".join(_ratio_lines(section)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(results: Sequence[Result]) -> str:
    lines = [
        "| | rows | wall s | CPU s | µs/row | CPU µs/row | peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        entry = result.entry
        per_row = (
            f"{result.wall / entry.rows * 1e6:.1f} | "
            f"{result.cpu / entry.rows * 1e6:.1f}"
            if entry.rows
            else " | "
        )
        lines.append(
            f"| {entry.contender.name} | {entry.rows:,} | {result.wall:.2f} | "
            f"{result.cpu:.2f} | {per_row} | {result.peak / 1e6:.0f} |"
        )
    return "\n".join(lines)


def _ratio_lines(section: Section) -> Iterator[str]:
    for ratio in section.ratios:
        goal = f" (goal: {ratio.goal})" if ratio.goal else ""
        yield f"- {ratio.name}: **{ratio.value:.3g}**{goal}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{size / 2**30:.0f} GiB"
