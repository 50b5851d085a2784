"""How often does the audit suspect people? Small human commits with their tests, out of git histories.

    python scripts/false_alarms.py GITDIR...

A GITDIR is the git directory of a Python project: `.git`, or a bare copy, which may lack some objects. A
commit counts, and once if it was made again on another branch, if it has one parent, changes Python sources
by fewer than 30 lines and a Python test file with them, and if its sources parse. They are audited as an
edit, with the test files that it changes as the tests; those whose subject says that they mend something are
counted once more, as fixes. Files that no repair may change are left out. Where handlers of everything are
all that is found, no word is said yet: a run must tell whether they silence a test (envs/repo/outspoken.py),
and here is none (silenced.py makes it); these are counted apart, as open. Prints each alarm, then a line a
project: commits, alarms; then all.
"""

from __future__ import annotations

import difflib
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sixkeys.bench.stats import wilson
from sixkeys.envs.repo.acts import SWALLOWING
from sixkeys.envs.repo.audit import Finding, audit, parsed
from sixkeys.envs.repo.verdict import protected

LINES = 30
"""Changed lines of source, added and removed, that a commit has fewer of."""
OTHER = {
    "docs",
    "doc",
    "examples",
    "example",
    "benchmarks",
    "bench",
    "scripts",
    "setup.py",
    "noxfile.py",
    "tasks.py",
    ".github",
    "conf.py",
}
"""Parts of a path that show a file to be neither source nor test."""
TESTING = {"test", "tests", "testing", "testsuite"}
"""Folders of tests and of what they need."""


FIX = re.compile(
    r"\b(fix|fixe[sd]|fixing|bug|bugfix|crash|regression|correct|corrects|corrected|incorrect|wrong|repair)\b",
    re.IGNORECASE,
)
"""What the subject of a fix says."""


class Commit(NamedTuple):
    """A human edit: its sources before and after, and the tests it came with."""

    name: str
    parent: str
    before: dict[str, str]
    after: dict[str, str]
    tests: dict[str, str]
    subject: str

    @property
    def fix(self) -> bool:
        """Whether its subject says that it mends something."""
        return bool(FIX.search(self.subject))

    def lines(self) -> tuple[str, ...]:
        """The lines of source that were added and removed, with their signs."""
        found: list[str] = []
        for path in sorted({*self.before, *self.after}):
            old, new = self.before.get(path, "").splitlines(), self.after.get(path, "").splitlines()
            changed = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
            found += [line for line in changed if line[0] in "+-"]
        return tuple(found)


class Row(NamedTuple):
    """What was said of a commit."""

    fix: bool
    alarm: bool
    open: bool
    """Only a run can tell."""


def is_test(path: str) -> bool:
    """Whether a file is a test or lies with the tests."""
    *folders, name = path.split("/")
    return (
        name.startswith("test")
        or name.endswith("_test.py")
        or name == "conftest.py"
        or any(folder.strip("_") in TESTING or folder.startswith("test_") for folder in folders)
    )


def commits(folder: str) -> Iterator[Commit]:
    """Every commit of the history that counts, once, the newest first."""
    command = ["git", f"--git-dir={folder}", "log", "--all", "--no-merges", "--name-only", "--no-renames"]
    log = subprocess.run([*command, "--format=%x00%H %P%n%s"], capture_output=True).stdout.decode(
        errors="replace"
    )
    wanted = []
    for block in log.split("\0")[1:]:
        head, subject, *paths = block.split("\n")
        paths = [path for path in paths if path.endswith(".py") and not OTHER & set(path.split("/"))]
        tests = [path for path in paths if is_test(path)]
        sources = [path for path in paths if not is_test(path) and not protected(path)]
        if len(head.split()) == 2 and tests and sources and len(paths) < LINES:
            wanted.append((*head.split(), subject, sources, tests))
    names = [f"{c}:{p}" for name, parent, _, *both in wanted for c in (name, parent) for s in both for p in s]
    found, seen = contents(folder, names), set()
    for name, parent, subject, sources, tests in wanted:
        commit = Commit(
            name,
            parent,
            *(texts(found, c, paths) for c, paths in ((parent, sources), (name, sources), (name, tests))),
            subject,
        )
        key = commit.lines()
        fits = commit.after and commit.tests and key not in seen and 0 < len(key) < LINES
        if fits and all(map(parsed, (*commit.before.values(), *commit.after.values()))):
            seen.add(key)
            yield commit


def texts(found: Mapping[str, str], commit: str, paths: list[str]) -> dict[str, str]:
    """The files that a commit has."""
    return {path: found[f"{commit}:{path}"] for path in paths if f"{commit}:{path}" in found}


def contents(folder: str, names: list[str]) -> dict[str, str]:
    """`commit:path` -> text, of those that are there."""
    command = ["git", f"--git-dir={folder}", "cat-file", "--batch"]
    said = subprocess.run(command, input="\n".join(names).encode() + b"\n", capture_output=True).stdout
    found, place = {}, 0
    for name in names:
        end = said.index(b"\n", place)
        head, place = said[place:end].split(b" "), end + 1
        if head[-1].isdigit():
            size = int(head[-1])
            found[name] = said[place : place + size].decode("utf-8", "replace")
            place += size + 1
    return found


def alarms(folder: str, commit: Commit) -> tuple[Finding, ...]:
    """What the audit says with all sources that the commit found there; they are read only if it matters."""
    found = audit(commit.before, commit.after, commit.tests)
    if found:
        command = ["git", f"--git-dir={folder}", "ls-tree", "-r", "--name-only", "-z", commit.parent]
        said = subprocess.run(command, capture_output=True).stdout.decode(errors="replace")
        paths = [path for path in said.split("\0") if path.endswith(".py") and not is_test(path)]
        there = texts(contents(folder, [f"{commit.parent}:{path}" for path in paths]), commit.parent, paths)
        found = audit({**there, **commit.before}, commit.after, commit.tests)
    return found


def main() -> None:
    """Audits every commit; the exit code is 0 whatever is found."""
    rows: list[Row] = []
    spent = 0.0
    for folder in sys.argv[1:]:
        first = len(rows)
        for commit in commits(folder):
            begun = time.perf_counter()
            findings = alarms(folder, commit)
            spent += time.perf_counter() - begun
            sure = any(finding.rule != SWALLOWING for finding in findings)
            rows.append(Row(commit.fix, sure, bool(findings) and not sure))
            kind = "fix   " if commit.fix else "change"
            for finding in findings:
                place = f"{finding.path}:{finding.line}"
                print(f"  {commit.name[:10]} {kind} {place} {finding.rule}: {finding.found}")
        print(Path(folder).resolve().parent.name, end=": ")
        report(rows[first:])
    if rows:
        print("in all", end=": ")
        report(rows)
        print(f"{1000 * spent / len(rows):.1f} ms a commit")


def report(rows: Sequence[Row]) -> None:
    """How many of all commits, and how many of the fixes among them, are suspected, and how many are open."""
    said = []
    for name, some in (("commits", rows), ("fixes", [row for row in rows if row.fix])):
        alarmed = sum(row.alarm for row in some)
        rate = wilson(alarmed, len(some)) if some else None
        share = f" {rate.value:.2%} ({rate.low:.2%} to {rate.high:.2%})" if rate else ""
        said.append(f"{len(some)} {name}, {alarmed} alarms{share}, {sum(row.open for row in some)} open")
    print("; ".join(said), flush=True)


if __name__ == "__main__":
    main()
