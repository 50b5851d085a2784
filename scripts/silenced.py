"""Do handlers of everything that people wrote silence tests? What false_alarms.py leaves open, by running it.

    python scripts/silenced.py FOLDER COMMIT... --tests tests/test_a.py --python PYTHON

FOLDER is a clone that PYTHON has installed in place, with all that its tests need; each commit is checked out
there. Its tests, those that it changes unless others are given, run twice in the sandbox: as it is, and with
its new handlers handing on what a test says (envs/repo/outspoken.py). The audit suspects it for good where a
test passes the first time only. Prints a line a commit.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from sixkeys import build
from sixkeys.envs.repo.outcomes import RunResult
from sixkeys.envs.repo.outspoken import outspoken
from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.verdict import deciding, protected

SECONDS = 300.0


def main() -> None:
    """Checks each commit out; the clone stays at the last."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("commits", nargs="+")
    parser.add_argument("--tests", nargs="*", default=[], help="files or node ids; else those of the commit")
    parser.add_argument("--python", default="", help="the interpreter that runs them")
    options = parser.parse_args()
    for commit in options.commits:
        git(options.folder, "checkout", "-q", "-f", commit)
        changed = git(options.folder, "show", "--name-only", "--format=", commit).split()
        tests = options.tests or [
            path for path in changed if protected(path) and Path(path).name[:4] == "test"
        ]
        print(f"{commit[:10]}: {told(options.folder, commit, changed, tests, options.python)}", flush=True)


def told(folder: Path, commit: str, changed: list[str], tests: list[str], python: str) -> str:
    """What two runs say."""
    project = read(folder, python)
    after = project.sources()
    names = [path for path in changed if path in after]
    before = {path: git(folder, "show", f"{commit}^:{path}") for path in names if not protected(path)}
    spoken = outspoken({**after, **before}, {path: after[path] for path in before}, deciding(after))
    opened = sum(spoken[path] != after[path] for path in spoken)
    with build.repository_runner(project, 1) as runner:
        one, other = passed(runner.run({}, tests, SECONDS)), passed(runner.run(spoken, tests, SECONDS))
    lost = sorted(one - other)
    return f"{opened} files opened, {len(one)} tests pass, {len(lost)} of them silenced {', '.join(lost)}"


def passed(run: RunResult) -> set[str]:
    """The tests that passed; what the run said is shown where none did."""
    found = {test.node for test in run.outcomes if test.outcome == "passed"}
    if not found:
        print(run.status, run.output[-1500:])
    return found


def git(folder: Path, *words: str) -> str:
    """What git says; empty where it refuses."""
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
