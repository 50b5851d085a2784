"""Is every generated task what it claims to be? The generated files are run as they are, without the
generator's own check: in this process over many seeds, and by real pytest over a few."""

from __future__ import annotations

import ast
import sys
import types
from collections import Counter

import pytest

from sixkeys.envs.repo.bugs import Task, generate
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.drafts import draft
from sixkeys.envs.repo.families import (
    FAMILIES,
    HELDOUT,
    TRAINED,
    heldout_templates,
    hosts,
    parse,
    trained_templates,
)
from sixkeys.envs.repo.names import RESERVED, Names
from sixkeys.envs.repo.runner import shared_runner

SEEDS = range(15)
PYTEST_SEEDS = range(100, 103)


def outcomes(files: dict[str, str], tests: tuple[str, ...]) -> list[bool]:
    """Runs the tests of a project by importing its files as modules."""
    path = tests[0].split("::")[0]
    made = [name.removesuffix(".py") for name in files]
    spaces = {}
    try:
        for name in sorted(made, key=lambda name: name.startswith("test_")):
            sys.modules[name] = module = types.ModuleType(name)
            exec(files[f"{name}.py"], module.__dict__)
            spaces[f"{name}.py"] = module
        return [holds(getattr(spaces[path], test.split("::")[1])) for test in tests]
    finally:
        for name in made:
            del sys.modules[name]


def holds(test: types.FunctionType) -> bool:
    try:
        test()
    except Exception:
        return False
    return True


def trees(task: Task) -> list[dict[str, str]]:
    """The unedited tree, then the tree of each candidate."""
    return [task.files, *(edit.apply(task.files) for edit in task.candidates)]


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_right_candidate_passes(family: str, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in SEEDS:
        task = generate(family, seed)
        passed = [all(outcomes(tree, task.tests)) for tree in trees(task)]
        assert passed == [False, *(index == task.right for index in range(6))], (family, seed)


@pytest.mark.parametrize("family", FAMILIES)
def test_real_pytest_says_so_too(family: str) -> None:
    runner = shared_runner()
    tasks = [generate(family, seed) for seed in PYTEST_SEEDS]
    tickets = [[runner.submit(tree, task.tests, seconds=20.0) for tree in trees(task)] for task in tasks]
    for task, of_task in zip(tasks, tickets, strict=True):
        results = [ticket.result() for ticket in of_task]
        assert {result.status for result in results} == {"finished"}
        assert all({test.node for test in result.outcomes} == set(task.tests) for result in results)
        assert [result.passed for result in results] == [False, *(i == task.right for i in range(6))]


@pytest.mark.parametrize("family", FAMILIES)
def test_candidates_differ_and_most_of_the_wrong_ones_tempt(family: str) -> None:
    for seed in SEEDS:
        task = generate(family, seed)
        broken = task.function_of(task.candidates[task.right])
        dumps = {tuple(ast.dump(ast.parse(text)) for text in tree.values()) for tree in trees(task)}
        assert len(dumps) == 7
        assert all(task.function_of(edit) for edit in task.candidates)
        inside = sum(task.function_of(edit) == broken for edit in task.candidates) - 1
        assert inside in (2, 3)


def test_a_project_has_functions_tests_and_names_of_its_own() -> None:
    modules, names = Counter(), Counter()
    for seed in range(300):
        task = generate(TRAINED[seed % len(TRAINED)], seed)
        sources = {path: text for path, text in task.files.items() if not path.startswith("test_")}
        modules[len(sources)] += 1
        places = [
            (node.name, path, node.lineno, node.end_lineno)
            for path, text in sources.items()
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef)
        ]
        assert sorted(places) == sorted(task.functions)
        assert 3 <= len(places) <= 5
        assert len(task.tests) == 2 * len(places)
        names.update(name for name, *_ in places)
        assert not {path.removesuffix(".py") for path in task.files} & RESERVED
    assert set(modules) == {1, 2}
    assert names.most_common(1)[0][1] <= 2


def test_the_same_seed_gives_the_same_task_and_another_seed_another() -> None:
    for family in FAMILIES:
        assert generate(family, 7) == generate(family, 7)
        assert generate(family, 7).files != generate(family, 8).files


def test_the_right_candidate_stands_anywhere() -> None:
    count = 900
    places = Counter(generate(TRAINED[seed % len(TRAINED)], seed).right for seed in range(count))
    expected = count / 6
    assert (
        sum((places[i] - expected) ** 2 / expected for i in range(6)) < 20.5
    )  # chi-square, 5 degrees, p = 0.001


def test_unknown_families_and_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown bug family 'typo'; possible: off_by_one_range, "):
        generate("typo", 0)
    with pytest.raises(ValueError, match="2 to 12 candidates, not 1"):
        generate(FAMILIES[0], 0, candidates=1)


@pytest.mark.parametrize("candidates", [2, 3, 9])
def test_other_numbers_of_candidates(candidates: int) -> None:
    for seed in range(10):
        task = generate("wrong_operator", seed, candidates)
        passed = [all(outcomes(edit.apply(task.files), task.tests)) for edit in task.candidates]
        assert passed == [index == task.right for index in range(candidates)]


def test_families_are_enough_and_the_held_out_ones_stand_apart() -> None:
    assert len(TRAINED) >= 10
    assert len(FAMILIES) == len(set(FAMILIES)) >= 14
    assert len(HELDOUT) == 4
    assert all(len(hosts(family)) >= 3 for family in FAMILIES)
    assert not any(template.families & set(HELDOUT) for template in trained_templates())
    assert not set(trained_templates()) & set(heldout_templates())
    assert all(template.families & set(HELDOUT) for template in heldout_templates())


@pytest.mark.parametrize(
    "template", trained_templates() + heldout_templates(), ids=lambda t: t.texts[0].strip()[:20]
)
def test_every_filling_is_python_that_ends_and_no_two_are_alike(template) -> None:
    chance = Chance(1)
    made = next(filter(None, (draft(chance, template, Names(chance)) for _ in range(20))))
    for place, slot in enumerate(made.slots):
        trees_of_slot = [ast.parse(made.source({place: filling})) for filling in range(len(slot.fillings))]
        assert len({ast.dump(tree) for tree in trees_of_slot}) == len(slot.fillings), slot
        assert not any(isinstance(node, ast.While) for tree in trees_of_slot for node in ast.walk(tree))


def test_a_template_with_an_unknown_family_or_no_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown bug family 'typo'"):
        parse("ints", "def $f($x):\n    return «typo:1|2»\n")
    with pytest.raises(ValueError, match="at least two fillings"):
        parse("ints", "def $f($x):\n    return «wrong_start:1»\n")
