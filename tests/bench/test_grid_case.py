"""End to end on a real world: controls climb a rung of the ladder on GridWorld, and the report stands."""

from sixkeys.bench.climb import climb, field
from sixkeys.bench.report import assemble, read_json, write_json
from sixkeys.bench.show import page
from sixkeys.bench.suite import LADDER, find, quick
from sixkeys.envs.grid import TASKS, GridWorld
from sixkeys.envs.pool import Pool


def test_the_ladder_names_tasks_that_exist():
    assert {case.task for case in LADDER if case.world == "grid"} <= set(TASKS)


def test_controls_on_grid_mixed(tmp_path):
    case = quick(find("grid_mixed"))

    def make_pool(seed_of):
        return Pool([GridWorld(case.task, case.seats)], seed_of)

    results = list(climb(case, field({}), make_pool, frames={"oracle": 1}))
    rates = {(r.thinker, r.mode): r.summary.pass_rate.value for r in results}
    oracle = next(r for r in results if r.thinker == "oracle")
    (played,) = oracle.evaluations
    assert rates["oracle", "masked"] == rates["oracle", "unmasked"] == 1
    assert played.steps.tolist() == played.oracle_steps.tolist()
    assert rates["random", "unmasked"] < 0.6
    assert rates["no_op", "masked"] == 0
    assert len({*played.family}) > 1
    report = assemble(results, "none", {"case": case.name})
    write_json(report, tmp_path / "report.json")
    assert read_json(tmp_path / "report.json") == report
    assert not any(gate.passed for gate in report.gates), "no agent played, so no gate may pass"
    assert played.replays[0].frames[0].screen.splitlines()[0] in page(report)
