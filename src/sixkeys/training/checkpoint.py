"""How is a brain kept? Named arrays and plain metadata in, a directory that is whole or absent out.

    root/step_00000123/NAME.safetensors   one file a component
    root/step_00000123/manifest.json      format, step, meta; per component bytes, sha256, arrays; own sha256
    root/latest                           name of the newest step directory, sha256 of its manifest

A crash at any moment leaves the previous checkpoint loadable: a step directory is written under a temporary
name, flushed, renamed when complete, and only then does the pointer move. Knows numpy and safetensors only.
A root belongs to one saving process at a time; that is not checked. Checksums find accidents, not forgery.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

FORMAT = 1
"""Version of the layout; raised whenever an older reader would misread what is written."""

_POINTER = "latest"
_MANIFEST = "manifest.json"
_PARTIAL = ".partial"
_STEP = re.compile(r"step_(\d{8,})(-\d+)?")
_COMPONENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_DTYPES = ("bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
           "float16", "float32", "float64")  # fmt: skip

Components = Mapping[str, Mapping[str, np.ndarray]]
"""Component -> array name -> array: `{"model": {"policy/weight": ...}, "optimizer": {...}}`."""


class Checkpoint(NamedTuple):
    """What was kept."""

    path: Path
    """The step directory it was read from."""
    step: int
    components: dict[str, dict[str, np.ndarray]]
    """Writable arrays that the caller owns."""
    meta: dict[str, Any]
    """JSON values: what was a tuple comes back as a list."""


class DamagedCheckpoint(ValueError):
    """A checkpoint that is not what was saved. Names the file, what is wrong with it and what to do."""

    def __init__(self, file: Path, wrong: str, advice: str):
        super().__init__(f"{file}: {wrong}; {advice}")
        self.file = file


def save(root: Path | str, step: int, components: Components, meta: Mapping[str, Any], keep: int = 3) -> Path:
    """Keeps `components` and `meta` as step `step` of `root` and returns the new step directory.

    The `keep` most recently saved steps stay, the new one among them. Saving a step again writes `step_N-1`
    beside it, so that the one pointed at is never touched. When this returns, the checkpoint is on the disk.
    Raises ValueError or TypeError on what cannot be kept, before anything is written; OSError when the disk
    refuses (full, read-only), with the previous checkpoint intact and nothing half-written left.
    """
    arrays = _checked(step, components, meta, keep)
    root = Path(root)
    try:
        _make(root)
        _sweep(root)
        final = _free_name(root, step)
        try:
            _publish(root, final, step, arrays, dict(meta))
        finally:
            _sweep(root)
    except OSError as error:
        advice = "the previous checkpoint is intact; make room or choose another directory, then save again"
        text = f"cannot save step {step} in {root}: {error.strerror}; {advice}"
        raise OSError(error.errno, text) from error
    _prune(root, final, keep)
    return final


def load(path: Path | str) -> Checkpoint:
    """Reads a checkpoint and checks every byte of it.

    `path` is a root (its pointer is followed) or a step directory, wherever that was copied to.
    Raises FileNotFoundError where nothing is, DamagedCheckpoint where something else than what was saved is.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: no such checkpoint; give a directory written by `save` or a step in it"
        )
    if not path.is_dir():
        raise DamagedCheckpoint(path, "is a file, not a checkpoint", f"give its directory: {path.parent}")
    if (path / _MANIFEST).exists():
        return _read_step(path, _read(path, _MANIFEST))
    if (path / _POINTER).exists():
        return _follow(path)
    steps = _steps(path)
    if _STEP.fullmatch(path.name):
        raise DamagedCheckpoint(path / _MANIFEST, "is missing", _others(path))
    if steps:
        raise DamagedCheckpoint(
            path / _POINTER, "is missing", f"give a step directory: {path / steps[-1].name}"
        )
    raise DamagedCheckpoint(
        path, f"is not a checkpoint: neither {_POINTER} nor {_MANIFEST} is in it", _others(path)
    )


def _checked(
    step: int, components: Components, meta: Mapping[str, Any], keep: int
) -> dict[str, dict[str, np.ndarray]]:
    """The components as C-ordered arrays in native byte order; raises on what would come back changed."""
    if step < 0 or keep < 1:
        raise ValueError(f"step {step}, keep {keep}: step is at least 0, keep at least 1")
    json.dumps(dict(meta))
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for name, component in components.items():
        if not _COMPONENT.fullmatch(name):
            raise ValueError(f"component {name!r}: a name is a file name of letters, digits and _ . - only")
        arrays[name] = {key: _plain(f"{name}: {key}", array) for key, array in component.items()}
        if "__metadata__" in arrays[name]:
            raise ValueError(f"{name}: __metadata__ is a reserved array name; rename the array")
    return arrays


def _plain(name: str, array: np.ndarray) -> np.ndarray:
    """safetensors writes the bytes as they lie in memory: another order would come back as other values."""
    array = np.asarray(array)
    if array.dtype.name not in _DTYPES:
        raise TypeError(f"{name} is {array.dtype}; possible: {', '.join(_DTYPES)}; convert it first")
    return array.astype(array.dtype.newbyteorder("="), order="C", copy=False)


def _publish(
    root: Path, final: Path, step: int, arrays: dict[str, dict[str, np.ndarray]], meta: dict
) -> None:
    """Everything that needs room on the disk comes first; after that only two renames remain."""
    partial = root / f".{final.name}{_PARTIAL}"
    partial.mkdir()
    entries = {}
    for name, component in arrays.items():
        data = safetensors.numpy.save(component)
        _write(partial / f"{name}.safetensors", data)
        entries[name] = {"file": f"{name}.safetensors", "bytes": len(data), "sha256": _sha256(data)}
        entries[name]["arrays"] = {key: _card(array) for key, array in component.items()}
    manifest = _seal({"format": FORMAT, "step": step, "meta": meta, "components": entries})
    _write(partial / _MANIFEST, manifest)
    _flush_directory(partial)
    pointer = root / f".{_POINTER}{_PARTIAL}"
    _write(pointer, _pointer_text(final.name, manifest))
    os.rename(partial, final)
    _flush_directory(root)
    os.replace(pointer, root / _POINTER)
    _flush_directory(root)


