"""The ladder is data: names, order, gates; judging is arithmetic."""

import pytest

from sixkeys.bench import suite
from sixkeys.bench.metrics import DEFINITIONS, Summary
from sixkeys.bench.stats import Measure
from sixkeys.bench.suite import Case, Gate, judge


def _summary(**values):
    measures = {name: Measure(values.get(name), None, None) for name in DEFINITIONS}
    return Summary(10, (0.5,), (), **measures)


def test_names_are_unique_and_the_ladder_climbs():
    names = [case.name for case in suite.LADDER]
    assert len(set(names)) == len(names)
    assert [case.rung for case in suite.ladder()] == sorted(case.rung for case in suite.LADDER)
    worlds = {"grid", "minigrid", "tools", "computer", "chains", "repo", "workbench"}
    assert {case.world for case in suite.LADDER} == worlds


def test_the_acceptance_figures_of_b1():
    """Unmasked >= 0.95, masked >= 0.98, steps <= 8; held-out unmasked >= 0.85; 300 episodes."""
    gates = {(g.metric, g.mode, g.at): g.value for g in suite.find("proc_mixed_loop").gates if not g.minus}
    assert gates[("pass_rate", "unmasked", "at_least")] == 0.95
    assert gates[("pass_rate", "masked", "at_least")] == 0.98
    assert gates[("mean_steps_to_pass", "unmasked", "at_most")] == 8
    heldout = {(g.metric, g.mode, g.at): g.value for g in suite.find("b1_heldout").gates if not g.minus}
    assert heldout[("pass_rate", "unmasked", "at_least")] == 0.85
    assert suite.find("b1").episodes >= 300


def test_quick_is_a_part_of_the_ladder_on_fewer_episodes():
    whole = {case.name: case for case in suite.ladder()}
    in_short = suite.ladder(in_short=True)
    assert [case.name for case in in_short] == list(suite.QUICK_CASES)
    untrained = {"workbench", "tools", "computer", "chains"}
    assert {case.world for case in in_short} == {case.world for case in whole.values()} - untrained
    for short in in_short:
        full = whole[short.name]
        assert short.gates == full.gates
        assert short.episodes <= suite.QUICK_EPISODES < full.episodes
        assert short.seats >= 2, "shuffling needs two"


def test_an_unknown_case_suggests():
    with pytest.raises(KeyError, match=r"did you mean 'grid_key'\? possible: .*b1_heldout"):
        suite.find("grid_kex")


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match=r"unknown metric 'pas_rate'; possible: pass_rate"):
        Gate("pas_rate", "masked", "at_least", 1)


@pytest.mark.parametrize(
    ("at", "bound", "value", "passed"),
    [
        ("at_least", 0.5, 0.5, True),
        ("at_least", 0.5, 0.49, False),
        ("at_most", 8, 8.0, True),
        ("at_most", 8, 8.01, False),
    ],
)
def test_a_bound_includes_itself(at, bound, value, passed):
    case = Case("c", "w", "t", 1, gates=(Gate("mean_steps_to_pass", "masked", at, bound),))
    found = judge(case, {("agent", "masked"): _summary(mean_steps_to_pass=value)})
    assert [(r.value, r.passed) for r in found] == [(value, passed)]


def test_a_difference_gate_and_float_dust():
    case = Case("c", "w", "t", 1, gates=(Gate("pass_rate", "unmasked", "at_least", 0.3, minus="shuffled"),))
    rows = {
        ("agent", "unmasked"): _summary(pass_rate=0.95),
        ("shuffled", "unmasked"): _summary(pass_rate=0.65),
    }
    assert judge(case, rows)[0].passed
    rows["shuffled", "unmasked"] = _summary(pass_rate=0.66)
    assert not judge(case, rows)[0].passed
    assert str(case.gates[0]) == "agent - shuffled: unmasked pass_rate >= 0.3"


def test_what_was_not_measured_has_not_passed():
    case = Case("c", "w", "t", 1, gates=(Gate("extra_actions", "masked", "at_most", 1), suite.READING))
    assert [r.passed for r in judge(case, {})] == [False, False]
    assert [r.passed for r in judge(case, {("agent", "masked"): _summary()})] == [False, False]
    lone = judge(case, {("agent", "unmasked"): _summary(pass_rate=1.0)})
    assert lone[1] == (suite.READING, None, False)
