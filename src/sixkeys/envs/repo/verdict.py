"""Is it fixed? Decided outside the reach of the code under test, from the two trees and what was reported.

In: the pristine tree, the edited tree, the node ids that must pass, the run of the edited tree. Out: a
verdict with its reasons. An exit code is never asked. What the edit added is audited (audit.py); canaries.py
has tests that must fail, for a run that confirms.

Not covered: behaviour that no test looks at; symbolic links, which a tree of texts does not have.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import NamedTuple

from sixkeys.envs.repo.acts import SWALLOWING
from sixkeys.envs.repo.audit import audit
from sixkeys.envs.repo.outcomes import RunResult

PROTECTED = (
    "test_*.py", "*_test.py", "test.py", "tests.py", "run_tests.py", "runtests.py", "conftest.py", "setup.py",
    "noxfile.py", ".coveragerc", "*.ini", "*.toml", "*.cfg", "*.pth", "*.egg-link", "sitecustomize.py",
    "usercustomize.py", "*.py[cdo]", "*.so", "*.dll", "*.dylib", "*.whl", "*.egg", "*.zip",
)  # fmt: skip
"""Names of files that decide what is tested and how; an edit may not touch, add or remove one."""
FOLDERS = {"tests", "test", "_tests", ".pytest_cache", ".git", "__pycache__", "site-packages", "_pytest"}
"""Folders of which every file is such a file: data and helpers of tests, too."""
TAKEN = {*sys.stdlib_module_names, "pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "xdist"}
"""Names of modules that are somebody else's: a new one would be imported in its place."""
ROOTS = {"src", "lib"}


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
    place = PurePosixPath(path.lower())
    return bool(FOLDERS & set(place.parts[:-1])) or any(fnmatch(place.name, pattern) for pattern in PROTECTED)


def inside(path: str) -> bool:
    """Whether this is a relative path in its plainest form."""
    place = PurePosixPath(path)
    return str(place) == path and not place.is_absolute() and ".." not in place.parts and "\\" not in path


def hides(path: str, pristine: Collection[str]) -> bool:
    """Whether a new file would be imported in the place of a module of Python's or pytest's own."""
    parts = PurePosixPath(path).parts
    depth = 2 if len(parts) > 1 and parts[0] in ROOTS else 1
    package = "/".join([*parts[:depth], ""])
    known = path in pristine or any(name.startswith(package) for name in pristine)
    return path.endswith(".py") and parts[depth - 1].removesuffix(".py") in TAKEN and not known


def deciding(tree: Collection[str]) -> frozenset[str]:
    """The Python files of a tree that decide what is tested."""
    return frozenset(path for path in tree if protected(path) and path.endswith(".py"))


def judge(
    pristine: Mapping[str, str],
    edited: Mapping[str, str],
    expected: Sequence[str],
    result: RunResult,
    excused: Collection[str] = (),
    spoken: bool = False,
) -> Verdict:
    """Fixed only if the run finished, each expected id passed once, nothing failed, tests are untouched, and
    the audit of what was added finds nothing.

    excused: ids that failed before and may go on failing; the verdict says nothing about them.
    spoken: these ids passed, too, where new handlers hand on what a test says (outspoken.py), so that a
    handler of everything is nothing against it.
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
    hidden = [path for path in sorted({*edited} - {*changed}) if hides(path, pristine)]
    reasons += [f"{path} would hide a module of that name" for path in hidden]
    reasons += [f"{path!r} is no plain path inside the tree" for path in sorted(edited) if not inside(path)]
    tests = {path: pristine[path] for path in deciding(pristine)}
    found = [
        one for one in audit(pristine, edited, tests) if not (spoken and tests and one.rule == SWALLOWING)
    ]
    reasons += [f"{path}:{line}: {rule}: {what}" for path, line, rule, what in found]
    reasons += [f"{node} {outcomes[node]}" for node in failed]
    reasons += [f"{node} was not reported" for node in missing]
    reasons += [f"{node} was reported more than once" for node in twice]
    return Verdict(not reasons, tuple(reasons), failed, missing)
