"""The scenarios: each function measures, and returns a section of the results."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.comparison import (
    BARE,
    LOOP,
    OBVIOUS,
    TARGET,
    Contender,
    Result,
    compare,
)
from benchmarks.conditions import check_same_work, installed
from benchmarks.instructions import can_count, count
from benchmarks.measuring import free_port
from benchmarks.section import Ratio, Section
from benchmarks.singer_input import CHANGED_EVERY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.conditions import Conditions

_MILLION = 1_000_000
#: Contenders that need only seconds for a million rows.
_FAST = (LOOP, TARGET)
#: Requests in flight by default.
_IN_FLIGHT = 8
# The others get fewer rows, since they would take most of the time.
_ROWS_OF_SLOW_CONTENDERS = 200_000
_SECONDS_PER_ANSWER = 0.1
# A line of so many properties has about 1 MB.
_COLUMNS_OF_A_MB = 33_000
# Other work on the machine only ever adds to a time, so of many that take a tenth of a
# second the least is nearest to the truth.
_ROWS_REPEATED = 20_000
_REPEATS = 40
# As from a server in the same city.
_SECONDS_NEARBY = 0.005


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A contender's cost, extrapolated to more rows than it got.

    The cost is assumed to grow linearly with the rows, from that of an empty input.
    """

    empty: Result
    full: Result
    rows: int

    @property
    def wall(self) -> float:
        return self._scale(self.empty.wall, self.full.wall)

    @property
    def cpu(self) -> float:
        return self._scale(self.empty.cpu, self.full.cpu)

    def _scale(self, start: float, end: float) -> float:
        return start + (end - start) * self.rows / self.full.entry.rows


def main(conditions: Conditions) -> Section:
    """Compare all contenders with a server that answers at once."""
    contenders = installed()
    check_same_work(conditions, contenders)
    slow = [contender for contender in contenders if contender not in _FAST]
    entries = [
        conditions.entry(c, _MILLION if c in _FAST else _ROWS_OF_SLOW_CONTENDERS)
        for c in contenders
    ]
    results = conditions.compare([*entries, *(conditions.entry(c, 0) for c in slow)])
    full = {r.entry.contender: r for r in results if r.entry.rows}
    empty = {r.entry.contender: r for r in results if not r.entry.rows}
    rows = conditions.rows(_MILLION)
    target = full[TARGET]
    ratios = []
    for contender in slow:
        scaled = _Scaled(empty[contender], full[contender], rows)
        goal = "at most 0.125" if contender is OBVIOUS else ""
        name = contender.name
        ratios += [
            Ratio(f"wall time, target / {name}", target.wall / scaled.wall, goal),
            Ratio(f"CPU time, target / {name}", target.cpu / scaled.cpu),
        ]
    if LOOP in full:
        ratios += _against_loop([full[LOOP], target], cpu_goal="at most 1.0")
    text = (
        f"Rows of 8 properties, 5 of them mapped, one of each type. Ratios are for "
        f"{rows:,} rows; the cost of contenders that got fewer is extrapolated from "
        "theirs and that of an empty input. The loop waits while the server works, "
        "and the target works at the same time. Its threads take turns on the "
        "interpreter, and the system wakes each on a processor whose cache does not "
        "have what the other left: the same work takes more processor time. See "
        "`tied` and `instructions`."
    )
    return Section("main: an instant server", text, results, ratios)


def tied(conditions: Conditions) -> Section:
    """Compare with all threads of a contender on one processor."""
    title = "tied: one processor"
    if not hasattr(os, "sched_setaffinity"):
        return Section(title, "Not measured: only Linux can do that.", [])
    entries = [replace(conditions.entry(c, _MILLION), is_tied=True) for c in _fast()]
    results = conditions.compare(entries)
    text = (
        "As `main`, but all threads of a contender run on one processor, and find in "
        "its cache what the others left."
    )
    return Section(title, text, results, _against_loop(results))


def instructions(conditions: Conditions) -> Section:
    """Count what the loop and the target take, whatever else the machine does."""
    title = "instructions: what a row takes"
    fast = _fast()
    if len(fast) < len(_FAST) or not can_count():
        return Section(title, "Not counted: Valgrind or orjson is not installed.", [])
    loop, target = (count(contender, conditions) for contender in fast)
    return Section(
        title,
        "Counted by Valgrind, with an instant server, without the system's own. Unlike "
        "times they hardly change from run to run.",
        [],
        [
            Ratio("thousand instructions a row, loop", loop.row / 1000),
            Ratio("thousand instructions a row, target", target.row / 1000),
            Ratio(
                f"instructions for {_MILLION:,} rows with the start, target / loop",
                target.of(_MILLION) / loop.of(_MILLION),
                "at most 1.0",
            ),
        ],
    )


