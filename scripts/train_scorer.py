"""Train the network that ranks repairs (language/code.py) and write its weights into the package.

    python scripts/train_scorer.py                                   # examples, training, weights
    python scripts/train_scorer.py --measure LIBRARY...              # ranks on libraries never trained on

Data: modules of the standard library of the Python that runs this, each bug from injury.py. An
example is every repair that the grammar proposes for the hurt line and its neighbours; the right one leaves
the sound program. Examples are kept in FOLDER, so that a stopped run goes on. A tenth of the modules is never
trained on and measures.
"""

from __future__ import annotations

import ast
import functools
import math
import multiprocessing
import pickle
import platform
import sysconfig
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from injury import Injury, injure
from safetensors.numpy import save_file

from sixkeys.cli.common import bar, parse, say
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.grammar import WEIGHTS, Candidate, Lexicon, candidates
from sixkeys.language import code, usual
from sixkeys.language.code import BAGS, HIDDEN, KINDS, MEETINGS, SEEN, WIDTH, Read, Weights
from sixkeys.language.page import Change, Page, step_of, tokens_of
from sixkeys.language.told import DENSE
from sixkeys.language.usual import Count, Usual

LEFT_OUT = (
    "test",
    "tests",
    "idlelib",
    "lib2to3",
    "site-packages",
    "encodings",
    "turtledemo",
    "pydoc_data",
    "_vendor",
)
PACKAGES = (
    "rich", "jinja2", "attr", "_pytest", "pluggy", "packaging", "markdown_it", "urllib3", "websocket", "h11",
    "typeguard",
)  # fmt: skip
"""Permissive packages that are installed beside this one; those that are missing are left out."""
LIBRARY_BUGS = 6
"""Bugs put into each module of a library that is measured."""
LARGEST, SMALLEST = 40_000, 1_000
"""Characters of a module that is used."""
SPACE = 40
"""By how many characters texts that say the same may differ: white space, brackets."""
WORDS_SAID = 0.3
"""How often the assertion of an example says words of the sound code."""
NAMED = 25
"""Of a hundred assertions, how many name what is wrong: an unknown name, who was called wrongly."""
OTHERS = 1
"""Other lines of the function whose candidates stand beside those of the hurt line and its neighbours."""
BATCH, RIVALS = 32, 160
"""Examples of one update, and candidates of an example that one update looks at."""
KEPT = 320
"""Candidates besides the right one that an example for training is kept with."""
DROPPED = 0.4
"""Share of the tokens that an update does not see."""


@dataclass(frozen=True)
class Options:
    """How much, and where."""

    folder: Path = Path("runs/scorer")
    """where examples are kept"""
    weights: Path = Path("src/sixkeys/language/code.safetensors")
    """where the weights go; the counts go beside them"""
    bugs: int = 8
    """bugs tried in each module in one round"""
    rounds: int = 5
    """how often all modules are gone through"""
    epochs: int = 5
    """times that training goes through all examples"""
    learning_rate: float = 2e-3
    seed: int = 0
    workers: int = 2
    """processes that make examples"""
    only_examples: bool = False
    """make examples, train nothing"""
    measure: tuple[Path, ...] = ()
    """folders of libraries: measure the shipped weights on bugs put into them, train nothing"""


class Example(NamedTuple):
    """One bug: the candidates beside it, and which is right."""

    text: bytes
    """The hurt file, packed by zlib."""
    pieces: tuple[str, ...]
    changes: tuple[tuple, ...]
    """As `Change`, in the order of the grammar."""
    right: int
    kind: str


class Told(NamedTuple):
    """An example as the network takes it."""

    read: Read
    prior: np.ndarray
    """float32 [N]: hand-set weights, in the order of the grammar."""
    right: int
    kind: str


def main() -> None:
    """Makes what is missing, trains, writes, measures."""
    options = parse(Options, "train_scorer", None, __doc__ or "")
    if options.measure:
        found = [told(e) for e in of_libraries(options) if e is not None]
        report("shipped weights", code.shipped(), found)
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    train, held = examples(options)
    say(f"{len(train):,} examples to train, {len(held):,} held out")
    if options.only_examples:
        return
    began = time.monotonic()
    weights = trained(train, held, options)
    report("held-out modules", weights, held)
    store(weights, options, len(train), time.monotonic() - began)


