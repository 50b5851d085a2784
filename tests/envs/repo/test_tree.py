"""Does the repository look the same before every run, whatever the run before did to it?"""

from __future__ import annotations

import base64
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.envs.repo.tree import FILE, LINK, Tree, marks

FILES = {
    "a.py": b"x = 1\n",
    "pkg/__init__.py": b"",
    "pkg/b.py": b"y = 2\r\n",
    "pkg/deep/data.bin": bytes(range(256)),
}
ENTRIES = {name: [FILE, 0o644, base64.b64encode(body).decode()] for name, body in FILES.items()}
ENTRIES["pkg/link.py"] = [LINK, 0, "b.py"]
ENTRIES["run.sh"] = [FILE, 0o755, base64.b64encode(b"#!/bin/sh\n").decode()]


def snapshot(folder: Path) -> dict[str, tuple]:
    """Everything below a folder: kind, rights, content."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(root) / name
            kind = (
                os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else "folder"
            )
            rights = 0 if path.is_symlink() or path.is_dir() else path.stat().st_mode & 0o777
            found[str(path.relative_to(folder))] = (kind, rights)
    return found


def made(folder: Path) -> Tree:
    folder.mkdir(exist_ok=True)
    tree = Tree(str(folder), ENTRIES)
    tree.restore()
    return tree


def rewritten_with_its_old_times(folder: Path) -> None:
    before = (folder / "a.py").stat()
    (folder / "a.py").write_bytes(b"x = 9\n")
    os.utime(folder / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))


DAMAGES = {
    "changed": lambda f: (f / "a.py").write_text("x = 2\n"),
    "same size and times": rewritten_with_its_old_times,
    "gone": lambda f: (f / "pkg/b.py").unlink(),
    "folder gone": lambda f: shutil.rmtree(f / "pkg"),
    "new file": lambda f: (f / "conftest.py").write_text("import os\n"),
    "new folder": lambda f: (f / "pkg/other/more").mkdir(parents=True),
    "file is a link": lambda f: ((f / "a.py").unlink(), (f / "a.py").symlink_to("/etc/passwd")),
    "folder is a link": lambda f: (shutil.rmtree(f / "pkg"), (f / "pkg").symlink_to("/etc")),
    "file is a folder": lambda f: ((f / "a.py").unlink(), (f / "a.py").mkdir()),
    "link elsewhere": lambda f: ((f / "pkg/link.py").unlink(), (f / "pkg/link.py").symlink_to("../a.py")),
    "hard link": lambda f: (os.link(f / "a.py", f / "hard.py"), (f / "hard.py").write_text("z = 1\n")),
    "rights of a file": lambda f: (f / "run.sh").chmod(0),
    "rights of a folder": lambda f: (f / "pkg/deep").chmod(0),
    "swapped": lambda f: ((f / "a.py").rename(f / "c"), (f / "pkg/b.py").rename(f / "a.py")),
}


@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_every_damage_is_undone(tmp_path: Path, damage: str):
    tree = made(tmp_path / "repo")
    before = snapshot(tmp_path / "repo")
    assert {name: kind for name, (kind, _) in before.items() if name in FILES} == FILES
    DAMAGES[damage](tmp_path / "repo")
    tree.restore()
    assert snapshot(tmp_path / "repo") == before


@settings(max_examples=30)
@given(st.lists(st.sampled_from(sorted(DAMAGES)), max_size=4))
def test_damages_in_a_row_are_undone(tmp_path_factory: pytest.TempPathFactory, damages: list[str]):
    folder = tmp_path_factory.mktemp("tree") / "repo"
    tree = made(folder)
    before = snapshot(folder)
    for damage in damages:
        try:
            DAMAGES[damage](folder)
        except OSError:
            continue
    tree.restore()
    assert snapshot(folder) == before


def test_what_is_untouched_is_not_written_again(tmp_path: Path):
    tree = made(tmp_path / "repo")
    before = (tmp_path / "repo/pkg/b.py").stat().st_ino, (tmp_path / "repo/pkg/b.py").stat().st_ctime_ns
    (tmp_path / "repo/a.py").write_text("x = 2\n")
    tree.restore()
    after = (tmp_path / "repo/pkg/b.py").stat().st_ino, (tmp_path / "repo/pkg/b.py").stat().st_ctime_ns
    assert after == before


def changed_through_memory(folder: Path) -> None:
    """A page that was read first is written later without a fault: in memory file systems no time changes."""
    with open(folder / "a.py", "r+b") as file, mmap.mmap(file.fileno(), 0) as area:
        at = area[:].index(b"1")
        area[at : at + 1] = b"9"


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no file system in memory")
def test_a_change_through_mapped_memory_is_seen():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name, "tree")
        tree = made(folder)
        before = (folder / "a.py").stat()
        changed_through_memory(folder)
        after = (folder / "a.py").stat()
        assert (folder / "a.py").read_bytes() == b"x = 9\n"
        assert (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns), "this was the hole"
        tree.restore()
        assert (folder / "a.py").read_bytes() == b"x = 1\n"


@pytest.mark.parametrize(
    "act",
    [
        lambda path: os.chmod(path, 0o1777),
        lambda path: os.setxattr(path, "user.left", b"x"),
        lambda path: os.utime(path, (4e9, 4e9)),
    ],
)
def test_nothing_is_left_on_a_folder(tmp_path: Path, act: Callable[[Path], None]):
    tree = made(tmp_path / "tree")
    folder = tmp_path / "tree" / "pkg" / "deep"
    before = marks(str(folder))
    try:
        act(folder)
    except OSError as error:
        pytest.skip(f"not possible here: {error}")
    tree.restore()
    assert marks(str(folder)) == before
    assert folder.stat().st_mtime < 4e9
    assert snapshot(tmp_path / "tree") == snapshot(Path(made(tmp_path / "other").folder))


def test_what_is_left_on_a_folder_that_stays_is_told(tmp_path: Path):
    before = marks(str(tmp_path))
    os.chmod(tmp_path, 0o1777)
    assert marks(str(tmp_path)) != before
