"""The field's check of consolidation and replay: scikit-learn's digits under T permutations of their pixels.

    python scripts/digits.py                            # T = 20, three seeds, every arm; then the table
    python scripts/digits.py --tasks 100 --seeds 0 1 2
    python scripts/digits.py --arms ours fine_tuning

One small network with a single head learns one permutation after the other; nothing tells it which one it
sees. Every arm sees each task's 1437 images equally often; 360 others are the test. Results are added to a
file as they come: what is there is not run again. `needs: scikit-learn` (group `peers`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from rich.table import Table

from sixkeys.bench.forgetting import life
from sixkeys.bench.stats import Measure, stratified_bootstrap
from sixkeys.cli.common import bar, compiled_once, console, parse, say
from sixkeys.training.consolidate import (
    Importance,
    consolidated,
    distance,
    dormant,
    elastic,
    followed,
    revived,
    squared_gradients,
    unimportant,
)
from sixkeys.training.replay import Balanced

PIXELS, CLASSES, HIDDEN = 64, 10, (100, 100)
EPOCHS, BATCH, RATE = 5, 32, 1e-3
TRAIN = 1437
SAMPLE = 4 * PIXELS + 8
"""Bytes of an image as float32 and its class as int64, as the published arms keep them."""
REPLAY_BYTES, DER_BYTES = 1000 * SAMPLE, 200 * (SAMPLE + 4 * CLASSES)


class Arm(NamedTuple):
    """How the past is kept."""

    memory: int = 0
    """Bytes; 0: no replay."""
    compact: bool = False
    """Half a byte a pixel (the two brightest of 17 shades become one), a byte a class and a logit."""
    balanced: bool = False
    """Every task has the same share of the memory; else one reservoir."""
    rehearsed: int = BATCH
    """Images of the past beside each batch of new ones."""
    logits: float = 0.0
    """Weight of staying near the logits that were kept with an image (DER++, Buzzega et al. 2020)."""
    elastic: float = 0.0
    """Weight of online EWC."""
    slow: float = 0.0
    """Rate at which a slow copy follows, which answers in the test."""
    taught: float = 0.0
    """Weight of staying near what the slow copy says of images of the past."""
    revive: bool = False
    joint: bool = False
    """All tasks at once, as often: the ceiling."""


_OURS = {"compact": True, "balanced": True, "rehearsed": 4 * BATCH, "logits": 1.0}
ARMS: Mapping[str, Arm] = {
    "fine_tuning": Arm(),
    "joint": Arm(joint=True),
    "ewc": Arm(elastic=10.0),
    "replay": Arm(REPLAY_BYTES),
    "der": Arm(DER_BYTES, logits=0.5),
    "ours_small": Arm(DER_BYTES, **_OURS),
    "ours": Arm(REPLAY_BYTES, **_OURS),
    "no_compact": Arm(REPLAY_BYTES, **{**_OURS, "compact": False}),
    "no_balance": Arm(REPLAY_BYTES, **{**_OURS, "balanced": False}),
    "no_logits": Arm(REPLAY_BYTES, **{**_OURS, "logits": 0.0}),
    "few_rehearsed": Arm(REPLAY_BYTES, **{**_OURS, "rehearsed": BATCH}),
    "with_slow": Arm(REPLAY_BYTES, **_OURS, slow=0.03, taught=1.0),
    "with_revival": Arm(REPLAY_BYTES, **_OURS, revive=True),
}
"""`ours_small` has the bytes of `der`, `ours` those of `replay`; then ours without a part, and with more."""
MAIN = ("fine_tuning", "joint", "ewc", "replay", "der", "ours_small", "ours")
PUBLISHED = {
    20: {"replay": (0.803, 0.169), "der": (0.746, 0.235), "ewc": (0.392, 0.516)},
    100: {"replay": (0.363, 0.588), "der": (0.270, 0.689)},
}
"""Average performance and forgetting of Avalanche's arms, as issue 6 has them."""

Weights = list[dict[str, jax.Array]]


class Batches(NamedTuple):
    """What one stage's steps learn from; axis 0 is the step."""

    image: jax.Array
    label: jax.Array
    old: jax.Array
    old_label: jax.Array
    old_logits: jax.Array


