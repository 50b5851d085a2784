"""What is a real repository to us? Its files as they are now, where it lies, and the Python that tests it."""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import os
import stat
import subprocess
import tokenize
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sixkeys.envs.repo.interpreter import Interpreter, ask, here

MARKS = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "setup.py", ".git")
"""What shows that a folder is the root of a repository."""
LEFT_OUT = {
    ".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".venv", "venv", "env",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".eggs", "build", "dist", ".idea",
}  # fmt: skip
"""Folders that are never copied where git cannot be asked."""
LARGEST, MOST, WHOLE, PAGE = 8 << 20, 20_000, 96 << 20, 4096
"""Bytes of one file that is copied, how many files, bytes of all; a file in memory takes whole pages."""
SMALLER = "let git ignore what no test needs, or give a folder of it that has a pytest.ini of its own"
VENVS = (".venv/bin/python", "venv/bin/python", "env/bin/python", ".venv/Scripts/python.exe")


class ProjectError(ValueError):
    """This path cannot be worked on; the message says why and what to do."""


class Project(NamedTuple):
    """A repository as it was read. Nothing here writes to it."""

    root: Path
    files: Mapping[str, bytes]
    """Relative path, with `/` -> bytes."""
    modes: Mapping[str, int]
    links: Mapping[str, str]
    """Relative path -> where a symbolic link points; only links that stay inside."""
    interpreter: Interpreter
    left_out: tuple[str, ...]
    """What was not copied, each with the reason."""

    def sources(self) -> dict[str, str]:
        """The text of every Python file as Python decodes it, without a byte order mark, line ends as they
        are; a file that Python cannot decode is left out."""
        found = {}
        for name, body in self.files.items():
            if name.endswith(".py"):
                with contextlib.suppress(SyntaxError, UnicodeError, LookupError):
                    found[name] = body.decode(encoding(body))
        return found

    def written(self, path: str, text: str) -> bytes:
        """The bytes of a file of the repository with a new text: encoding and byte order mark stay."""
        return text.encode(encoding(self.files[path]))

    def imports(self) -> list[str]:
        """Modules that its Python files import from elsewhere, sorted."""
        tops = {name.split("/")[0].removesuffix(".py") for name in self.files}
        tops |= {name.split("/")[1].removesuffix(".py") for name in self.files if name.startswith("src/")}
        found = {module for text in self.sources().values() for module in imported(text)}
        return sorted(module for module in found if module.partition(".")[0] not in tops)

    def message(self) -> dict[str, Any]:
        """The whole repository, as a worker takes it."""
        entries: dict[str, list] = {
            name: ["file", self.modes.get(name, 0o644), base64.b64encode(body).decode()]
            for name, body in self.files.items()
        }
        entries |= {name: ["link", 0, target] for name, target in self.links.items()}
        return {"entries": entries, "modules": self.imports()}


def encoding(body: bytes) -> str:
    """How Python decodes a source file; `utf-8-sig` where it has a byte order mark. Raises SyntaxError."""
    return tokenize.detect_encoding(io.BytesIO(body).readline)[0]


@lru_cache(maxsize=4096)
def imported(text: str) -> frozenset[str]:
    """The modules that a file names in its imports; none where it cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return frozenset(found)


def read(path: Path | str, python: str = "") -> Project:
    """The repository that `path`, a folder or a file in it, belongs to.

    python: the one that runs the tests; else the repository's own virtual environment, else this one.
    Raises ProjectError where there is nothing to work on, InterpreterError where the Python will not do.
    """
    there = Path(path).expanduser()
    if not there.exists():
        raise ProjectError(f"{path} does not exist; give a repository's folder or a file in one")
    root = root_of(there.resolve())
    names = listed(root)
    files, modes, links, left_out, whole = {}, {}, {}, [], 0
    for name in names:
        full = root / name
        try:
            state = full.lstat()
            if stat.S_ISLNK(state.st_mode):
                target = os.readlink(full)
                if inside(root, full, target):
                    links[name] = target
                else:
                    left_out.append(f"{name} (a link that leads outside)")
            elif stat.S_ISDIR(state.st_mode):
                left_out.append(f"{name} (a repository of its own)")
            elif stat.S_ISREG(state.st_mode) and state.st_size > LARGEST:
                left_out.append(f"{name} (larger than {LARGEST >> 20} MB)")
            elif stat.S_ISREG(state.st_mode):
                files[name], modes[name] = full.read_bytes(), state.st_mode & 0o777 | 0o600
                whole += -(-state.st_size // PAGE) * PAGE
        except OSError as error:
            left_out.append(f"{name} ({error.strerror})")
        if whole > WHOLE:
            raise ProjectError(f"{root} takes more than {WHOLE >> 20} MB in the sandbox; {SMALLER}")
    if not any(name.endswith(".py") for name in files):
        raise ProjectError(f"{root} holds no Python file; give the folder of a Python repository")
    return Project(root, files, modes, links, interpreter_of(root, python), tuple(left_out))


def root_of(path: Path) -> Path:
    """The nearest folder at or above `path` that looks like a repository's root; else its own folder."""
    folder = path if path.is_dir() else path.parent
    for candidate in (folder, *folder.parents):
        if any((candidate / mark).exists() for mark in MARKS) and candidate != Path(candidate.anchor):
            return candidate
    return folder


def inside(root: Path, link: Path, target: str) -> bool:
    """Whether a symbolic link is relative and stays inside the repository."""
    whole = os.path.normpath(link.parent / target)
    return not os.path.isabs(target) and whole.startswith(str(root) + os.sep)


def listed(root: Path) -> list[str]:
    """The repository's files: what git knows or does not ignore; all but LEFT_OUT where there is no git."""
    names = of_git(root)
    if names is None:
        names = []
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(n for n in folders if n not in LEFT_OUT and not n.endswith(".egg-info"))
            files += [name for name in folders if os.path.islink(os.path.join(folder, name))]
            names += [os.path.relpath(os.path.join(folder, name), root) for name in sorted(files)]
            if len(names) > MOST:
                break
    names = [name.replace(os.sep, "/") for name in names if os.path.lexists(root / name)]
    if len(names) > MOST:
        raise ProjectError(f"{root} holds more than {MOST:,} files; {SMALLER}")
    return names


def of_git(root: Path) -> list[str] | None:
    """What git lists below `root`; None where there is no git or no repository."""
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-C",
        str(root),
        "ls-files",
        "-z",
        "-c",
        "-o",
        "--exclude-standard",
    ]
    try:
        said = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return sorted({os.fsdecode(name) for name in said.split(b"\0") if name}) or None


def interpreter_of(root: Path, python: str) -> Interpreter:
    """The Python that was asked for, or the repository's own, or this one."""
    if python:
        return ask(python)
    for name in VENVS:
        if os.path.lexists(root / name):
            return ask(str(root / name))
    return here()
