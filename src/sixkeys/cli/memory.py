"""`sixkeys memory`: what is remembered, in words, and how is it forgotten?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.table import Table
from rich.text import Text

from sixkeys.cli.common import console, parse, plain, say, store_path
from sixkeys.memory import semantic
from sixkeys.memory.semantic import Fact
from sixkeys.memory.store import Entry, Store

EXPLAIN = """Show, search or forget what is remembered.

`sixkeys fix --memory`, `sixkeys play --memory` and `sixkeys train --memory-path FILE` leave two kinds of
memories. An entry (e1, e2) is one case: what was met, what was done, what came of it. It gains trust
where the same came out alike again and loses it where it came out otherwise. A fact (f1, f2) is what many
cases agree on: which keys are valid in which phase of a world, which key leads to which phase, which
edits fix which failures, what a key does where keys were exchanged; with how often it held and how often
it broke.

  sixkeys memory                            all facts, the surest first, and the newest entries
  sixkeys memory show --kind repair         facts of one kind: key, way, repair or custom
  sixkeys memory search TypeError amount    entries that say all these words
  sixkeys memory forget e12 f3              delete them for good
  sixkeys memory forget --world repair      delete all entries and facts of a world
  sixkeys memory --store runs/memory.sqlite another file than the user's own

Facts are counts: to forget an entry leaves the facts that it was counted in.
"""
KINDS = {
    "key": "Which keys are valid",
    "way": "Which keys lead where",
    "repair": "What fixes what",
    "custom": "What keys do where somebody has exchanged them",
}
WIDE = 100
"""Characters of an entry's text that are shown in a table."""


@dataclass(frozen=True)
class Options:
    """What may be said to `sixkeys memory`."""

    do: Annotated[Literal["show", "search", "forget"], tyro.conf.Positional] = "show"
    """what to do"""
    words: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """for `search` words of an entry; for `forget` numbers as `show` names them, like e12 or f3"""
    store: Path | None = None
    """the file of memories; else $XDG_STATE_HOME/sixkeys/memory.sqlite, that is in ~/.local/state"""
    world: str = ""
    """only this world, such as grid:grid_key; repairs of repositories are the world `repair`"""
    kind: Literal["", "key", "way", "repair", "custom"] = ""
    """only facts of this kind"""
    count: int = 20
    """rows that are shown of each table"""


def main(arguments: list[str]) -> int:
    """Shows, searches or forgets; exit code 1 where nothing was found."""
    options = parse(Options, "memory", arguments, EXPLAIN)
    path = store_path(options.store)
    if not path.exists():
        raise ValueError(
            f"there is no memory at {path} yet; `sixkeys fix --memory` makes one, so does "
            f"`sixkeys train --memory-path {path}`; --store names another"
        )
    if options.do == "show" and options.words:
        words = " ".join(options.words)
        raise ValueError(f"show takes no words; did you mean: sixkeys memory search {words}")
    with Store(path) as store:
        return {"show": show, "search": search, "forget": forget}[options.do](store, options)


def show(store: Store, options: Options) -> int:
    """Facts by kind, then the newest entries."""
    found = [fact for fact in semantic.facts(store, options.kind) if of_world(fact, options.world)]
    worlds = {w: n for w, n in store.worlds().items() if options.world in ("", w)}
    told = ", ".join(f"{world} {number:,}" for world, number in worlds.items()) or "none"
    say(f"{store.path}: {len(found):,} facts; entries: {told}")
    for kind, title in KINDS.items():
        some = [fact for fact in found if fact.kind == kind]
        if some:
            show_facts(title, some, options.count)
    if worlds and not options.kind:
        show_entries("Newest entries", store.latest(options.count, options.world))
    return 0 if found or worlds else 1


def search(store: Store, options: Options) -> int:
    """Entries that say the words."""
    if not options.words:
        raise ValueError("search needs words; for example: sixkeys memory search TypeError")
    found = store.search(" ".join(options.words), options.count, options.world)
    if not found:
        say(f"no entry says {' '.join(options.words)}")
        return 1
    show_entries(f"Entries that say {' '.join(options.words)}", [one.entry for one in found])
    return 0


def forget(store: Store, options: Options) -> int:
    """Deletes what is named, and every byte of it."""
    entries, facts = numbered(options.words)
    if options.world:
        entries += store.ids(options.world)
        facts += [fact.id for fact in semantic.facts(store) if of_world(fact, options.world)]
    if not options.words and not options.world:
        raise ValueError("forget needs numbers such as e12 or f3 (`sixkeys memory` names them), or --world")
    gone = store.forget(entries), semantic.forget(store, facts)
    store.scrub()
    say(f"forgotten: {gone[0]:,} entries and {gone[1]:,} facts")
    return 0 if sum(gone) else 1


def numbered(words: Sequence[str]) -> tuple[list[int], list[int]]:
    """Numbers of entries and of facts. Raises ValueError on what is none."""
    for word in words:
        if word[:1] not in ("e", "f") or not word[1:].isdigit():
            raise ValueError(f"{word!r} is no number of a memory; they look like e12 (entry) or f3 (fact)")
    entries, facts = ([int(word[1:]) for word in words if word[0] == letter] for letter in "ef")
    return entries, facts


def of_world(fact: Fact, world: str) -> bool:
    """Whether a fact is about a world; all are where none is named."""
    return world in ("", fact.kind) or fact.about.startswith(f"{world}, phase ")


def show_facts(title: str, facts: Sequence[Fact], count: int) -> None:
    """A table; those with the most evidence first."""
    shown = Table("", "about", "claim", "held", "broke", "rate", title=title, title_justify="left")
    for fact in sorted(facts, key=lambda fact: (-fact.held, fact.broke))[:count]:
        evidence = f"{fact.held:,}", f"{fact.broke:,}", f"{fact.rate:.2f}"
        shown.add_row(*(Text(plain(word)) for word in (f"f{fact.id}", fact.about, fact.claim, *evidence)))
    console.print(shown)
    if len(facts) > count:
        say(f"  and {len(facts) - count:,} others; --count shows more")


def show_entries(title: str, entries: Sequence[Entry]) -> None:
    """A table, in the order given."""
    shown = Table("", "when", "world", "deed", "outcome", "trust", "text", title=title, title_justify="left")
    for entry in entries:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.made))
        text = " ".join(entry.text.split())[:WIDE]
        came = f"{entry.outcome:+.0f}", f"{entry.weight:.2f}", text
        shown.add_row(*(Text(plain(word)) for word in (f"e{entry.id}", when, entry.world, entry.deed, *came)))
    console.print(shown)