def layers(weights: Weights, image: jax.Array) -> list[jax.Array]:
    """Activity of every layer, the logits last."""
    active = [image]
    for number, layer in enumerate(weights):
        x = active[-1] @ layer["weight"] + layer["bias"]
        active.append(jax.nn.relu(x) if number + 1 < len(weights) else x)
    return active[1:]


def logits_of(weights: Weights, image: jax.Array) -> jax.Array:
    """What the last layer says."""
    return layers(weights, image)[-1]


def centred(logits: jax.Array) -> jax.Array:
    """Logits less their mean, which a softmax does not see."""
    return logits - logits.mean(-1, keepdims=True)


def drawn(rng: np.random.Generator) -> Weights:
    """He's initial weights."""
    sizes = (PIXELS, *HIDDEN, CLASSES)
    return [
        {"weight": jnp.asarray(rng.normal(0, np.sqrt(2 / n), (n, m)), jnp.float32), "bias": jnp.zeros(m)}
        for n, m in pairwise(sizes)
    ]


def wrong(weights: Weights, image: jax.Array, label: jax.Array) -> jax.Array:
    """Mean cross-entropy."""
    return optax.softmax_cross_entropy_with_integer_labels(logits_of(weights, image), label).mean()


def loss(weights: Weights, slow: Weights, kept: Importance, batch: Batches, arm: Arm, past: Any) -> jax.Array:
    """What is new, what is replayed and what is consolidated. `past` is 1.0 where there is something old."""
    total = wrong(weights, batch.image, batch.label)
    if arm.memory:
        said = logits_of(weights, batch.old)
        again = optax.softmax_cross_entropy_with_integer_labels(said, batch.old_label).mean()
        again += (
            arm.logits * jnp.square(centred(said) - centred(batch.old_logits)).mean() if arm.logits else 0.0
        )
        again += arm.taught * distance(said, logits_of(slow, batch.old)).mean() if arm.taught else 0.0
        total += past * again
    return total + arm.elastic * elastic(weights, kept) if arm.elastic else total


@partial(jax.jit, static_argnames="arm")
def stage(
    weights: Weights, slow: Weights, kept: Importance, moments: Any, batches: Batches, past: Any, arm: Arm
) -> tuple[Weights, Weights, Any]:
    """All steps of one stage."""

    def step(carry: Any, batch: Batches) -> Any:
        weights, slow, moments = carry
        gradient = jax.grad(loss)(weights, slow, kept, batch, arm, past)
        updates, moments = optax.adam(RATE).update(gradient, moments)
        weights = optax.apply_updates(weights, updates)
        return (weights, followed(slow, weights, arm.slow) if arm.slow else weights, moments), None

    return jax.lax.scan(step, (weights, slow, moments), batches)[0]


@jax.jit
def scores(weights: Weights, images: jax.Array, labels: jax.Array) -> jax.Array:
    """Accuracy on each task: images [tasks, n, pixels]."""
    return (logits_of(weights, images).argmax(-1) == labels).mean(-1)


class Data(NamedTuple):
    """Images in 0..16 under every task's permutation."""

    train: np.ndarray
    """uint8 [TRAIN, pixels], not yet permuted."""
    label: np.ndarray
    test: np.ndarray
    """float32 [tasks, n, pixels] in [0, 1]."""
    test_label: np.ndarray
    order: np.ndarray
    """int [tasks, pixels]"""


def data(tasks: int, seed: int) -> Data:
    """Another split and other permutations for each seed."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng([seed, 7])
    found = load_digits()
    mixed = rng.permutation(len(found.target))
    image, label = found.data[mixed].astype(np.uint8), found.target[mixed].astype(np.int64)
    order = np.stack([rng.permutation(PIXELS) for _ in range(tasks)])
    test = np.stack([image[TRAIN:][:, one] for one in order]).astype(np.float32) / 16
    return Data(image[:TRAIN], label[:TRAIN], test, label[TRAIN:], order)


def shuffled(count: int, rng: np.random.Generator) -> np.ndarray:
    """int [steps, BATCH]: every example EPOCHS times, the last few of each epoch left out."""
    whole = count // BATCH * BATCH
    return np.concatenate([rng.permutation(count)[:whole].reshape(-1, BATCH) for _ in range(EPOCHS)])


def remember(memory: Balanced, arm: Arm, task: int, image: np.ndarray, label: np.ndarray, weights: Weights,
             rng: np.random.Generator) -> None:  # fmt: skip
    """Offers a stage's images to the memory."""
    said = np.asarray(logits_of(weights, jnp.asarray(image / np.float32(16))))
    rows = packed(image, label, said) if arm.compact else {
        "image": image.astype(np.float32) / 16, "label": label, "logits": said
    }  # fmt: skip
    if not arm.logits:
        del rows["logits"]
    memory.add(rows, np.full(len(image), task if arm.balanced else 0), rng)