def _card(array: np.ndarray) -> dict[str, Any]:
    return {"shape": list(array.shape), "dtype": array.dtype.name}


def _seal(manifest: dict[str, Any]) -> bytes:
    """The manifest's one spelling, with its own checksum in it: any edit of any byte shows."""
    body = {name: value for name, value in manifest.items() if name != "sha256"}
    seal = _sha256(json.dumps(body, sort_keys=True).encode())
    return (json.dumps(body | {"sha256": seal}, sort_keys=True, indent=1) + "\n").encode()


def _pointer_text(name: str, manifest: bytes) -> bytes:
    return f"{name}\n{_sha256(manifest)}\n".encode()


def _follow(root: Path) -> Checkpoint:
    pointer = _read(root, _POINTER)
    name = pointer.split(b"\n")[0].decode(errors="replace")
    if not _STEP.fullmatch(name):
        raise DamagedCheckpoint(
            root / _POINTER, f"does not name a step directory: {name[:40]!r}", _others(root)
        )
    if not (root / name).is_dir():
        raise DamagedCheckpoint(root / _POINTER, f"points to {name}, which is missing", _others(root))
    manifest = _read(root / name, _MANIFEST)
    checkpoint = _read_step(root / name, manifest)
    if pointer != _pointer_text(name, manifest):
        raise DamagedCheckpoint(root / _POINTER, f"does not belong to {name} as it is now", _others(root))
    return checkpoint


def _read_step(path: Path, sealed: bytes) -> Checkpoint:
    manifest = _unsealed(path, sealed)
    components = {name: _read_component(path, entry) for name, entry in manifest["components"].items()}
    return Checkpoint(path, manifest["step"], components, manifest["meta"])


def _unsealed(path: Path, sealed: bytes) -> dict[str, Any]:
    file = path / _MANIFEST
    try:
        manifest = json.loads(sealed)
    except (ValueError, RecursionError) as error:
        raise DamagedCheckpoint(file, f"is not JSON ({error})", _others(path)) from error
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(version, int):
        raise DamagedCheckpoint(file, "has no format version", _others(path))
    if version > FORMAT:
        wrong = f"has format version {version}, newer than the {FORMAT} that this sixkeys reads"
        raise DamagedCheckpoint(file, wrong, "update sixkeys")
    if version != FORMAT:
        raise DamagedCheckpoint(file, f"has unknown format version {version}; known: {FORMAT}", _others(path))
    if sealed != _seal(manifest):
        raise DamagedCheckpoint(file, "was changed after it was saved (checksum differs)", _others(path))
    return manifest


def _read_component(path: Path, entry: dict[str, Any]) -> dict[str, np.ndarray]:
    file = path / entry["file"]
    data = _read(path, entry["file"])
    if len(data) != entry["bytes"]:
        raise DamagedCheckpoint(file, f"has {len(data)} bytes, saved were {entry['bytes']}", _others(path))
    if _sha256(data) != entry["sha256"]:
        raise DamagedCheckpoint(file, "is not the file that was saved (checksum differs)", _others(path))
    try:
        arrays = safetensors.numpy.load(data)
    except SafetensorError as error:
        raise DamagedCheckpoint(file, f"is not a safetensors file ({error})", _others(path)) from error
    if {name: _card(array) for name, array in arrays.items()} != entry["arrays"]:
        raise DamagedCheckpoint(file, f"holds other arrays than {_MANIFEST} says", _others(path))
    return arrays


def _read(path: Path, name: str) -> bytes:
    try:
        return (path / name).read_bytes()
    except OSError as error:
        wrong = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise DamagedCheckpoint(path / name, wrong, _others(path)) from error


def _others(path: Path) -> str:
    """What to do about damage in `path`: the names of the other steps of the same root, newest first."""
    root = path.parent if _STEP.fullmatch(path.name) else path
    names = [step.name for step in reversed(_steps(root)) if step != path]
    if not names:
        return f"no other checkpoint is in {root}; train anew or give another directory"
    return f"give another step of {root}: {', '.join(names)}"


def _steps(root: Path) -> list[Path]:
    """Complete step directories, oldest save first; ties of the file system's clock go by step."""
    steps = [path for path in root.iterdir() if _STEP.fullmatch(path.name) and path.is_dir()]
    return sorted(steps, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _free_name(root: Path, step: int) -> Path:
    name, again = f"step_{step:08d}", 0
    while (final := root / (f"{name}-{again}" if again else name)).exists():
        again += 1
    return final


def _prune(root: Path, newest: Path, keep: int) -> None:
    older = [path for path in _steps(root) if path != newest]
    for path in older[: max(0, len(older) - (keep - 1))]:
        os.rename(path, root / f".{path.name}{_PARTIAL}")
    _sweep(root)


def _sweep(root: Path) -> None:
    """Removes what a crash or a failed save left behind."""
    for path in root.glob(f".*{_PARTIAL}"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _make(root: Path) -> None:
    missing = [path for path in (root, *root.parents) if not path.exists()]
    root.mkdir(parents=True, exist_ok=True)
    for path in missing:
        _flush_directory(path.parent)


def _write(file: Path, data: bytes) -> None:
    with open(file, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _flush_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
