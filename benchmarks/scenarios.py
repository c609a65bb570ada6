"""What is measured, one function per question; each gives a section of the results."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchmarks.race import BARE, LOOP, OBVIOUS, TARGET, Contender, Result
from benchmarks.workshop import check_same_work, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.workshop import Workshop

_MILLION = 1_000_000
#: A million rows are a matter of seconds to these.
_FAST = (LOOP, TARGET)
#: Requests, if the settings don't say.
_IN_FLIGHT = 8
# The slow ones would take most of the time; 200,000 rows tell what one of them costs.
_ROWS_OF_SLOW_ONES = 200_000
_SECONDS_PER_ANSWER = 0.1
# As from a server in the same city: answers no longer come at once.
_SECONDS_NEARBY = 0.005


@dataclass(frozen=True, slots=True)
class Ratio:
    """A number that has a goal."""

    what: str
    value: float
    goal: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One scenario's results."""

    title: str
    text: str
    results: Sequence[Result]
    ratios: Sequence[Ratio] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A contender's cost for more rows than it was given.

    Cost is taken to grow linearly from what no rows at all cost.
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


def main(shop: Workshop) -> Section:
    """An instant server: what a row costs, next to other ways to send it."""
    contenders = installed()
    check_same_work(shop, contenders)
    slow = [one for one in contenders if one not in _FAST]
    entries = [
        shop.entry(one, _MILLION if one in _FAST else _ROWS_OF_SLOW_ONES)
        for one in contenders
    ]
    results = shop.race([*entries, *(shop.entry(one, 0) for one in slow)])
    full = {one.entry.contender: one for one in results if one.entry.rows}
    empty = {one.entry.contender: one for one in results if not one.entry.rows}
    rows = shop.rows(_MILLION)
    target = full[TARGET]
    ratios = []
    for one in slow:
        scaled = _Scaled(empty[one], full[one], rows)
        goal = "at most 0.125" if one is OBVIOUS else ""
        ratios += [
            Ratio(f"wall time, target / {one.name}", target.wall / scaled.wall, goal),
            Ratio(f"CPU time, target / {one.name}", target.cpu / scaled.cpu),
        ]
    if LOOP in full:
        loop = full[LOOP]
        ratios += [
            Ratio("wall time, target / loop", target.wall / loop.wall),
            Ratio("CPU time, target / loop", target.cpu / loop.cpu, "at most 1.0"),
        ]
    text = (
        f"Rows of 8 properties, 5 of them mapped, one of each type. Ratios are for "
        f"{rows:,} rows; what was given fewer is scaled up per row, from what it takes "
        "with no rows."
    )
    return Section("main: an instant server", text, results, ratios)


def near(shop: Workshop) -> Section:
    """Answers after 5 ms: what waiting for many requests at a time costs."""
    fast = [one for one in installed() if one in _FAST]
    results = shop.race(
        [shop.entry(one, _MILLION, latency=_SECONDS_NEARBY) for one in fast]
    )
    text = (
        f"Each answer takes {_SECONDS_NEARBY * 1000:.0f} ms. The loop sends one "
        f"request after the other, the target {_IN_FLIGHT} at a time."
    )
    ratios = []
    if len(fast) == len(_FAST):
        loop, target = results
        ratios = [
            Ratio("wall time, target / loop", target.wall / loop.wall),
            Ratio("CPU time, target / loop", target.cpu / loop.cpu),
        ]
    return Section("near: quick answers", text, results, ratios)


def wide(shop: Workshop) -> Section:
    """Many properties, few mapped: what is not sent should cost little."""
    narrow, broad = shop.race(
        [
            shop.entry(_with(TARGET, "8 properties"), _ROWS_OF_SLOW_ONES),
            shop.entry(
                _with(TARGET, "100 properties"), _ROWS_OF_SLOW_ONES, properties=100
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


def linear(shop: Workshop) -> Section:
    """Five times the rows: five times the time, the same memory."""
    one, five = shop.race([shop.entry(TARGET, n * _MILLION) for n in (1, 5)])
    return Section(
        "linear: five times the rows",
        "",
        [one, five],
        [
            Ratio("wall time", five.wall / one.wall, "4.5 to 5.5"),
            Ratio("CPU time", five.cpu / one.cpu, "4.5 to 5.5"),
            Ratio("peak memory", five.peak / one.peak, "1"),
        ],
    )


def latency(shop: Workshop) -> Section:
    """Answers take 100 ms: what requests in flight bring."""
    target = shop.entry(
        _with(TARGET, "16 in flight", max_parallel_requests=16),
        200_000,
        latency=_SECONDS_PER_ANSWER,
    )
    sequential = shop.entry(OBVIOUS, 20_000, latency=_SECONDS_PER_ANSWER)
    nothing = shop.entry(OBVIOUS, 0, latency=_SECONDS_PER_ANSWER)
    results = shop.race([target, sequential, nothing])
    scaled = _Scaled(results[2], results[1], target.rows)
    text = (
        f"Each answer takes {_SECONDS_PER_ANSWER * 1000:.0f} ms. The obvious target, "
        f"which sends one request after the other, is scaled up to {target.rows:,} "
        f"rows from {sequential.rows:,}: {scaled.wall:.1f} s."
    )
    ratio = Ratio(
        "times faster than the obvious target",
        scaled.wall / results[0].wall,
        "at least 12",
    )
    return Section("latency: slow answers", text, results, [ratio])


def startup(shop: Workshop) -> Section:
    """No rows: what starting takes."""
    entries = [shop.entry(BARE, 0), shop.entry(TARGET, 0)]
    bare, target = replace(shop, runs=max(shop.runs, 10)).race(entries)
    return Section(
        "startup: an empty input",
        "The bare SDK target has a sink that does nothing.",
        [bare, target],
        [
            Ratio("wall time, target / bare", target.wall / bare.wall, "at most 1.15"),
            Ratio("CPU time, target / bare", target.cpu / bare.cpu, "at most 1.15"),
        ],
    )


def memory(shop: Workshop) -> Section:
    """A server slower than the tap: what is waiting must not pile up."""
    few, many = shop.race(
        [shop.entry(TARGET, rows, latency=0.02) for rows in (100_000, 5 * _MILLION)]
    )
    return Section(
        "memory: a server slower than the tap",
        "Each answer takes 20 ms, so that reading has to wait for sending.",
        [few, many],
        [Ratio("peak memory", many.peak / few.peak, "at most 1.2")],
    )


def _with(contender: Contender, note: str, **settings: object) -> Contender:
    name = f"{contender.name}, {note}"
    return replace(contender, name=name, settings={**contender.settings, **settings})


ALL: Mapping[str, Callable[[Workshop], Section]] = {
    "main": main,
    "near": near,
    "wide": wide,
    "linear": linear,
    "latency": latency,
    "startup": startup,
    "memory": memory,
}