def store(weights: Weights, options: Options, count: int, seconds: float) -> None:
    """Writes the weights in half precision, with how they were made."""
    data = f"standard library of Python {platform.python_version()}; {', '.join(PACKAGES)}"
    made = {
        "script": "scripts/train_scorer.py", "seed": options.seed, "epochs": options.epochs,
        "examples": count, "bugs": options.bugs * options.rounds, "seconds": round(seconds), "data": data,
    }  # fmt: skip
    arrays = {name: np.asarray(part, np.float16) for name, part in weights._asdict().items()}
    save_file(arrays, options.weights, {name: str(value) for name, value in made.items()})
    counts = {
        name: usual.kept(part) for name, part in stored(options.folder / "counts.npz")._asdict().items()
    }
    save_file(counts, options.weights.with_name("usual.safetensors"), {"data": data})
    say(f"{options.weights}: {options.weights.stat().st_size / 1e6:.2f} MB")


def modules(smallest: int = SMALLEST, largest: int = LARGEST) -> list[Path]:
    """The standard library's modules and those of PACKAGES, sorted."""
    paths = sysconfig.get_paths()
    roots = [Path(paths["stdlib"]), *(Path(paths["purelib"]) / name for name in PACKAGES)]
    found = [
        path
        for root in roots
        for path in sorted(root.rglob("*.py"))
        if not set(path.relative_to(root).parts[:-1]) & set(LEFT_OUT)
    ]
    return [path for path in found if smallest < path.stat().st_size < largest]


def examples(options: Options) -> tuple[list[Told], list[Told]]:
    """All examples, of modules to train on and of held-out ones; a file a module, made where missing."""
    jobs = [
        (path, options.folder / f"{turn}-{number:04}-{path.stem}.pickle", options.bugs, turn)
        for turn in range(options.rounds)
        for number, path in enumerate(modules())
    ]
    missing = [job for job in jobs if not job[1].exists()]
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool, bar() as progress:
        missing = Chance([options.seed]).shuffled(missing)
        task = progress.add_task("examples", total=len(jobs), completed=len(jobs) - len(missing), note="")
        for name in pool.imap_unordered(make, missing):
            progress.update(task, advance=1, note=name)
        counts = counted(options.folder, {job[0] for job in jobs if held_out(job[1])})
        task = progress.add_task("reading", total=len(jobs), note="")
        found: tuple[list[Told], list[Told]] = ([], [])
        tried = 0
        reads = [(path, kept, counts) for path, kept, *_ in jobs]
        for job, (some, all_tried) in zip(jobs, pool.imap(load, reads, 8), strict=True):
            progress.advance(task)
            found[held_out(job[1])].extend(some)
            tried += all_tried
    say(f"the grammar holds the repair of {sum(map(len, found)) / max(tried, 1):.0%} of {tried:,} bugs")
    return found


def make(job: tuple[Path, Path, int, int]) -> str:
    """The examples of one module, written to a file."""
    path, kept, bugs, turn = job
    some = list(of_text(path.read_text(errors="replace"), bugs, path.name, turn))
    plain = [tuple(e) for e in some if e is not None]
    beside = kept.with_suffix(".part")
    beside.write_bytes(pickle.dumps((plain, len(some))))
    beside.replace(kept)
    return path.name


def held_out(kept: Path) -> bool:
    """Whether the module whose examples are kept there is never trained on: each tenth one."""
    return kept.name.split("-")[1].endswith("0")


def counted(folder: Path, held: set[Path]) -> Path:
    """Counts of tokens in a row in all modules but the held-out ones, in a file; made where missing."""
    file = folder / "counts.npz"
    if not file.exists():
        paths = [path for path in modules(0, 1 << 22) if path not in held]
        texts = (tokens_of(path.read_text(errors="replace")) for path in paths)
        np.savez(file, **usual.table(usual.counted(texts))._asdict())
    return file


@functools.lru_cache(1)
def stored(counts: Path) -> Usual:
    """Counts that were written to a file."""
    with np.load(counts) as data:
        return Usual(data["pairs"], data["triples"])


