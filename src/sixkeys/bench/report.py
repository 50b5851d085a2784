"""What does a bench run leave behind? One closed, versioned JSON document; `show` makes pages of it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from sixkeys.bench.climb import Result, summaries
from sixkeys.bench.forgetting import LIFE_DEFINITIONS, life
from sixkeys.bench.metrics import DEFINITIONS, GAP, Gap, gap
from sixkeys.bench.replay import Replay
from sixkeys.bench.stats import Measure
from sixkeys.bench.suite import MODES, GateResult, Mode, judge

FORMAT = 1
"""Version of the document; raised whenever an older reader could misread a newer file."""


class Closed(BaseModel):
    """Frozen, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Machine(Closed):
    """On what it was measured."""

    sixkeys: str
    python: str
    jax: str
    numpy: str
    system: str
    cores: int


class FamilyRow(Closed):
    """One task family's share of a row."""

    name: str
    episodes: int
    pass_rate: Measure


class Row(Closed):
    """One case, one thinker, one mode; over one or more training seeds."""

    case: str
    world: str
    task: str
    rung: int
    thinker: str
    mode: Mode
    seeds: tuple[int, ...]
    episodes: int = Field(description="over all training seeds")
    seed_pass_rates: tuple[float, ...]
    families: tuple[FamilyRow, ...]
    metrics: dict[str, Measure] = Field(description="by the names in `definitions`")

    @field_validator("metrics")
    @classmethod
    def _known(cls, metrics: dict[str, Measure]) -> dict[str, Measure]:
        wrong = sorted(set(metrics) ^ set(DEFINITIONS))
        if wrong:
            raise ValueError(
                f"metrics unknown or missing: {', '.join(wrong)}; a row has: {', '.join(DEFINITIONS)}"
            )
        return metrics


class GapRow(Closed):
    """Masked minus unmasked, of one case and thinker."""

    case: str
    thinker: str
    pass_rate: Measure
    mean_steps_to_pass: Measure
    mean_return: Measure


class GateRow(Closed):
    """A gate and its verdict; `value` is null where nothing was measured, which does not pass."""

    case: str
    thinker: str
    minus: str | None
    metric: str
    mode: Mode
    at: Literal["at_least", "at_most"]
    bound: float
    value: float | None
    passed: bool


class Curve(Closed):
    """One line of a chart; curves with the same chart share its axes."""

    chart: str
    name: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class ReplayRow(Closed):
    """One recorded episode and whose it is."""

    case: str
    thinker: str
    mode: Mode
    episode: Replay


class LifeRow(Closed):
    """One life: who learnt what in which order, and every score after every stage; see forgetting.py."""

    stream: str
    arm: str
    seed: int
    boundaries: str
    memory_bytes: int = Field(description="what the arm keeps of its past at the end, samples and weights")
    tasks: tuple[str, ...]
    taught: tuple[int, ...] = Field(description="the task of each stage")
    before: tuple[float | None, ...] = Field(description="scores before the first stage")
    matrix: tuple[tuple[float | None, ...], ...] = Field(description="a row a stage, a column a task")
    measures: dict[str, float | None] = Field(description="by the names in `definitions`")
    choices: tuple[str, ...] = Field((), description="what was chosen to learn in which stage, and how fast")


class Report(Closed):
    """Everything a bench run found."""

    format: Literal[1] = FORMAT
    created: str = Field(description="ISO 8601, UTC")
    machine: Machine
    isolation: str = Field(description="what kept code under test in: `bwrap ...`, `landlock ...` or `none`")
    config: dict[str, JsonValue]
    definitions: dict[str, str]
    rows: tuple[Row, ...]
    gaps: tuple[GapRow, ...]
    gates: tuple[GateRow, ...]
    curves: tuple[Curve, ...] = ()
    replays: tuple[ReplayRow, ...] = ()
    lives: tuple[LifeRow, ...] = ()
    violations: tuple[str, ...] = Field((), description="what guards or the sandbox objected to, in words")


