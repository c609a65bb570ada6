"""The results as Markdown, with what is needed to judge and repeat them."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.race import Result
    from benchmarks.scenarios import Section
    from benchmarks.workshop import Workshop

_PACKAGES = (
    "target-contentsquare",
    "singer-sdk",
    "msgspec",
    "requests",
    "urllib3",
    "orjson",
    "dlt",
)


def heading(shop: Workshop, command: str) -> str:
    """Say where, when and how it was measured."""
    machine = f"{_processor()}, {os.cpu_count()} cores, {_memory()}"
    versions = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    lines = [
        "# Benchmarks",
        "",
        f"- Command: `{command}`",
        f"- Runs: {shop.runs}, in turns; medians",
        f"- Seed: {shop.seed}; sessions start before {shop.today:%Y-%m-%d}",
        f"- Machine: {machine}, {platform.system()}",
        f"- Python {platform.python_version()}; {versions}",
    ]
    if shop.scale != 1:
        lines.append("- Scaled down to see that it runs: the ratios mean nothing")
    return "\n".join(lines) + "\n"


def as_markdown(section: Section) -> str:
    """Give a scenario's table and ratios."""
    parts = [f"## {section.title}", section.text, _table(section.results)]
    if section.ratios:
        parts.append("\n".join(_ratio_lines(section)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(results: Sequence[Result]) -> str:
    lines = [
        "| | rows | wall s | CPU s | µs/row | CPU µs/row | peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for one in results:
        entry = one.entry
        per_row = (
            f"{one.wall / entry.rows * 1e6:.1f} | {one.cpu / entry.rows * 1e6:.1f}"
            if entry.rows
            else " | "
        )
        lines.append(
            f"| {entry.contender.name} | {entry.rows:,} | {one.wall:.2f} | "
            f"{one.cpu:.2f} | {per_row} | {one.peak / 1e6:.0f} |"
        )
    return "\n".join(lines)


def _ratio_lines(section: Section) -> Iterator[str]:
    for one in section.ratios:
        goal = f" (goal: {one.goal})" if one.goal else ""
        yield f"- {one.what}: **{one.value:.3g}**{goal}"


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
