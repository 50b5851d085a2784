"""What do all commands share? Parsing, progress bars, and JAX's compilation cache."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import tyro
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Options = TypeVar("Options")
console = Console()


def parse(options: type[Options], name: str, arguments: list[str] | None, explain: str) -> Options:
    """Command line -> a frozen dataclass of options; `--help` and mistakes are answered by tyro."""
    return tyro.cli(options, prog=f"sixkeys {name}", args=arguments, description=explain)


def compiled_once() -> None:
    """Keeps what JAX will compile in the user's cache folder, so that the next run starts in a few seconds.

    Call it before anything imports JAX. What the user has set stays.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sixkeys" / "jax"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def store_path(given: Path | None = None) -> Path:
    """The file of memories: the one that is named, or the user's, in the folder for state."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return given.expanduser() if given else state / "sixkeys" / "memory.sqlite"


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.1f}/s" if task.speed else "-/s", style="progress.data.speed")


def bar() -> Progress:
    """A progress bar with what is going on, a rate in its text, elapsed and remaining time."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), Rate(),
        TimeElapsedColumn(), TextColumn("ETA"), TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
        console=console,
    )  # fmt: skip


def plain(text: str) -> str:
    """The text without anything that a terminal would obey: what cannot be printed is shown escaped."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else letter.encode("unicode_escape").decode()
        for letter in text
    )


def say(text: str, markup: bool = False, style: str = "") -> None:
    """One line for a person; with `markup`, rich's tags in brackets are read as tags."""
    console.print(plain(text), highlight=False, soft_wrap=True, markup=markup, style=style or None)