def near(conditions: Conditions) -> Section:
    """Measure what many requests in flight cost, with answers after 5 ms."""
    fast = _fast()
    results = conditions.compare(
        [conditions.entry(c, _MILLION, latency=_SECONDS_NEARBY) for c in fast]
    )
    text = (
        f"Each answer takes {_SECONDS_NEARBY * 1000:.0f} ms. The loop sends one "
        f"request after the other, the target {_IN_FLIGHT} at a time."
    )
    return Section("near: quick answers", text, results, _against_loop(results))


def _against_loop(results: Sequence[Result], cpu_goal: str = "") -> list[Ratio]:
    """Return the ratios of the target to the loop, where both were run."""
    if len(results) < len(_FAST):
        return []
    loop, target = results
    return [
        Ratio("wall time, target / loop", target.wall / loop.wall),
        Ratio("CPU time, target / loop", target.cpu / loop.cpu, cpu_goal),
    ]


def piped(conditions: Conditions) -> Section:
    """Compare with rows that a tap writes one by one."""
    fast = _fast()
    entries = [replace(conditions.entry(c, _MILLION), by_tap=True) for c in fast]
    results = conditions.compare(entries)
    text = (
        "A tap in Python writes and flushes each row, as those of the SDK do. It has "
        "more work with a row than the loop and the target, and takes its time."
    )
    return Section("piped: rows from a tap", text, results, _against_loop(results))


def wide(conditions: Conditions) -> Section:
    """Measure what properties cost that are not mapped."""
    narrow, broad = conditions.compare(
        [
            conditions.entry(_with(TARGET, "8 properties"), _ROWS_OF_SLOW_CONTENDERS),
            conditions.entry(
                _with(TARGET, "100 properties"),
                _ROWS_OF_SLOW_CONTENDERS,
                properties=100,
            ),
        ]
    )
    return Section(
        "wide: 100 properties, 5 mapped",
        "8 properties are the session and the 5 that are mapped; 92 more are not sent.",
        [narrow, broad],
        [
            Ratio("wall time, 100 / 8 properties", broad.wall / narrow.wall, "below 2"),
            Ratio("CPU time, 100 / 8 properties", broad.cpu / narrow.cpu, "below 2"),
        ],
    )


def linear(conditions: Conditions) -> Section:
    """Measure how time and memory grow with the rows."""
    single, fivefold = conditions.compare(
        [conditions.entry(TARGET, n * _MILLION) for n in (1, 5)]
    )
    return Section(
        "linear: five times the rows",
        "",
        [single, fivefold],
        [
            Ratio("wall time", fivefold.wall / single.wall, "4.5 to 5.5"),
            Ratio("CPU time", fivefold.cpu / single.cpu, "4.5 to 5.5"),
            Ratio("peak memory", fivefold.peak / single.peak, "1"),
        ],
    )


def latency(conditions: Conditions) -> Section:
    """Measure what requests in flight gain, with answers after 100 ms."""
    target = conditions.entry(
        _with(TARGET, "16 in flight", max_parallel_requests=16),
        200_000,
        latency=_SECONDS_PER_ANSWER,
    )
    sequential = conditions.entry(OBVIOUS, 20_000, latency=_SECONDS_PER_ANSWER)
    empty = conditions.entry(OBVIOUS, 0, latency=_SECONDS_PER_ANSWER)
    results = conditions.compare([target, sequential, empty])
    scaled = _Scaled(results[2], results[1], target.rows)
    text = (
        f"Each answer takes {_SECONDS_PER_ANSWER * 1000:.0f} ms. The obvious target, "
        f"which sends one request after the other, is extrapolated from "
        f"{sequential.rows:,} to {target.rows:,} rows: {scaled.wall:.1f} s."
    )
    ratio = Ratio(
        "times faster than the obvious target",
        scaled.wall / results[0].wall,
        "at least 12",
    )
    return Section("latency: slow answers", text, results, [ratio])


def startup(conditions: Conditions) -> Section:
    """Measure the time to start, with an empty input."""
    entries = [conditions.entry(BARE, 0), conditions.entry(TARGET, 0)]
    bare, target = replace(conditions, runs=max(conditions.runs, 10)).compare(entries)
    return Section(
        "startup: an empty input",
        "The bare SDK target has a sink that does nothing.",
        [bare, target],
        [
            Ratio("wall time, target / bare", target.wall / bare.wall, "at most 1.15"),
            Ratio("CPU time, target / bare", target.cpu / bare.cpu, "at most 1.15"),
        ],
    )


