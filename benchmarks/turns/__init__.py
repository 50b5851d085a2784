"""How are rivals timed fairly on a busy machine? Turn by turn in one run; only ratios within a round count.

A contestant is a name and a function that works for a while and returns its rate. Every round measures each
contestant once, in an order that turns, so that a slow moment of the machine hits all alike.
"""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

Rates = Mapping[str, Sequence[float]]
"""Contestant -> its rate in each round, larger is faster."""

Seconds = Mapping[str, Sequence[Sequence[float]]]
"""Contestant -> the seconds of its runs in each round."""

console = Console()


class Ratio(NamedTuple):
    """How many times faster, over rounds."""

    median: float
    low: float
    high: float
    """Smallest and largest round."""
    whole: float = 0.0
    high95: float = 0.0
    """The median and the 95th percentile of theirs over those of ours, all rounds together; 0: not known."""


def take_turns(contestants: Mapping[str, Callable[[], float]], rounds: int) -> Rates:
    """Rates of all contestants over `rounds`, with progress and time left shown on a terminal."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    order = [names[(turn + i) % len(names)] for turn in range(rounds) for i in range(len(names))]
    for name in track(order, f"{rounds} rounds", console=console, transient=True):
        rates[name].append(contestants[name]())
    return rates


def ratio(rates: Rates, ours: str, theirs: str) -> Ratio:
    """Ours over theirs, round by round."""
    rounds = [a / b for a, b in zip(rates[ours], rates[theirs], strict=True)]
    return Ratio(statistics.median(rounds), min(rounds), max(rounds))


def rounds_of(kinds: Mapping[str, Callable[[], list[float]]], rounds: int) -> Seconds:
    """Seconds of all kinds of runs over `rounds`, in an order that turns."""
    found: dict[str, list[list[float]]] = {name: [] for name in kinds}
    names = list(kinds)
    order = [names[(turn + i) % len(names)] for turn in range(rounds) for i in range(len(names))]
    for name in track(order, f"{rounds} rounds", console=console, transient=True):
        found[name].append(kinds[name]())
    return found


def times(seconds: Seconds, ours: str, theirs: str) -> Ratio:
    """How many times faster ours is: the medians of each round, and quantiles of all runs."""
    rates = {name: [1 / statistics.median(some) for some in seconds[name]] for name in (ours, theirs)}
    mine, other = (np.quantile(np.concatenate(seconds[name]), (0.5, 0.95)) for name in (ours, theirs))
    return ratio(rates, ours, theirs)._replace(whole=other[0] / mine[0], high95=other[1] / mine[1])


def quantiles(title: str, seconds: Seconds) -> Table:
    """A row a kind of run: how many, median and 95th percentile in milliseconds."""
    shown = Table("", "runs", "median", "95th percentile", title=title)
    for name, values in seconds.items():
        every = np.concatenate(values)
        median, high = 1e3 * np.quantile(every, (0.5, 0.95))
        shown.add_row(name, str(len(every)), f"{median:.1f}", f"{high:.1f}")
    return shown


def table(title: str, unit: str, rates: Rates, ours: str) -> Table:
    """A row a contestant: median rate, spread, how many times faster `ours` is, spread."""
    shown = Table(title=title, padding=0, caption=f"ratio: {ours} over this row, within a round")
    for header in ("", unit, "min .. max", "ratio", "min .. max"):
        shown.add_column(header, no_wrap=True, justify="right" if header else "left")
    for name, values in rates.items():
        times = ratio(rates, ours, name)
        faster = (
            ("", "") if name == ours else (f"{times.median:.2f}x", f"{times.low:.2f} .. {times.high:.2f}")
        )
        spread = f"{number(min(values))} .. {number(max(values))}"
        shown.add_row(name, number(statistics.median(values)), spread, *faster)
    return shown


def number(value: float) -> str:
    """Whole where it is large."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def verdict(what: str, times: Ratio, target: float | None = None) -> str:
    """One line with a ratio, and whether the median of the rounds reaches the target, if there is one."""
    of_all = f", medians {times.whole:.1f}x, 95th percentiles {times.high95:.1f}x" if times.whole else ""
    said = f"{what}: {times.median:.1f}x ({times.low:.1f} to {times.high:.1f}{of_all})"
    if target is None:
        return said
    word = "[green]reached[/]" if times.median >= target else "[red]NOT reached[/]"
    return f"{said}; target {target:g}x {word}"


def missing(*packages: str) -> list[str]:
    """Those of `packages` that are not installed here."""
    return [package for package in packages if importlib.util.find_spec(package) is None]