def machine() -> Machine:
    """This machine and the versions installed on it; JAX is not imported for it."""
    return Machine(
        sixkeys=_version("sixkeys"),
        python=platform.python_version(),
        jax=_version("jax"),
        numpy=_version("numpy"),
        system=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count() or 1,
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def assemble(
    results: Sequence[Result],
    isolation: str,
    config: Mapping[str, Any],
    curves: Sequence[Curve] = (),
    violations: Sequence[str] = (),
    created: str | None = None,
    lives: Sequence[LifeRow] = (),
) -> Report:
    """A report of everything that was climbed; cases are judged here. `config` must be plain JSON values."""
    cases = list({result.case.name: result.case for result in results}.values())
    return Report(
        created=created or datetime.now(UTC).isoformat(timespec="seconds"),
        machine=machine(),
        isolation=isolation,
        config=dict(config),
        definitions=DEFINITIONS | {"gap": GAP} | (LIFE_DEFINITIONS if lives else {}),
        rows=tuple(_row(result) for result in results),
        gaps=tuple(_gaps(results)),
        gates=tuple(
            _gate(case.name, found) for case in cases for found in judge(case, summaries(results, case))
        ),
        curves=tuple(curves),
        replays=tuple(
            ReplayRow(case=result.case.name, thinker=result.thinker, mode=result.mode, episode=replay)
            for result in results
            for evaluation in result.evaluations
            for replay in evaluation.replays
        ),
        lives=tuple(lives),
        violations=tuple(violations),
    )


def life_row(
    matrix: np.ndarray, taught: Sequence[int], before: Sequence[float], tasks: Sequence[str], **told: Any
) -> LifeRow:
    """A life with its measures. `told`: stream, arm, seed, boundaries and memory_bytes."""
    return LifeRow(
        tasks=tuple(tasks),
        taught=tuple(int(task) for task in taught),
        before=tuple(_known(score) for score in before),
        matrix=tuple(tuple(_known(score) for score in row) for row in matrix),
        measures={name: _known(x) for name, x in life(matrix, taught, before)._asdict().items()},
        **told,
    )


def _known(score: float) -> float | None:
    """JSON knows no nan: what was not measured is null."""
    return None if np.isnan(score) else float(score)


def _row(result: Result) -> Row:
    case, summary = result.case, result.summary
    return Row(
        case=case.name,
        world=case.world,
        task=case.task,
        rung=case.rung,
        thinker=result.thinker,
        mode=result.mode,
        seeds=result.seeds,
        episodes=summary.episodes,
        seed_pass_rates=summary.seed_pass_rates,
        families=tuple(FamilyRow(**family._asdict()) for family in summary.families),
        metrics=summary.measures(),
    )


def _gaps(results: Sequence[Result]) -> list[GapRow]:
    by_mode = {(result.case.name, result.thinker, result.mode): result.evaluations for result in results}
    pairs = [(case, thinker) for case, thinker, mode in by_mode if mode == "masked"]
    found: list[tuple[str, str, Gap]] = []
    for case, thinker in pairs:
        if (case, thinker, "unmasked") in by_mode:
            masked, unmasked = (by_mode[case, thinker, mode] for mode in MODES)
            found.append((case, thinker, gap(masked, unmasked)))
    return [GapRow(case=case, thinker=thinker, **gaps._asdict()) for case, thinker, gaps in found]


def _gate(case: str, result: GateResult) -> GateRow:
    gate = result.gate
    return GateRow(
        case=case,
        thinker=gate.thinker,
        minus=gate.minus,
        metric=gate.metric,
        mode=gate.mode,
        at=gate.at,
        bound=gate.value,
        value=result.value,
        passed=result.passed,
    )


def write_json(report: Report, path: Path) -> None:
    """Writes the document at once or not at all."""
    write_text(path, report.model_dump_json() + "\n")


def read_json(path: Path) -> Report:
    """The report in `path`; raises ValueError, naming file and field, on another format or a wrong field."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"{path} has report format {found!r}; this version reads format {FORMAT}: run the bench again"
        )
    try:
        return Report.model_validate_json(json.dumps(document))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise ValueError(f"{path} is not a report of format {FORMAT}: {wrong}") from error


def schema() -> dict[str, Any]:
    """The JSON Schema of a report; `report.schema.json` beside this file holds it for other readers."""
    return Report.model_json_schema(mode="serialization")


def write_text(path: Path, text: str) -> None:
    """Writes a whole file or none: to a neighbour first, then in one move."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
