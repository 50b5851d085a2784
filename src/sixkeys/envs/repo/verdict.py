"""Is it fixed? Decided outside the reach of the code under test, from the two trees and what was reported.

In: the pristine tree, the edited tree, the node ids that must pass, the run of the edited tree. Out: a
verdict with its reasons. An exit code is never asked.

Not covered: whether an edit special-cases the tests, and behaviour that no test looks at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import NamedTuple

from sixkeys.envs.repo.outcomes import RunResult

PROTECTED = (
    "test_*.py", "*_test.py", "test.py", "tests.py", "conftest.py", "*.ini", "*.toml", "*.cfg", "*.pth",
    "sitecustomize.py", "usercustomize.py", "*.pyc", "*.so", "*.pyd",
)  # fmt: skip
"""Names of files that decide what is tested and how; an edit may not touch, add or remove one."""


class Verdict(NamedTuple):
    """Whether the edited tree is fixed, and why not."""

    passed: bool
    reasons: tuple[str, ...]
    """Everything that speaks against it; empty where it passed."""
    failed: tuple[str, ...]
    """Node ids that were reported and did not pass."""
    missing: tuple[str, ...]
    """Expected node ids that were not reported."""


def protected(path: str) -> bool:
    """Whether a file of this name decides what is tested; case does not matter."""
    name = PurePosixPath(path).name.lower()
    return any(fnmatch(name, pattern) for pattern in PROTECTED)


def judge(
    pristine: Mapping[str, str],
    edited: Mapping[str, str],
    expected: Sequence[str],
    result: RunResult,
    excused: Collection[str] = (),
) -> Verdict:
    """Fixed only if the run finished, each expected id passed once, nothing failed, tests are untouched.

    excused: ids that failed before and may go on failing; the verdict says nothing about them.
    """
    outcomes = {test.node: test.outcome for test in result.outcomes}
    wanted = tuple(dict.fromkeys(expected))
    missing = tuple(node for node in wanted if node not in outcomes)
    bad = {node for node in wanted if outcomes.get(node, "passed") != "passed"}
    bad |= {node for node, outcome in outcomes.items() if outcome in ("failed", "error")} - set(excused)
    failed = tuple(node for node in outcomes if node in bad)
    twice = [node for node, count in Counter(test.node for test in result.outcomes).items() if count > 1]
    changed = sorted(
        path for path in {*pristine, *edited} if protected(path) and pristine.get(path) != edited.get(path)
    )
    reasons = [f"the run did not finish: {result.status}"] * (result.status != "finished")
    reasons += ["no test is expected, so nothing can be shown"] * (not wanted)
    reasons += [f"{path} decides what is tested and was changed" for path in changed]
    reasons += [f"{node} {outcomes[node]}" for node in failed]
    reasons += [f"{node} was not reported" for node in missing]
    reasons += [f"{node} was reported more than once" for node in twice]
    return Verdict(not reasons, tuple(reasons), failed, missing)
