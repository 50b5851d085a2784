"""Which historical bugs can be shown on this Python? Mines git histories and writes `history.toml`.

    python scripts/history_list.py runs/history/mined.jsonl mirrors/* --python PYTHON

None is chosen by hand: the 13 bugs of tqdm and cookiecutter in BugsInPy; and of each of the eight libraries
the five newest commits of the default branch (or merges, against their first parent)
  - whose message says fix, bug, close or resolve;
  - that change tests, and the syntax tree (docstrings aside) of one other Python file, by at most 10 lines;
  - after which tests of those files pass that failed before, and whose test files could be collected before
    (else it is a new function that was missing, rarely a bug);
  - that are not the merge, or another branch's copy, of one that was taken: same source before and after.
What was looked at is kept a line each, with the reason where it was left out.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro
from history import LIST, bench, changes, git, is_test, root_of, rows, shown
from history_reasons import one_line, program

from sixkeys.cli.common import bar, parse, say
from sixkeys.envs.repo.repair import RepairError

LIBRARIES = {
    "inflection": ("jpvanhal/inflection", "5f0b5795c204191429185f399648aef82acae727"),
    "python-slugify": ("un33k/python-slugify", "be60050791262776db3c59ff6c4bf7da7c2a1b43"),
    "parse": ("r1chardj0n3s/parse", "1d656b930be29f5031849033112116feb8e22fa1"),
    "toolz": ("pytoolz/toolz", "393e95c8091bd13b0e8babbe8087368fb8d75571"),
    "tabulate": ("astanin/python-tabulate", "a83993e2be0ac5a3937842517490c194c17c0a40"),
    "cookiecutter": ("cookiecutter/cookiecutter", "f9ab55e9dae56843701acf8b79b9253a54337903"),
    "tqdm": ("tqdm/tqdm", "fbe7952cce11e8073378b063bdae7ab277a96eb8"),
    "more-itertools": ("more-itertools/more-itertools", "c9805345e04691a0671f2d0671e587ae5130b372"),
}
"""Library -> its repository, the first commit there."""
BUGSINPY = {
    "c0dcf39b046d1b4ff6de14ac99ad9a1b10487512": "tqdm 1",
    "127af5caf19e7d29c346f5ca8a9c7ef3004b664b": "tqdm 2",
    "73962a47026dd980ac0758820efc9c41cbf938e0": "tqdm 3",
    "964dee631d0ed30e2f799b42fc58ba5e73795a08": "tqdm 4",
    "4f340697af69b71850aad496387c9c5aa1904136": "tqdm 5",
    "6dad2e89019317e875c46d5a3a82a811ad6de2f9": "tqdm 6",
    "4efd35246c924236f34d8130b1055a3c3ba78605": "tqdm 7",
    "cae9d139c6df5614be3bf6e25ccbd600ee3286dc": "tqdm 8",
    "d877c1dfb4739852105f7b967a8fceb869ac5042": "tqdm 9",
    "7f6804c4953a18386809f11faf4d86898570debc": "cookiecutter 1",
    "90434ff4ea4477941444f1e83313beb414838535": "cookiecutter 2",
    "7129d474206761a6156925db78eee4b62a0e3944": "cookiecutter 3",
    "457a1a4e862aab4102b644ff1d2b2e2b5a766b3c": "cookiecutter 4",
}
"""Fixing commit -> the number of the bug in BugsInPy (Widyasari et al., FSE 2020); its parent has the bug."""
ONLY = re.compile(
    r"\b(bug(s|fix)?|fix(es|ed|ing)?|closes?d?|resolves?d?)\b|(fix|bug)[-_]|[-_](fix|bug)", re.IGNORECASE
)
ASIDE = re.compile(r"(docs?/|examples/|setup\.py$|benchmarks/|versioneer\.py$|(.*/)?(_version|conf)\.py$)")
MOST_LINES, MOST = 10, 5
"""Changed lines of a fix; fixes of one library besides BugsInPy's."""


@dataclass(frozen=True)
class Options:
    """What is looked at."""

    results: Annotated[Path, tyro.conf.Positional]
    """where it is kept what was looked at, one JSON object a line"""
    gitroots: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """git directories or clones of the libraries; none: only write the list again"""
    python: str = ""
    """the Python that runs the suites; else this one"""


class Change(NamedTuple):
    """A commit that may be the fix of a bug."""

    library: str
    fix: str
    date: str
    subject: str
    sources: tuple[str, ...]
    lines: int
    tests: tuple[str, ...]
    key: str
    """A hash of the changed lines of the source; copies of a change share it."""