def memory(conditions: Conditions) -> Section:
    """Measure the memory when the server is slower than the tap."""
    long = _with(TARGET, "lines of 1 MB")
    few, many, wide_lines = conditions.compare(
        [
            *(
                conditions.entry(TARGET, rows, latency=0.02)
                for rows in (100_000, 5 * _MILLION)
            ),
            conditions.entry(long, 400, latency=0.02, properties=_COLUMNS_OF_A_MB),
        ]
    )
    return Section(
        "memory: a server slower than the tap",
        "Each answer takes 20 ms, so that reading has to wait for sending. Of long "
        "lines, 64 MB wait at most, and as many are in flight.",
        [few, many, wide_lines],
        [
            Ratio("peak memory", many.peak / few.peak, "at most 1.2"),
            Ratio(
                "peak memory, lines of 1 MB / short", wide_lines.peak / few.peak, "5"
            ),
        ],
    )


def spark(conditions: Conditions) -> Section:
    """Measure the way of rows on Spark, and a whole job where there is Spark."""
    from benchmarks.record_batches import (  # noqa: PLC0415 - Arrow takes memory
        cpu_seconds,
        table_of,
    )
    from benchmarks.spark_run import run_job  # noqa: PLC0415 - as above

    target = conditions.entry(TARGET, _ROWS_OF_SLOW_CONTENDERS)
    results = conditions.compare([target])
    table = table_of(target.input)
    part = table.slice(0, _ROWS_REPEATED)
    seconds = min(cpu_seconds(part) for _ in range(_REPEATS * conditions.runs))
    name = "CPU µs a row, from record batches to encoded batches, the least"
    ratios = [Ratio(name, seconds / part.num_rows * 1e6, "at most 5")]
    if (job := run_job(table, target, conditions.folder)) is not None:
        name = "wall time, local[2] without the JVM's start / target"
        ratios.append(Ratio(name, job / results[0].wall, "at most 2"))
    return Section(
        "spark: the rows of a cluster",
        "The table has the target on the same rows. The job is run with the newest "
        "Spark, if `make spark` has installed it.",
        results,
        ratios,
    )


def remembering(conditions: Conditions) -> Section:
    """Measure a memory between runs: all rows are new, none is, one in 100 is."""
    path = conditions.folder / "memory.sqlite"
    sent = replace(conditions.entry(TARGET, _MILLION), port=free_port())
    new = replace(sent, contender=_with(TARGET, "all new", memory_path=str(path)))
    again = _with(TARGET, "all unchanged", memory_path=str(path))
    unchanged = replace(sent, contender=again, arriving=0)
    changed = replace(
        unchanged,
        contender=replace(again, name=f"{TARGET.name}, 1 % changed"),
        input=conditions.changed_input(sent.input),
        arriving=-(-sent.rows // CHANGED_EVERY),
    )
    rounds = []
    for _ in range(conditions.runs):
        for file in conditions.folder.glob(f"{path.name}*"):
            file.unlink()
        entries = [sent, new, unchanged, changed]
        rounds.append(compare(entries, 1, conditions.folder))
    results = [
        Result(same[0].entry, [result.costs[0] for result in same])
        for same in zip(*rounds, strict=True)
    ]
    plain, *_, kept, _ = results
    return Section(
        "remembering: a memory between runs",
        "The first run has no memory. Of the others, the first finds it empty, the "
        "second knows all rows, and for the third one row in 100 has changed.",
        results,
        [
            Ratio("wall time, unchanged / sent", kept.wall / plain.wall, "at most 1"),
            Ratio("CPU time, unchanged / sent", kept.cpu / plain.cpu),
        ],
    )


def _fast() -> list[Contender]:
    return [contender for contender in installed() if contender in _FAST]


def _with(contender: Contender, note: str, **settings: object) -> Contender:
    name = f"{contender.name}, {note}"
    return replace(contender, name=name, settings={**contender.settings, **settings})


ALL: Mapping[str, Callable[[Conditions], Section]] = {
    "main": main,
    "tied": tied,
    "instructions": instructions,
    "near": near,
    "piped": piped,
    "wide": wide,
    "linear": linear,
    "latency": latency,
    "startup": startup,
    "memory": memory,
    "spark": spark,
    "remembering": remembering,
}