def load(job: tuple[Path, Path, Path]) -> tuple[list[Told], int]:
    """The examples of one module, read, and how many bugs were tried for them. What the module itself adds to
    the counts is taken off: it would tell what the sound code says."""
    path, kept, counts = job
    all_counts = stored(counts)
    held = held_out(kept)
    own = set() if held else usual.rows(tokens_of(path.read_text(errors="replace")))

    def known(row: tuple[str, ...]) -> float:
        many = (all_counts.pairs if len(row) == 2 else all_counts.triples)[usual.place(row)] - (row in own)
        return float(round(math.log1p(many) * usual.STEPS)) / usual.STEPS if many > 1 else 0.0

    some, tried = pickle.loads(kept.read_bytes())
    examples = [Example(*e) for e in some]
    return [told(e if held else fewer(e), known) for e in examples], tried


def fewer(example: Example) -> Example:
    """The example with its right change and at most KEPT others, which are drawn."""
    count = len(example.changes)
    random = np.random.default_rng(count)
    others = np.delete(np.arange(count), example.right)
    chosen = np.sort(np.append(random.choice(others, min(count - 1, KEPT), replace=False), example.right))
    right = int(np.searchsorted(chosen, example.right))
    return example._replace(changes=tuple(example.changes[n] for n in chosen), right=right)


def told(example: Example, known: Count | None = None) -> Told:
    """An example as the network takes it."""
    changes = [Change(*change) for change in example.changes]
    text = zlib.decompress(example.text).decode()
    wrong = named(text, changes[example.right]) if zlib.crc32(example.text) % 100 < NAMED else ()
    page = Page(text, (*example.pieces, *wrong))
    prior = np.array([change.prior for change in changes], np.float32)
    return Told(code.read(page, changes, known), prior, example.right, example.kind)


def named(text: str, right: Change) -> tuple[str, ...]:
    """What an error would name: the tokens that are wrong, or those before what is missing."""
    span = Page(text).span(right.start, right.start + len(right.before))
    step = step_of(right, span)
    return tuple(token.strip("'\"") for token in step.old or step.around[:2])


def of_libraries(options: Options) -> Iterator[Example | None]:
    """The same of libraries: fewer bugs a module, no tests, no set-up files."""
    for folder in options.measure:
        for path in sorted(folder.rglob("*.py")):
            if "test" not in str(path.relative_to(folder)) and path.stat().st_size > SMALLEST:
                yield from of_text(path.read_text(), LIBRARY_BUGS, path.name)


