"""What did the repository look like before the run? Its files, written once and put back after every run.

Runs inside the sandbox, in the warm parent. A file counts as untouched if its inode and its change time are
those it had when it was written, which no program without the rights to set the clock can fake, and if its
bytes are the same: a change through mapped memory leaves no trace in the times. A folder counts as untouched
by inode and change time.
"""

import base64
import contextlib
import fcntl
import os
import shutil

FILE, LINK = "file", "link"
GET_FLAGS = 0x80086601
"""Asks for the flags of a file or folder that `chattr` sets."""


class Tree:
    """Files below `folder`. Keeps state: what each looked like when it was written."""

    def __init__(self, folder: str, entries: dict[str, list]):
        """entries: relative path -> [FILE, mode, base64 of its bytes] or [LINK, 0, target]."""
        self.folder = folder
        self.entries = {
            name: (kind, mode, base64.b64decode(body) if kind == FILE else body)
            for name, (kind, mode, body) in entries.items()
        }
        self.folders = {""}
        for name in self.entries:
            parts = name.split("/")[:-1]
            self.folders |= {"/".join(parts[: i + 1]) for i in range(len(parts))}
        self.seen: dict[str, tuple[int, int]] = {}
        self.mounted = [mount for mount in mounts() if mount.startswith(folder + "/")]
        """Folders of the interpreter that are seen inside, where it lies in the repository."""

    def texts(self) -> dict[str, bytes]:
        """The bytes of all Python files."""
        return {n: body for n, (kind, _, body) in self.entries.items() if kind == FILE and n.endswith(".py")}

    def has(self, base: str) -> bool:
        """Is there a file of this name in any folder?"""
        return any(os.path.basename(name) == base for name in self.entries)

    def _write(self, name: str) -> None:
        path = os.path.join(self.folder, name)
        kind, mode, body = self.entries[name]
        if kind == LINK:
            os.symlink(body, path)
        else:
            with open(path, "wb") as file:
                file.write(body)
            os.chmod(path, mode)
        self.seen[name] = _look(path)

    def restore(self) -> None:
        """Removes what is new, writes what was changed or is not there."""
        there: set[str] = set()
        self._walk("", there)
        for folder in sorted(self.folders - {""}):
            os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
        for name in self.entries.keys() - there:
            self._write(name)
        for folder in self.folders:
            self.seen[folder] = _look(os.path.join(self.folder, folder))

    def _walk(self, inside: str, there: set[str]) -> None:
        """Adds the files that are as they were to `there`; removes all else."""
        path = os.path.join(self.folder, inside)
        with contextlib.suppress(OSError):
            if os.stat(path).st_mode & 0o700 != 0o700:
                os.chmod(path, 0o755)
        with os.scandir(path) as entries:
            found = list(entries)
        for entry in found:
            name = f"{inside}/{entry.name}" if inside else entry.name
            if entry.is_dir(follow_symlinks=False):
                holds = any((mount + "/").startswith(entry.path + "/") for mount in self.mounted)
                if name in self.folders and (holds or _look(entry.path) == self.seen.get(name)):
                    self._walk(name, there)
                elif not holds:
                    remove(entry.path, folder=True)
            elif self._untouched(name, entry.path):
                there.add(name)
            else:
                os.unlink(entry.path)

    def _untouched(self, name: str, path: str) -> bool:
        if name not in self.entries or _look(path) != self.seen.get(name):
            return False
        kind, _, body = self.entries[name]
        if kind == LINK:
            return True
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return os.read(descriptor, len(body) + 1) == body
        finally:
            os.close(descriptor)


def marks(folder: str) -> tuple:
    """What a run could leave on a folder that is never removed: rights, attributes, flags."""
    flags = bytearray(8)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.ioctl(descriptor, GET_FLAGS, flags)
        names = os.listxattr(descriptor) if hasattr(os, "listxattr") else []
        return os.fstat(descriptor).st_mode, sorted(names), bytes(flags)
    finally:
        os.close(descriptor)


def mounts() -> list[str]:
    """Where something is mounted, as this process sees it."""
    try:
        with open("/proc/self/mounts") as file:
            return [line.split()[1].replace("\\040", " ") for line in file]
    except OSError:
        return []


def _look(path: str) -> tuple[int, int]:
    state = os.lstat(path)
    return state.st_ino, state.st_ctime_ns


def remove(path: str, folder: bool) -> None:
    """Removes a file or a whole folder, one without rights too."""
    if not folder:
        os.unlink(path)
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        os.chmod(path, 0o700)
        for root, folders, _ in os.walk(path):
            for name in folders:
                if not os.path.islink(os.path.join(root, name)):
                    os.chmod(os.path.join(root, name), 0o700)
        shutil.rmtree(path)
