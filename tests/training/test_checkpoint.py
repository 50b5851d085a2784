"""Does a checkpoint come back bit for bit, and is everything else refused, the wrong file named?"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from sixkeys.training.checkpoint import FORMAT, DamagedCheckpoint, load, save

DTYPES = (
    "bool",
    "float16",
    "float32",
    "float64",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
)


def brain(step: int) -> dict[str, dict[str, np.ndarray]]:
    """Two components of one shape, so that swapping their files changes no size."""
    return {
        name: {"weight": np.full((3, 5), step + add, np.float32), "count": np.array(step)}
        for name, add in (("model", 0), ("optimizer", 1))
    }


def same(left: np.ndarray, right: np.ndarray) -> bool:
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A run with two kept steps, 1 and 2."""
    for step in (1, 2):
        save(tmp_path / "run", step, brain(step), {"step": step})
    return tmp_path / "run"


# --- what comes back ---


@settings(max_examples=60)
@given(data=st.data())
def test_every_dtype_and_shape_comes_back_bit_for_bit(data):
    shape = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    dtype = st.sampled_from(DTYPES).map(np.dtype)
    component = st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda t: t != "__metadata__"),
        arrays_of.arrays(dtype, shape),
        max_size=4,
    )
    components = data.draw(
        st.dictionaries(st.sampled_from(["model", "random", "pool.0"]), component, max_size=3)
    )
    meta = data.draw(
        st.dictionaries(
            st.text(max_size=5),
            st.integers() | st.floats(allow_nan=False) | st.text() | st.none(),
            max_size=3,
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        save(folder, 7, components, meta)
        back = load(folder)
    assert back.step == 7
    assert back.meta == meta
    assert {name: set(c) for name, c in back.components.items()} == {
        name: set(c) for name, c in components.items()
    }
    assert all(
        same(back.components[name][key], array) for name, c in components.items() for key, array in c.items()
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_empty_and_single_values_of_each_dtype(tmp_path, dtype):
    component = {
        "nothing": np.zeros((0, 3), dtype),
        "scalar": np.ones((), dtype),
        "row": np.arange(2).astype(dtype),
    }
    save(tmp_path, 0, {"c": component}, {})
    back = load(tmp_path).components["c"]
    assert all(same(back[key], array) for key, array in component.items())
    assert all(array.flags.writeable for array in back.values())


def test_memory_order_and_byte_order_do_not_change_the_values(tmp_path):
    plain = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    turned = {"fortran": np.asfortranarray(plain), "view": plain.T[::2], "swapped": plain.astype(">i4")}
    save(tmp_path, 0, {"c": turned}, {})
    back = load(tmp_path).components["c"]
    assert all(np.array_equal(back[name], array) for name, array in turned.items())


def test_not_a_number_and_negative_zero_keep_their_bits(tmp_path):
    bits = np.array([0x7FC00001, 0xFFC00000, 0x80000000, 0x7F800000], np.uint32)
    save(tmp_path, 0, {"c": {"a": bits.view(np.float32)}}, {})
    assert np.array_equal(load(tmp_path).components["c"]["a"].view(np.uint32), bits)


def test_a_root_and_a_step_directory_load_as_path_and_as_text(root):
    assert load(root).step == load(str(root)).step == 2
    assert load(root / "step_00000001").step == load(str(root / "step_00000001")).step == 1
    assert load(root).path == root / "step_00000002"


def test_a_step_directory_loads_wherever_it_is_copied(root, tmp_path):
    shutil.copytree(root / "step_00000002", tmp_path / "shipped")
    assert load(tmp_path / "shipped").step == 2


def test_the_manifest_tells_the_truth_about_the_files(root):
    folder = root / "step_00000002"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["format"] == FORMAT
    assert manifest["step"] == 2
    assert manifest["meta"] == {"step": 2}
    for entry in manifest["components"].values():
        data = (folder / entry["file"]).read_bytes()
        assert entry["bytes"] == len(data)
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["arrays"] == {
            "weight": {"shape": [3, 5], "dtype": "float32"},
            "count": {"shape": [], "dtype": "int64"},
        }


# --- what is kept and what goes ---


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_the_newest_stay(tmp_path, keep):
    for step in range(6):
        save(tmp_path, step, brain(step), {}, keep=keep)
    assert names(tmp_path) == ["latest", *(f"step_{step:08d}" for step in range(6 - keep, 6))]


def test_saving_a_step_again_moves_the_pointer_to_the_new_one(root):
    again = save(root, 2, brain(20), {"again": True})
    assert load(root).path == again == root / "step_00000002-1"
    assert load(root).meta == {"again": True}
    assert load(root / "step_00000002").meta == {"step": 2}


def test_going_back_to_an_older_step_keeps_what_was_saved_last(root):
    save(root, 1, brain(1), {"branch": True}, keep=2)
    assert load(root).meta == {"branch": True}
    assert names(root) == ["latest", "step_00000001-1", "step_00000002"]


def test_leftovers_of_a_crash_go_with_the_next_save(root):
    (root / ".step_00000003.partial").mkdir()
    (root / ".step_00000003.partial" / "model.safetensors").write_bytes(b"half")
    (root / ".latest.partial").write_bytes(b"half")
    assert load(root).step == 2
    save(root, 3, brain(3), {})
    assert names(root) == ["latest", "step_00000001", "step_00000002", "step_00000003"]


def test_what_cannot_be_kept_is_refused_before_anything_is_written(root):
    before = names(root)
    for components, meta, error, word in [
        ({"c": {"a": np.array(["text"])}}, {}, TypeError, "c: a"),
        ({"c": {"a": np.array([1j])}}, {}, TypeError, "complex128"),
        ({"c": {"a": np.array([None])}}, {}, TypeError, "object"),
        ({"../c": {}}, {}, ValueError, "../c"),
        ({".c": {}}, {}, ValueError, "'.c'"),
        ({"c": {"__metadata__": np.zeros(1)}}, {}, ValueError, "reserved"),
        ({}, {"path": Path()}, TypeError, "JSON"),
    ]:
        with pytest.raises(error, match=word):
            save(root, 9, components, meta)
    for step, keep in [(-1, 3), (9, 0)]:
        with pytest.raises(ValueError, match="at least"):
            save(root, step, {}, {}, keep)
    assert names(root) == before


# --- what is refused ---


def refused(path: Path, file: Path, *words: str) -> None:
    """`load(path)` names `file` and every word."""
    with pytest.raises(DamagedCheckpoint) as caught:
        load(path)
    assert caught.value.file == file
    assert all(word in str(caught.value) for word in (str(file), *words)), str(caught.value)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    for step in (1, 2):
        save(folder, step, brain(step), {"config": {"gamma": 0.99}, "name": "three worlds"})
    return folder


@settings(max_examples=200)
@given(data=st.data())
def test_a_flipped_byte_anywhere_is_refused_by_name(whole, data):
    names_of = [
        "latest",
        *(
            f"step_00000002/{name}"
            for name in ("manifest.json", "model.safetensors", "optimizer.safetensors")
        ),
    ]
    name = data.draw(st.sampled_from(names_of))
    position = data.draw(st.integers(0, (whole / name).stat().st_size - 1))
    flip = data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "run"
        shutil.copytree(whole, root)
        spoiled = bytearray((root / name).read_bytes())
        spoiled[position] ^= flip
        (root / name).write_bytes(spoiled)
        refused(root, root / name)
        if name != "latest":
            refused(root / "step_00000002", root / name)
        assert load(root / "step_00000001").step == 1


@pytest.mark.parametrize("name", ["latest", "step_00000002/manifest.json", "step_00000002/model.safetensors"])
def test_every_truncation_is_refused_by_name(root, name):
    data = (root / name).read_bytes()
    for length in {0, 1, 7, len(data) // 2, len(data) - 1}:
        (root / name).write_bytes(data[:length])
        refused(root, root / name)


def test_bytes_added_at_the_end_are_refused(root):
    for name in ("latest", "step_00000002/manifest.json", "step_00000002/model.safetensors"):
        data = (root / name).read_bytes()
        (root / name).write_bytes(data + b"\n")
        refused(root, root / name)
        (root / name).write_bytes(data)
    assert load(root).step == 2


def test_swapped_components_are_refused(root):
    model, optimizer = (root / "step_00000002" / f"{name}.safetensors" for name in ("model", "optimizer"))
    model.rename(root / "aside")
    optimizer.rename(model)
    (root / "aside").rename(optimizer)
    refused(root, model, "checksum", "step_00000001")


def test_a_component_of_another_step_is_refused(root):
    shutil.copy(root / "step_00000001" / "model.safetensors", root / "step_00000002" / "model.safetensors")
    refused(root, root / "step_00000002" / "model.safetensors", "checksum")


def test_swapped_step_directories_are_refused(root):
    (root / "step_00000001").rename(root / "aside")
    (root / "step_00000002").rename(root / "step_00000001")
    (root / "aside").rename(root / "step_00000002")
    refused(root, root / "latest", "step_00000002")


@pytest.mark.parametrize("name", ["manifest.json", "model.safetensors", "optimizer.safetensors"])
def test_a_missing_file_is_refused_by_name(root, name):
    (root / "step_00000002" / name).unlink()
    refused(root, root / "step_00000002" / name, "missing", "step_00000001")
    refused(root / "step_00000002", root / "step_00000002" / name, "missing")


def test_an_edited_manifest_is_refused(root):
    file = root / "step_00000002" / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["meta"]["step"] = 3
    file.write_text(json.dumps(manifest, sort_keys=True, indent=1) + "\n")
    refused(root, file, "changed after it was saved")
    for text in ("[]", "{}", "3", "not json", '{"format": "1"}', "[" * 100_000):
        file.write_text(text)
        refused(root, file)


@pytest.mark.parametrize(
    ("version", "words"), [(FORMAT + 1, ("newer", "update sixkeys")), (0, ("unknown",)), (-3, ("unknown",))]
)
def test_another_format_version_is_refused(root, version, words):
    file = root / "step_00000002" / "manifest.json"
    manifest = json.loads(file.read_text()) | {"format": version}
    file.write_text(json.dumps(manifest))
    refused(root, file, f"format version {version}", *words)


def test_a_pointer_to_nowhere_is_refused(root):
    shutil.rmtree(root / "step_00000002")
    refused(root, root / "latest", "step_00000002", "missing", "step_00000001")
    for text in ("../run/step_00000001\n", "step_1\n", "\xff\n", ""):
        (root / "latest").write_text(text)
        refused(root, root / "latest", "does not name")


def test_a_missing_pointer_is_refused_with_what_to_give_instead(root):
    (root / "latest").unlink()
    refused(root, root / "latest", "missing", str(root / "step_00000002"))


def test_what_is_no_checkpoint_is_refused(root, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", tmp_path / "empty", "not a checkpoint")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("hello")
    refused(tmp_path / "other", tmp_path / "other", "not a checkpoint")
    refused(root / "latest", root / "latest", "is a file", str(root))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")
    (root / "step_00000002" / "model.safetensors").unlink()
    (root / "step_00000002" / "model.safetensors").mkdir()
    refused(root, root / "step_00000002" / "model.safetensors", "cannot be read")