def packed(image: np.ndarray, label: np.ndarray, logits: np.ndarray) -> dict[str, np.ndarray]:
    """Two pixels a byte; logits as eighths, at most 16 away from their mean."""
    dark = np.minimum(image, 15)
    eighths = np.clip(8 * (logits - logits.mean(-1, keepdims=True)), -128, 127).round()
    return {
        "image": dark[:, ::2] << 4 | dark[:, 1::2],
        "label": label.astype(np.uint8),
        "logits": eighths.astype(np.int8),
    }


def unpacked(rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Images in [0, 1] again, and logits less their mean."""
    pairs = rows["image"]
    image = np.stack([pairs >> 4, pairs & 15], -1).reshape(len(pairs), PIXELS)
    logits = {"logits": rows["logits"] / np.float32(8)} if "logits" in rows else {}
    return {**rows, "image": image.astype(np.float32) / 16, **logits}


def recalled(memory: Balanced, arm: Arm, steps: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Images of the past for every step."""
    rows = memory.sample(steps * arm.rehearsed, rng)
    rows = unpacked(rows) if arm.compact else rows
    found = {"old": rows["image"], "old_label": rows["label"].astype(np.int32)}
    found["old_logits"] = rows.get("logits", np.zeros((len(rows["image"]), CLASSES), np.float32))
    return {name: array.reshape(steps, arm.rehearsed, *array.shape[1:]) for name, array in found.items()}


def woken(weights: Weights, image: np.ndarray, rng: np.random.Generator) -> tuple[Weights, int]:
    """The network with units that sleep on all these images begun afresh, and how many there were."""
    active, fresh, count = layers(weights, jnp.asarray(image)), drawn(rng), 0
    weights = [dict(layer) for layer in weights]
    for number in range(len(HIDDEN)):
        asleep, (into, out) = dormant(active[number]), weights[number : number + 2]
        into["weight"], into["bias"], out["weight"] = revived(
            into["weight"], into["bias"], out["weight"], asleep, fresh[number]["weight"]
        )
        count += int(asleep.sum())
    return weights, count


def lived(arm: Arm, tasks: int, seed: int, tell: Callable[[], None]) -> tuple[np.ndarray, int]:
    """The matrix of scores of one life and the bytes kept at its end."""
    found, rng = data(tasks, seed), np.random.default_rng([seed, 8])
    test, test_label = jnp.asarray(found.test), jnp.asarray(found.test_label)
    weights = slow = drawn(rng)
    kept, matrix = unimportant(weights), []
    size = 4 * sum(leaf.size for leaf in jax.tree.leaves(weights))
    aside = size * bool(arm.slow) + 2 * size * bool(arm.elastic)
    memory = Balanced(max(arm.memory - aside, 1))
    for task in range(1 if arm.joint else tasks):
        chosen = range(tasks) if arm.joint else [task]
        image = np.concatenate([found.train[:, found.order[one]] for one in chosen])
        label = np.tile(found.label, len(chosen))
        rows = shuffled(len(image), rng)
        shape = (len(rows), arm.rehearsed)
        blank = {"old": np.zeros((*shape, PIXELS), np.float32), "old_label": np.zeros(shape, np.int32)}
        blank["old_logits"] = np.zeros((*shape, CLASSES), np.float32)
        old = recalled(memory, arm, len(rows), rng) if len(memory) else blank
        batches = Batches(image[rows].astype(np.float32) / 16, label[rows].astype(np.int32), **old)
        past = np.float32(len(memory) > 0)
        moments = optax.adam(RATE).init(weights)
        weights, slow, _ = stage(weights, slow, kept, moments, batches, past, arm)
        if arm.memory:
            remember(memory, arm, task, image, label, weights, rng)
        if arm.elastic:
            kept = consolidated(kept, _important(weights, image, label), weights)
        if arm.revive:
            every = [image.astype(np.float32) / 16, recalled(memory, arm, 32, rng)["old"].reshape(-1, PIXELS)]
            weights, _ = woken(weights, np.concatenate(every), rng)
        matrix.append(np.asarray(scores(slow if arm.slow else weights, test, test_label)))
        tell()
    return np.stack(matrix), aside + (memory.bytes if arm.memory else 0)


@jax.jit
def _important(weights: Weights, image: jax.Array, label: jax.Array) -> Weights:
    examples = (jnp.asarray(image, jnp.float32) / 16, jnp.asarray(label))
    return squared_gradients(lambda w, one: wrong(w, one[0][None], one[1][None]), weights, examples)


@dataclass(frozen=True)
class Options:
    """What is to be run."""

    tasks: int = 20
    """permutations, one after the other"""
    seeds: tuple[int, ...] = (1, 2, 3)
    """settings were chosen on seed 0"""
    arms: tuple[str, ...] = MAIN
    """names of ARMS"""
    results: Path = Path("runs/digits.jsonl")
    """where results are added, a line a life"""


def read(path: Path) -> list[dict[str, Any]]:
    """Results so far; a last line that was cut short is left out."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def run(options: Options) -> None:
    """What is missing, a line a life."""
    done = {(row["tasks"], row["arm"], row["seed"]) for row in read(options.results)}
    wanted = [(arm, seed) for arm in options.arms for seed in options.seeds]
    missing = [one for one in wanted if (options.tasks, *one) not in done]
    options.results.parent.mkdir(parents=True, exist_ok=True)
    with bar() as progress, options.results.open("a") as lines:
        shown = progress.add_task("tasks", total=len(missing) * options.tasks, note="")
        for name, seed in missing:
            progress.update(shown, note=f"{name} seed {seed}")
            matrix, kept = lived(ARMS[name], options.tasks, seed, lambda: progress.advance(shown))
            measures = {"average_performance": float(matrix[-1].mean())}
            if not ARMS[name].joint:
                measures = life(matrix)._asdict()
                del measures["forward_transfer"]
            row = {"tasks": options.tasks, "arm": name, "seed": seed, "bytes": kept, "measures": measures}
            lines.write(json.dumps({**row, "matrix": matrix.round(4).tolist()}) + "\n")
            lines.flush()


def table(options: Options) -> Table:
    """Arms by average performance, forgetting and learning accuracy, means over seeds."""
    shown = Table(title=f"{options.tasks} permutations of digits, mean [95 % over seeds]")
    for name in ("arm", "kept bytes", "average", "forgetting", "learning", "published average / forgetting"):
        shown.add_column(name)
    for arm in options.arms:
        rows = [r for r in read(options.results) if (r["tasks"], r["arm"]) == (options.tasks, arm)]
        rows = [row for row in rows if row["seed"] in options.seeds]
        told = PUBLISHED.get(options.tasks, {}).get(arm)
        cells = [
            _cell([row["measures"].get(name, np.nan) for row in rows])
            for name in ("average_performance", "forgetting", "learning_accuracy")
        ]
        kept = f"{max((row['bytes'] for row in rows), default=0):,}"
        shown.add_row(arm, kept, *cells, f"{told[0]:.3f} / {told[1]:.3f}" if told else "")
    return shown


def _cell(values: list[float]) -> str:
    found = stratified_bootstrap([np.array(values)[~np.isnan(values)]]) if values else Measure()
    return "" if found.value is None else f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def main() -> None:
    """Runs what is missing and prints the table."""
    options = parse(Options, "digits", None, __doc__ or "")
    compiled_once()
    unknown = sorted(set(options.arms) - set(ARMS))
    if unknown:
        raise SystemExit(f"unknown arm {', '.join(unknown)}; possible: {', '.join(ARMS)}")
    run(options)
    console.print(table(options))
    say(f"results: {options.results}")


if __name__ == "__main__":
    main()
