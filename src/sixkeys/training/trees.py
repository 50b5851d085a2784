"""How do trees of arrays become named arrays and back? For checkpoints and for replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import jax
import numpy as np

Tree = TypeVar("Tree")


def flatten(tree: object) -> dict[str, np.ndarray]:
    """Leaves by path: `{"perception/cell/weight": array, ...}`."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): np.asarray(leaf) for path, leaf in leaves}


def refill(tree: Tree, arrays: Mapping[str, np.ndarray]) -> Tree:
    """`tree` with its leaves replaced. Raises ValueError naming what is missing, extra or misshapen."""
    paths, structure = jax.tree_util.tree_flatten_with_path(tree)
    wanted = {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in paths}
    missing, extra = sorted(wanted.keys() - arrays.keys()), sorted(arrays.keys() - wanted.keys())
    if missing or extra:
        raise ValueError(f"these arrays do not fit: missing {missing[:5]}, unexpected {extra[:5]}")
    for name, leaf in wanted.items():
        if np.shape(leaf) != arrays[name].shape:
            raise ValueError(f"{name}: shape {arrays[name].shape} came, {np.shape(leaf)} was expected")
    return jax.tree_util.tree_unflatten(structure, [arrays[name] for name in wanted])
