"""`sixkeys bench`: climb the ladder of cases; every case masked and unmasked, beside its controls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sixkeys import build
from sixkeys.cli.common import bar, compiled_once, console, parse, say

EXPLAIN = """Climb the ladder of cases, from simple to complex.

Every case is played by the agent and by its controls (random, no-op, oracle, and the agent reading another
seat's content), masked (it sees which keys are offered) and unmasked, over the same unseen episodes.

  sixkeys bench --quick                    a few episodes of every case with the shipped weights
  sixkeys bench --case minigrid_doorkey    one case in full
  sixkeys bench --case b1                  the roadmap's gate: all seeds and ablations of the study b1
  sixkeys bench --checkpoint runs/last     your own weights
"""


@dataclass(frozen=True)
class Options:
    """What may be said to `sixkeys bench`."""

    quick: bool = False
    """a few episodes of a few cases: for a look, not for a claim"""
    case: tuple[str, ...] = ()
    """only these cases, or a study: b1, open, doorkey, grid, together, tools, computer, mixed, web"""
    checkpoint: tuple[Path, ...] = ()
    """weights of one or more training seeds of one agent; default: the shipped ones, or the study's own"""
    episodes: int = 0
    """episodes a case, instead of the case's own number"""
    seats: int = 0
    """seats a pool, instead of the case's own number"""
    replays: int = 2
    """episodes of each case kept step by step in the report"""
    eval_policy: Literal["sample", "greedy"] = "greedy"
    """how the agent chooses among its keys"""
    planning_coef: float | None = None
    """weight of imagined advice, instead of the one saved with the weights; 0 never plans"""
    planner: Literal["rollouts", "beam", "search"] | None = None
    """what makes the advice, instead of what is saved with the weights; needs a planning_coef above 0"""
    simulations: int | None = None
    """keys a search imagines for one key; 0: 0, 8, 32 or 128, as the self-model expects a gain"""
    isolation: Literal["auto", "bwrap", "landlock", "none"] = "auto"
    """what keeps code under test in, as the report says; `landlock` is weaker, `none` runs it unconfined"""
    studies: Path = Path("runs/studies")
    """where a study keeps, and finds, the weights of its arms"""
    json: Path = Path("report.json")
    """where the report goes"""
    html: Path = Path("report.html")
    """where its page goes"""


def main(arguments: list[str]) -> int:
    """Runs the cases; exit code 1 where a gate of a full run was not passed."""
    options = parse(Options, "bench", arguments, EXPLAIN)
    compiled_once()
    from sixkeys.bench.study import STUDIES

    named = [name for name in options.case if name in STUDIES]
    if not named:
        return ladder(options)
    if len(options.case) > 1:
        raise ValueError(
            f"{named[0]!r} is a study and comes alone; bench the other cases in a run of their own"
        )
    from sixkeys.cli.study import study

    return study(STUDIES[named[0]], options)


def ladder(options: Options) -> int:
    """Every case with one agent."""
    from sixkeys.bench.climb import field
    from sixkeys.bench.suite import find
    from sixkeys.bench.suite import ladder as rungs

    cases = [find(name) for name in options.case] or list(rungs(options.quick))
    cases = [adapt(case, options) for case in cases]
    agents, configs = {}, []
    for path in options.checkpoint or (None,):
        greedy = options.eval_policy == "greedy"
        agent, config = build.load_agent(path, greedy, options.planning_coef, **acting(options))
        if config.learn.seed in agents:
            raise ValueError(
                f"{path}: training seed {config.learn.seed} came twice; give one checkpoint a seed"
            )
        agents[config.learn.seed] = agent
        configs.append(config)
    results = []
    with bar() as progress:
        for case in cases:
            contestants = {**field(agents), **build.planners(case)}
            results += climbed(case, contestants, options, progress)
    return publish(results, options, configs[0].model_dump(mode="json"), curves(options.checkpoint))


def acting(options: Options) -> dict:
    """What was said about how to plan."""
    said = {"planner": options.planner, "simulations": options.simulations}
    return {name: value for name, value in said.items() if value is not None}


def climbed(case, contestants, options: Options, progress) -> list:
    """Every result of one case, shown as it goes."""
    from sixkeys.bench.climb import climb
    from sixkeys.bench.suite import AGENT

    total = 2 * case.episodes * sum(len(seeds) for seeds in contestants.values())
    shown = Shown(progress, progress.add_task(case.name, total=total, note=""))
    pools = build.evaluation_pools(f"{case.world}:{case.task}", case.seats, options.isolation)
    return list(climb(case, contestants, pools, frames={AGENT: options.replays}, progress=shown))


class Shown:
    """Tells a progress bar what a climb is doing. Keeps state: episodes of finished contestants."""

    def __init__(self, progress, task):
        self.progress, self.task, self.base, self.last = progress, task, 0, None

    def __call__(self, doing) -> None:
        who = (doing.thinker, doing.mode, doing.seed)
        if self.last is not None and who != self.last[0]:
            self.base += self.last[1]
        self.last = (who, doing.episodes)
        note = f"{doing.thinker} {doing.mode}"
        self.progress.update(self.task, completed=self.base + doing.done, note=note)


def adapt(case, options: Options):
    """The case with the numbers that were asked for."""
    from dataclasses import replace

    from sixkeys.bench.suite import quick

    case = quick(case) if options.quick else case
    return replace(case, episodes=options.episodes or case.episodes, seats=options.seats or case.seats)


def curves(paths: tuple[Path, ...]) -> list:
    """The learning curves saved beside weights."""
    from sixkeys.bench.report import Curve
    from sixkeys.training.checkpoint import load

    found = []
    for path in paths or (build.shipped_weights(),):
        saved = load(path)
        points, seed = saved.meta.get("curve", {}), saved.meta["config"]["learn"]["seed"]
        found += [
            Curve(
                chart=f"training: {name}", name=f"seed {seed}", x_label="keys pressed", y_label="pass rate",
                x=tuple(points["keys"]), y=tuple(points[name]),
            )
            for name in points
            if name != "keys"
        ]  # fmt: skip
    return found


def publish(results: list, options: Options, config: dict, shown_curves: list) -> int:
    """Prints the table and the gates, writes both files, says where they are."""
    from sixkeys.bench.report import assemble, write_json
    from sixkeys.bench.show import table, write_html

    report = assemble(results, isolation_of(results, options), config, shown_curves)
    write_json(report, options.json)
    write_html(report, options.html)
    console.print(table(report))
    for gate in report.gates:
        value = "not measured" if gate.value is None else f"{gate.value:.3f}"
        sign = ">=" if gate.at == "at_least" else "<="
        mark = "[green]pass[/]" if gate.passed else "[red]FAIL[/]"
        minus = f" - {gate.minus}" if gate.minus else ""
        what = f"{gate.case}: {gate.thinker}{minus} {gate.mode} {gate.metric}"
        say(f"{mark}  {what} {value} (gate {sign} {gate.bound:g})", markup=True)
    say(f"isolation of code under test: {report.isolation}")
    say(f"report: {options.json.resolve()}")
    say(f"page:   {options.html.resolve()}  (open it in a browser; it needs no network)")
    return 0 if options.quick or all(gate.passed for gate in report.gates) else 1


def isolation_of(results: list, options: Options) -> str:
    """What kept code under test in, for the report."""
    if not any(result.case.world in ("repo", "workbench") for result in results):
        return "no code under test"
    from sixkeys.envs.repo.runner import shared_runner

    return shared_runner(isolation=options.isolation).isolation