def main() -> None:
    """Looks at what was not looked at yet, then writes the list."""
    options = parse(Options, "history_list", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    looked = {row["fix"]: row for row in rows(options.results)}
    with bar() as progress:
        for library, (_, first) in LIBRARIES.items() if options.gitroots else ():
            root = root_of(first, options.gitroots)
            found = originals(fixes(root, library))
            task = progress.add_task(library, total=len(found), note="")
            for change in found:
                counted = [row for row in taken(list(looked.values())) if row["library"] == library]
                if len(counted) >= MOST + sum(row["fix"] in BUGSINPY for row in counted):
                    break
                if change.fix not in looked:
                    looked[change.fix] = {**change._asdict(), **verified(root, change, options.python)}
                    with options.results.open("a") as file:
                        file.write(json.dumps(looked[change.fix]) + "\n")
                progress.update(task, advance=1, note=change.subject[:40])
    write(list(looked.values()))


# --- which commits ---


def fixes(root: Path, library: str) -> Iterator[Change]:
    """BugsInPy's, then those of the default branch that meet the criteria of form, newest first."""
    first_parents = set(git(root, "rev-list", "--first-parent", "HEAD").decode().split())
    said = git(root, "log", "HEAD", "--date-order", "-z", "--format=%H%x1f%P%x1f%cs%x1f%s%x1f%b")
    commits = [
        entry.strip("\n").split("\x1f", 4) for entry in said.decode(errors="replace").split("\0") if entry
    ]
    for sha, parents, date, subject, body in sorted(commits, key=lambda commit: commit[0] not in BUGSINPY):
        known, side = sha in BUGSINPY, " " in parents and sha not in first_parents
        if not parents or side or not (known or ONLY.search(f"{subject}\n{body}")):
            continue
        change = formed(root, library, sha, known)
        if change is not None:
            yield change._replace(date=date, subject=one_line(subject, 80))


def originals(changes: Iterable[Change]) -> list[Change]:
    """Of copies of a change, such as a merge of one commit, only the oldest, or BugsInPy's."""
    kept: dict[str, Change] = {}
    for change in changes:
        if change.key not in kept or kept[change.key].fix not in BUGSINPY:
            kept[change.key] = change
    return list(kept.values())


def formed(root: Path, library: str, sha: str, known: bool) -> Change | None:
    """The change, where its form fits: small, one source, tests."""
    changed = changes(root, sha)
    tests = tuple(path for kind, path in changed if kind != "D" and runs(path))
    touched = [(kind, path) for kind, path in changed if path.endswith(".py") and not is_test(path)]
    touched = [(kind, path) for kind, path in touched if not ASIDE.match(path)]
    if not tests or not touched or (not known and any(kind != "M" for kind, _ in touched)):
        return None
    try:
        sources = [path for _, path in touched if differs(root, sha, path)]
    except (SyntaxError, UnicodeDecodeError, subprocess.CalledProcessError):
        return None
    lines = sum(size(root, sha, path) for path in sources)
    if not sources or (not known and (len(sources) > 1 or lines > MOST_LINES)):
        return None
    said = "\n".join(line for path in sources for line in touched_lines(root, sha, path))
    key = hashlib.sha256(said.encode()).hexdigest()[:16]
    return Change(library, sha, "", "", tuple(sources), lines, tests, key)


def runs(path: str) -> bool:
    """Whether pytest can be given this file."""
    name = path.rsplit("/", 1)[-1]
    return bool(re.match(r"(tests?(_.*)?|.*_tests?)\.py$", name)) and is_test(path)


def differs(root: Path, sha: str, path: str) -> bool:
    """Whether a file says another program after a commit; docstrings and the version's number aside."""
    before, after = (ast.dump(program(ast.parse(shown(root, side, path)))) for side in (f"{sha}^1", sha))
    return before != after


def touched_lines(root: Path, sha: str, path: str) -> list[str]:
    """What a commit takes from a file and adds to it, with the signs - and +."""
    text = git(root, "diff", "-U0", "--no-color", f"{sha}^1", sha, "--", path).decode(errors="replace")
    return [line for line in text.splitlines() if line[:1] in ("+", "-") and line[:4] not in ("--- ", "+++ ")]


def size(root: Path, sha: str, path: str) -> int:
    """How many lines of a file a commit changes: of each hunk the added or the removed, if those are more."""
    text = git(root, "diff", "-U0", "--no-color", f"{sha}^1", sha, "--", path).decode(errors="replace")
    count = 0
    for hunk in re.split(r"^@@.*$", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in hunk.splitlines() if line[1:].strip() and line[1:].strip()[0] != "#"]
        count += max(sum(line[0] == sign for line in lines) for sign in "+-")
    return count


# --- which of them are bugs here ---


def verified(root: Path, change: Change, python: str) -> dict[str, Any]:
    """The node ids that fail before and pass after, or why there are none."""
    try:
        with bench(root, change.fix, change.tests, python, 1) as place:
            if not place.fails:
                return {"fails": [], "why": "no test fails before and passes after"}
            collected = {test.node for test in place.before.outcomes}
            gone = [node for node in place.fails if node not in collected]
            if len(gone) == len(place.fails) and change.fix not in BUGSINPY:
                return {"fails": [], "why": "its tests cannot be collected before: something new is imported"}
            return {"fails": list(place.fails), "why": ""}
    except (ValueError, RuntimeError, RepairError) as error:
        return {"fails": [], "why": one_line(str(error), 200)}


def taken(looked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What goes on the list: BugsInPy's, and of each library the first MOST others that are shown."""
    found, counted = [], Counter[str]()
    for row in looked:
        known = row["fix"] in BUGSINPY
        counted[row["library"]] += bool(row["fails"]) and not known
        if known or (row["fails"] and counted[row["library"]] <= MOST):
            found.append(row)
    return found


def write(looked: Sequence[dict[str, Any]]) -> None:
    """The list, as TOML."""
    chosen = taken(looked)
    parts = [
        "# Bugs that people made and fixed. Written by history_list.py, which says how they were picked.\n"
    ]
    for row in chosen:
        entry = {
            "library": row["library"], "repository": LIBRARIES[row["library"]][0], "fix": row["fix"],
            "bugsinpy": BUGSINPY.get(row["fix"], ""), "date": row["date"], "subject": row["subject"],
            "sources": row["sources"], "lines": row["lines"], "tests": row["tests"], "fails": row["fails"],
        }  # fmt: skip
        parts.append("[[bug]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in entry.items()))
    LIST.write_text("\n".join(parts))
    reasons = Counter(re.sub(r"; .*", "", row["why"]) for row in looked if row["why"])
    say(f"{len(chosen)} bugs of {len(looked)} that were looked at are in {LIST.name}")
    for why, count in reasons.most_common():
        say(f"{count:4} left out: {why}")


if __name__ == "__main__":
    main()