def of_text(text: str, bugs: int, name: str, turn: int = 0) -> Iterator[Example | None]:
    """An example for each bug put into a text; None where the grammar has no repair for it."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    inside = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and n.body]
    lines = [line for node in inside for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1)]
    chance = Chance([0x7EAC, *([turn] if turn else []), *name.encode()])
    seeds = [chance.between(0, 1 << 30) for _ in range(bugs)]
    for seed in seeds if lines else ():
        line = chance.pick(lines)
        injury = injure(text, range(line, line + 3), seed)
        if injury is not None:
            yield example(text, injury, chance)


def example(sound: str, injury: Injury, chance: Chance) -> Example | None:
    """The candidates of the hurt line, its neighbours and some others; None where none is right."""
    pieces = said(sound, injury, chance)
    page = Page(injury.text)
    first, last = page.functions[min(injury.line, len(page.functions)) - 1]
    others = {chance.between(first + 1, last) for _ in range(OTHERS)}
    try:
        lines = {injury.line - 1, injury.line, injury.line + 1} | others
        options = list(candidates("m.py", injury.text, Lexicon.of({"m.py": injury.text}), lines, pieces))
    except (SyntaxError, RecursionError):
        return None
    changes = [change_of(page, option) for option in options]
    right = next((n for n, c in enumerate(changes) if repairs(injury.text, c, sound)), None)
    if right is None:
        return None
    text = zlib.compress(injury.text.encode(), 6)
    return Example(text, pieces, tuple(map(tuple, changes)), right, injury.kind)


def change_of(page: Page, option: Candidate) -> Change:
    """A candidate as the network knows it."""
    start = page.feeds[(option.edit.line or 1) - 1] + len(option.edit.old) - len(option.before)
    return Change(option.kind, start, option.before, option.after, WEIGHTS[option.kind])


def said(sound: str, injury: Injury, chance: Chance) -> tuple[str, ...]:
    """What an assertion might say: sometimes words of the sound code, always some of the file."""
    words = [token.strip("'\"") for token in tokens_of(injury.before)]
    others = tokens_of(sound)
    some = [chance.pick(others).strip("'\"") for _ in range(chance.between(0, 6))]
    return tuple(word for word in (words if chance.unit() < WORDS_SAID else []) + some if word.strip())


def repairs(text: str, change: Change, sound: str) -> bool:
    """Whether a change leaves the sound program."""
    first, last = hurt_span(text, sound)
    if change.start > last + SPACE or change.start + len(change.before) < first - SPACE:
        return False
    new = text[: change.start] + change.after + text[change.start + len(change.before) :]
    if abs(len(new) - len(sound)) > SPACE or plain(new) != plain_sound(sound):
        return False
    try:
        return ast.dump(ast.parse(new)) == ast.dump(ast.parse(sound))
    except (SyntaxError, ValueError):
        return False


def plain(text: str) -> str:
    """A text without white space, brackets and kinds of quotes."""
    return text.translate({ord(c): None for c in " \n\t()\\"} | {ord('"'): "'"})


@functools.lru_cache(maxsize=2)
def hurt_span(text: str, sound: str) -> tuple[int, int]:
    """From where to where a text is not the sound one."""
    first = shared(text, sound)
    return first, len(text) - shared(text[first:][::-1], sound[first:][::-1])


def shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


@functools.lru_cache(maxsize=2)
def plain_sound(text: str) -> str:
    """The same of a text that is asked for often."""
    return plain(text)


def trained(train: Sequence[Told], held: Sequence[Told], options: Options) -> Weights:
    """Weights after `epochs` of Adam on the cross-entropy of the right change among its example's."""
    import jax
    import jax.numpy as jnp
    import optax

    def loss(weights: Weights, batch: tuple) -> jax.Array:
        kinds, dense, tokens, homes, owners, right, count = batch
        size = len(kinds)
        rows = jax.ops.segment_sum(weights.tokens[tokens], homes, size * len(BAGS) + 1)[:-1]
        many = jax.ops.segment_sum(jnp.ones(len(homes)), homes, size * len(BAGS) + 1)[:-1]
        bags = (rows / jnp.maximum(many, 1)[:, None]).reshape(size, len(BAGS), WIDTH)
        meets = [bags[:, one] * bags[:, other] for one, other in MEETINGS]
        seen = jnp.concatenate([bags.reshape(size, -1), *meets, weights.kinds[kinds], dense], 1)
        scores = jax.nn.relu(seen @ weights.inner + weights.shift) @ weights.outer
        groups = len(right)
        top = jax.ops.segment_max(scores, owners, groups + 1)
        below = jax.ops.segment_sum(jnp.exp(scores - top[owners]), owners, groups + 1)[:groups]
        lost = jnp.log(below) + top[:groups] - scores[right]
        decay = 1e-5 * sum(jnp.square(part).sum() for part in (weights.inner, weights.outer))
        return (lost * (jnp.arange(groups) < count)).sum() / count + decay

    weights = begun(options.seed)
    steps = options.epochs * -(-len(train) // BATCH)
    adam = optax.adam(optax.cosine_decay_schedule(options.learning_rate, steps))
    state = adam.init(weights)

    @jax.jit
    def update(weights: Weights, state: optax.OptState, batch: tuple) -> tuple:
        value, slope = jax.value_and_grad(loss)(weights, batch)
        change, state = adam.update(slope, state)
        return optax.apply_updates(weights, change), state, value

    random = np.random.default_rng(options.seed)
    with bar() as progress:
        task = progress.add_task("training", total=steps, note="")
        for epoch in range(options.epochs):
            order, losses = random.permutation(len(train)), []
            for first in range(0, len(train), BATCH):
                batch = batched([thinned(train[n], random) for n in order[first : first + BATCH]])
                weights, state, value = update(weights, state, batch)
                losses.append(float(value))
                progress.update(task, advance=1, note=f"epoch {epoch} loss {np.mean(losses):.3f}")
            report(f"epoch {epoch}, loss {np.mean(losses):.3f}", Weights(*map(np.asarray, weights)), held)
    return Weights(*(np.asarray(part, np.float32) for part in weights))


def thinned(told: Told, random: np.random.Generator) -> Told:
    """An example with its right change, at most RIVALS others, and not all of its tokens."""
    count = len(told.prior)
    others = np.delete(np.arange(count), told.right)
    others = random.choice(others, min(count, RIVALS) - 1, replace=False)
    chosen = np.concatenate([[told.right], others]).astype(np.int64)
    place = np.full(count, -1, np.int32)
    place[chosen] = np.arange(len(chosen))
    owner, bag = np.divmod(told.read.homes, len(BAGS))
    kept = (place[owner] >= 0) & (random.random(len(owner)) > DROPPED)
    homes = place[owner[kept]] * len(BAGS) + bag[kept]
    read = Read(told.read.kinds[chosen], told.read.dense[chosen], told.read.tokens[kept], homes)
    return Told(read, told.prior[chosen], 0, told.kind)


def begun(seed: int) -> Weights:
    """Small random weights."""
    random = np.random.default_rng(seed)
    width = SEEN + DENSE
    return Weights(
        random.normal(0, 0.1, (code.BUCKETS, WIDTH)).astype(np.float32),
        random.normal(0, 0.1, (KINDS, WIDTH)).astype(np.float32),
        random.normal(0, width**-0.5, (width, HIDDEN)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        random.normal(0, HIDDEN**-0.5, HIDDEN).astype(np.float32),
    )


def batched(some: Sequence[Told]) -> tuple:
    """Examples side by side, padded so that few shapes are compiled."""
    sizes = [len(e.read.kinds) for e in some]
    begins = np.cumsum([0, *sizes])
    count, room = int(begins[-1]), _room(int(begins[-1]) + 1, 1 << 11)
    spots = sum(len(e.read.tokens) for e in some)
    kinds, dense = np.zeros(room, np.int32), np.zeros((room, DENSE), np.float32)
    tokens, homes = (
        np.zeros(_room(spots, 1 << 16), np.int32),
        np.full(_room(spots, 1 << 16), room * len(BAGS), np.int32),
    )
    owners, right = np.full(room, BATCH, np.int32), np.zeros(BATCH, np.int32)
    kinds[:count] = np.concatenate([e.read.kinds for e in some])
    dense[:count] = np.concatenate([e.read.dense for e in some])
    tokens[:spots] = np.concatenate([e.read.tokens for e in some])
    homes[:spots] = np.concatenate(
        [e.read.homes + len(BAGS) * begin for e, begin in zip(some, begins, strict=False)]
    )
    owners[:count] = np.repeat(np.arange(len(some)), sizes)
    right[: len(some)] = [e.right + begin for e, begin in zip(some, begins, strict=False)]
    owners_of_none = np.arange(len(some), BATCH)
    owners[count : count + len(owners_of_none)] = owners_of_none[: room - count]
    return kinds, dense, tokens, homes, owners, right, np.float32(len(some))


def _room(count: int, step: int) -> int:
    return -(-count // step) * step


def report(title: str, weights: Weights, some: Sequence[Told]) -> None:
    """Where the right change stands, by the network and by hand."""
    ranks = {"network": [], "by hand": []}
    for e in some:
        ranks["network"].append(place(code.score(weights, e.read), e.right))
        ranks["by hand"].append(place(e.prior * 0.98 ** np.arange(len(e.prior)), e.right))
    said = [
        f"{name}: median rank {np.median(found):.1f}, top 1 {np.mean(np.array(found) < 1):.2f}, "
        f"top 5 {np.mean(np.array(found) < 5):.2f}, top 20 {np.mean(np.array(found) < 20):.2f}"
        for name, found in ranks.items()
    ]
    sizes = np.mean([len(e.prior) for e in some]) if some else 0
    say(f"{title} ({len(some)} bugs, {sizes:.0f} candidates each): " + "; ".join(said))


def place(scores: np.ndarray, right: int) -> float:
    """How many candidates come before the right one; ties count half."""
    return float((scores > scores[right]).sum() + 0.5 * ((scores == scores[right]).sum() - 1))


if __name__ == "__main__":
    main()
