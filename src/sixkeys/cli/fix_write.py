"""How does a repair reach the user's files? As a diff, as changed files, or as a commit beside them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sixkeys.envs.repo.edits import line_edit
from sixkeys.envs.repo.project import Project


def diff_of(project: Project, files: Mapping[str, str]) -> str:
    """The change as one unified diff, line ends as they are; bytes that are not UTF-8 stand as surrogates."""

    def shown(body: bytes) -> str:
        return body.decode("utf-8", "surrogateescape")

    before = {path: shown(project.files[path]) for path in files}
    after = {path: shown(project.written(path, text)) for path, text in files.items()}
    return "".join(line_edit(path, before[path], after[path]).diff(before) for path in files)


def apply(project: Project, files: Mapping[str, str]) -> None:
    """Writes the changed files, all or none; raises ValueError where one was changed since or cannot be."""
    for path in files:
        if (project.root / path).read_bytes() != project.files[path]:
            raise ValueError(f"{path} was changed since it was read; nothing was written. Run fix again")
    ready: dict[str, Path] = {}
    path = ""
    try:
        for path, text in files.items():
            target = project.root / path
            handle, ready[path] = _beside(target)
            with os.fdopen(handle, "wb") as file:
                file.write(project.written(path, text))
            state = target.stat()
            with contextlib.suppress(PermissionError):
                os.chown(ready[path], state.st_uid, state.st_gid)
            os.chmod(ready[path], state.st_mode & 0o7777)
        for path in list(ready):
            os.replace(ready[path], project.root / path)
            del ready[path]
    except OSError as error:
        raise ValueError(
            f"{path} cannot be written ({error.strerror}); nothing was changed. "
            "The repair is the diff above: --diff prints it alone, for `git apply`"
        ) from error
    finally:
        for part in ready.values():
            part.unlink(missing_ok=True)


def _beside(target: Path) -> tuple[int, Path]:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    return handle, Path(name)


class Git:
    """git's plumbing below a folder, with an index of its own: neither working tree nor index is touched."""

    def __init__(self, root: Path, index: str = ""):
        self.root = root
        self.environment = {**os.environ, **({"GIT_INDEX_FILE": index} if index else {})}

    def __call__(self, *words: str, given: bytes | None = None) -> str:
        """What git says. Raises ValueError where it refuses."""
        command = ["git", "-c", "core.fsmonitor=false", "-C", str(self.root), *words]
        said = subprocess.run(command, input=given, capture_output=True, env=self.environment)
        if said.returncode:
            raise ValueError(f"git {words[0]} refused: {said.stderr.decode(errors='replace').strip()}")
        return said.stdout.decode(errors="surrogateescape").strip()


def branch_possible(root: Path, name: str) -> None:
    """Raises ValueError, before any work is done, where this branch could not be made."""
    git = Git(root)
    git("rev-parse", "--verify", "HEAD")
    git("check-ref-format", "--branch", name)
    git("var", "GIT_COMMITTER_IDENT")
    if git("for-each-ref", f"refs/heads/{name}"):
        raise ValueError(f"there is a branch {name} already; give --branch another name")


def branch(project: Project, files: Mapping[str, str], name: str, message: str) -> str:
    """Commits the files to a new branch on top of HEAD; gives the commit.

    What was not committed yet in these files is in the commit too. Raises ValueError where git refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        git = Git(project.root, str(Path(folder) / "index"))
        git("read-tree", "HEAD")
        prefix = git("rev-parse", "--show-prefix")
        for path, text in files.items():
            mode = git("ls-files", "-s", "--", path).split(" ")[0] or "100644"
            blob = git("hash-object", "-w", "--stdin", given=project.written(path, text))
            git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{prefix}{path}")
        commit = git("commit-tree", git("write-tree"), "-p", "HEAD", "-m", message)
        git("update-ref", f"refs/heads/{name}", commit, "0" * len(commit))
        return commit


def uncommitted(root: Path, paths: Sequence[str]) -> list[str]:
    """Those of `paths` that differ from HEAD."""
    return [path for path in paths if Git(root)("diff", "--name-only", "HEAD", "--", path)]
