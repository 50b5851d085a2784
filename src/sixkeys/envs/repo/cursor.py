"""What do the six keys do on a workbench? A stack of lists, a cursor in each; pressing a key makes a new one.

The first list of a tree is its root: suspicious lines, failing tests, files. A test, a file or a search opens
to lines, a line to kinds of edit, a kind to edits. Opening an edit applies it: the root of the edited tree
lies on top then. BACK takes the top off, so it undoes whatever OPEN or SEARCH did.

RUN_TESTS runs a tree that was not run. Of one that was, it tries the edits that lie below the line under the
cursor, or those of the open list, each with the tests: nothing is applied, but what helps stands first from
then on and is marked (`marks.py`). It costs what any key costs, however many are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sixkeys.contract import KEYS
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Candidate
from sixkeys.envs.repo.ground import At, Group, Scored, Tree
from sixkeys.envs.repo.marks import TRIED, UNTRIED, Edits, Mark, Marks

WORKBENCH_KEYS = ("NO_OP", "RUN_TESTS", "NEXT", "OPEN", "BACK", "SEARCH")
NO_OP, RUN_TESTS, NEXT, OPEN, BACK, SEARCH = range(KEYS)
VIEWS = ("list", "focus", "output", "journal")
"""What NO_OP cycles through."""
PHASES = (
    "untested", "root", "lines", "kinds", "edits", "edited", "failed", "fixed", "tried", "helps", "mends",
)  # fmt: skip
UNTESTED, ROOT, LINES, KINDS, EDITS, EDITED, FAILED, FIXED, *MARKED = range(len(PHASES))
"""Phases: nothing was run yet; at the root, in a list of lines, kinds or edits; an edit is on and not run; it
was run and did not help; done; what stands under the cursor was tried, and how it went."""
MOST = 400
"""Edits that one key tries: the likeliest."""


class Item(NamedTuple):
    """What stands in a list: a `line`, a `test`, a `file`, a `kind` of edit or an `edit`."""

    sort: str
    text: str
    at: At
    """Its line; of a test or a file, the first line of its file."""
    score: float = 0.0
    group: Group | None = None
    """Of a kind: its edits."""
    candidate: Candidate | None = None


class Frame(NamedTuple):
    """A list and where the cursor stands. A root also holds its tree, the edit that made it from the tree
    before, and the tests that failed in it: None while it was not run."""

    phase: int
    items: tuple[Item, ...]
    cursor: int = 0
    tree: Tree | None = None
    edit: RepoEdit | None = None
    failing: tuple[str, ...] | None = None

    @property
    def item(self) -> Item:
        return self.items[self.cursor]


class Bench(NamedTuple):
    """Where an episode stands."""

    frames: tuple[Frame, ...]
    tried: frozenset[Edits] = frozenset()
    """Edits that were on together when a run failed."""
    view: int = 0
    fixed: bool = False
    known: Mapping[Edits, Mark] = {}
    """Edits that were tried, behind those that were on."""
    swept: Mapping[tuple[Edits, At], int] = {}
    """Edits that were on, a line whose edits were tried -> the best standing among those."""

    @property
    def top(self) -> Frame:
        return self.frames[-1]

    @property
    def roots(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.tree is not None]

    @property
    def tree(self) -> Tree:
        tree = self.roots[-1].tree
        assert tree is not None
        return tree

    @property
    def edits(self) -> Edits:
        """What is on, in the order in which it was applied."""
        return tuple(frame.edit for frame in self.roots if frame.edit is not None)

    @property
    def marks(self) -> Marks:
        """What is known of edits of the tree as it stands."""
        return Marks(self.edits, self.known, self.swept)

    @property
    def helped(self) -> bool:
        """Do fewer tests fail than in the tree before, and none that passed there?"""
        runs = [frame.failing for frame in self.roots if frame.failing is not None]
        return self.tested and len(runs) > 1 and set(runs[-1]) < set(runs[-2])

    @property
    def tested(self) -> bool:
        """Was the tree as it stands run?"""
        return self.roots[-1].failing is not None

    @property
    def failing(self) -> tuple[str, ...]:
        """The tests that failed when this tree, or else the one before it, was run."""
        return next((frame.failing for frame in reversed(self.roots) if frame.failing is not None), ())

    @property
    def phase(self) -> int:
        if self.fixed:
            return FIXED
        if self.roots[0].failing is None:
            return UNTESTED
        if self.top.phase == ROOT and self.edits and not self.helped:
            return FAILED if self.tested else EDITED
        standing = self.standing(self.top.item)
        return self.top.phase if standing == UNTRIED else MARKED[standing - TRIED]

    @property
    def walking(self) -> bool:
        """Is there a list to walk?"""
        return self.phase not in (UNTESTED, FIXED)

    def offered(self) -> np.ndarray:
        """bool [6]: the keys that do something now."""
        return np.array([self.offers(key) for key in range(KEYS)])

    def offers(self, key: int) -> bool:
        """Does this key do something now?"""
        if key == RUN_TESTS:
            return not self.fixed and (not self.tested or bool(self.scope()))
        if key == NO_OP or not self.walking:
            return key == NO_OP
        if key == NEXT:
            return len(self.top.items) > 1
        if key == BACK:
            return len(self.frames) > 1
        if key == SEARCH:
            return self.found(self.top.item) is not None
        if self.top.item.sort == "line":
            return bool(self.tree.candidates(self.top.item.at, self.tree.pieces(self.failing)))
        return self.top.phase in (KINDS, EDITS) or self.opened(self.top.item) is not None

    def press(self, key: int) -> Bench:
        """The bench after a key; one that is not offered changes nothing, RUN_TESTS waits for `ran`."""
        if not self.offers(key):
            return self
        if key == NO_OP:
            return self._replace(view=(self.view + 1) % len(VIEWS))
        if key == NEXT:
            turned = self.top._replace(cursor=(self.top.cursor + 1) % len(self.top.items))
            return self._replace(frames=(*self.frames[:-1], turned))
        if key == BACK:
            return self._replace(frames=self.frames[:-1])
        frame = self.opened(self.top.item) if key == OPEN else self.found(self.top.item)
        return self if key == RUN_TESTS or frame is None else self._replace(frames=(*self.frames, frame))

    def ran(self, failing: tuple[str, ...], passed: bool) -> Bench:
        """The bench after a run: the lists of the tree are made anew, and the cursor is at its root."""
        index = max(i for i, frame in enumerate(self.frames) if frame.tree is not None)
        now = root(self.tree, failing)._replace(edit=self.frames[index].edit, failing=failing)
        tried = self.tried if passed or not self.edits else self.tried | {self.edits}
        return self._replace(frames=(*self.frames[:index], now), tried=tried, fixed=passed)

    def standing(self, item: Item) -> int:
        """What is known of an item: UNTRIED, TRIED, HELPS or MENDS."""
        if item.candidate is not None:
            return self.marks.edit(item.candidate.edit)
        if item.group is not None:
            return self.marks.group(item.group.edits)
        return self.marks.line(item.at) if item.sort == "line" else UNTRIED

    def best(self, item: Item) -> Mark | None:
        """The mark of the edit that OPEN leads to; None of what was not tried."""
        found = self.first_edit(item) if self.standing(item) != UNTRIED else None
        return self.marks.of(found.edit) if found else None

    def scope(self) -> tuple[Candidate, ...]:
        """The edits that RUN_TESTS tries now, the likeliest first."""
        if not self.walking or not self.tested:
            return ()
        item, marks, found = self.top.item, self.marks, list[Scored]()
        if item.sort == "line" and marks.line(item.at) == UNTRIED:
            pieces = self.tree.pieces(self.failing)
            every = self.tree.candidates(item.at, pieces)
            if len(every) <= MOST:
                return tuple(option for option in every if marks.edit(option.edit) == UNTRIED)
            found = [scored for group in self.tree.options(item.at, pieces) for scored in group.edits]
        elif self.top.phase in (KINDS, EDITS):
            found = [s for i in self.top.items if i.group is not None for s in i.group.edits]
            found += [Scored(i.candidate, i.score) for i in self.top.items if i.candidate is not None]
        free = [scored for scored in found if marks.edit(scored.candidate.edit) == UNTRIED]
        free.sort(key=lambda scored: -scored.score)
        return tuple(scored.candidate for scored in free[:MOST])

    def marked(self, new: Mapping[RepoEdit, Mark]) -> Bench:
        """The bench after RUN_TESTS has tried edits: the open lists are in their new order, and the cursor is
        at the top of the last."""
        line = self.top.item.at if self.top.phase != EDITS else None
        marks = self.marks.with_(new, line)
        after, frames = self._replace(known=marks.known, swept=marks.swept), list(self.frames)
        for place, frame in enumerate(frames):
            if frame.phase in (KINDS, EDITS) and place > max(i for i, f in enumerate(frames) if f.tree):
                item = frame.item
                above = Item("line", "", item.at) if frame.phase == KINDS else frames[place - 1].item
                fresh_ = after.opened(above)
                assert fresh_ is not None
                names = [other.text for other in fresh_.items]
                last = place == len(frames) - 1
                frames[place] = fresh_._replace(cursor=0 if last else names.index(item.text))
        return after._replace(frames=tuple(frames))

    def opened(self, item: Item) -> Frame | None:
        """The list that an item opens to; None where it holds nothing."""
        tree = self.tree
        if item.candidate is not None:
            edit = item.candidate.edit
            return root(tree.edited(edit), self.failing)._replace(edit=edit)
        if item.group is not None:
            told = [(s, s.candidate.edit.new.strip() or "delete") for s in item.group.edits]
            return Frame(EDITS, tuple(Item("edit", t, item.at, s.score, None, s.candidate) for s, t in told))
        if item.sort == "line":
            groups = self.marks.sorted(tree.options(item.at, tree.pieces(self.failing)))
            kinds = tuple(Item("kind", g.name, item.at, g.edits[0].score, g) for g in groups)
            return Frame(KINDS, kinds) if kinds else None
        if item.sort == "test":
            return self._lines([at for at, tests in tree.covered.items() if item.text in tests])
        rows = enumerate(tree.files[item.at[0]].split("\n"), 1)
        return self._lines([(item.at[0], line) for line, row in rows if row.strip()])

    def first_edit(self, item: Item) -> Candidate | None:
        """The edit that OPEN leads to where it is pressed again and again; None where it leads to lines."""
        if item.sort == "line":
            groups = self.marks.sorted(self.tree.options(item.at, self.tree.pieces(self.failing)))
            return groups[0].edits[0].candidate if groups else None
        return item.group.edits[0].candidate if item.group is not None else item.candidate

    def found(self, item: Item) -> Frame | None:
        """The hits of a search for what an item names; None where there is nothing but itself."""
        if item.sort not in ("line", "test"):
            return None
        text = self.tree.test_text(item.text) if item.sort == "test" else item.text
        hits = [at for at in self.tree.search(text) if item.sort == "test" or at != item.at]
        return self._lines(hits)

    def _lines(self, places: list[At]) -> Frame | None:
        tree, scores = self.tree, self.tree.suspects(self.failing)
        known = [at for at in places if at[0] in tree.sources]
        known.sort(key=lambda at: -scores.get(at, 0.0))
        items = tuple(Item("line", tree.text(at).strip(), at, scores.get(at, 0.0)) for at in known)
        return Frame(LINES, items) if items else None


def root(tree: Tree, failing: tuple[str, ...]) -> Frame:
    """The first list of a tree: suspicious lines, failing tests, files."""
    suspects = [
        Item("line", tree.text(at).strip(), at, score) for at, score in tree.suspects(failing).items()
    ]
    tests = [Item("test", test, (test.partition("::")[0], 1)) for test in failing]
    files = [Item("file", path, (path, 1)) for path in tree.sources]
    return Frame(ROOT, (*suspects, *tests, *files), 0, tree)


def fresh(tree: Tree) -> Bench:
    """The bench at the beginning of an episode: nothing was run."""
    return Bench((root(tree, ()),))
