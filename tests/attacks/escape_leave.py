"""Which escapes leave something for the next run? `leave_X` is one run's, `find_X` a later one's.

A run's folder is the present one; it holds `data.py` and `part/`, as the repository does.
"""

import fcntl
import importlib.util
import mmap
import os
import subprocess
import sys
from pathlib import Path

HOME = os.environ["HOME"]


def leave_a_file_in_tmp(facts):
    Path(os.environ["TMPDIR"], "left").write_text("x")


def find_a_file_in_tmp(facts):
    return Path(os.environ["TMPDIR"], "left").exists()


def leave_a_file_in_shared_memory(facts):
    Path("/dev/shm/left").write_text("x")


def find_a_file_in_shared_memory(facts):
    return os.path.exists("/dev/shm/left")


def leave_a_startup_file(facts):
    """`usercustomize` of the home is imported by every Python that starts."""
    folder = Path(HOME, f".local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "usercustomize.py").write_text("print('left')\n")


def find_a_startup_file(facts):
    python = getattr(sys, "_base_executable", sys.executable)
    said = subprocess.run([python, "-c", ""], capture_output=True, text=True, check=False)
    return "left" in said.stdout


def leave_a_conftest(facts):
    Path("conftest.py").write_text("LEFT = True\n")


def find_a_conftest(facts):
    return os.path.exists("conftest.py")


def leave_a_sitecustomize(facts):
    Path("sitecustomize.py").write_text("print('left')\n")


def find_a_sitecustomize(facts):
    return os.path.exists("sitecustomize.py")


def leave_a_changed_source(facts):
    Path("data.py").write_text("VALUE = 8\n")


def find_a_changed_source(facts):
    return "8" in Path("data.py").read_text()


def leave_a_source_changed_through_memory(facts):
    """Read first, a mapped page of a file system in memory is written later without a trace in its times."""
    descriptor = os.open("data.py", os.O_RDWR)
    area = mmap.mmap(descriptor, 0)
    at = area[:].index(b"7")
    area[at : at + 1] = b"8"
    area.close()
    os.close(descriptor)


def find_a_source_changed_through_memory(facts):
    return "8" in Path("data.py").read_text()


def leave_an_old_time_on_a_changed_source(facts):
    """Same length, same modification time."""
    state = os.stat("data.py")
    with open("data.py", "r+") as file:
        file.write(Path("data.py").read_text().replace("7", "8"))
    os.utime("data.py", ns=(state.st_atime_ns, state.st_mtime_ns))


def find_an_old_time_on_a_changed_source(facts):
    return "8" in Path("data.py").read_text()


def leave_another_file_in_its_place(facts):
    Path("other").write_text("VALUE = 8\n")
    os.replace("other", "data.py")


def find_another_file_in_its_place(facts):
    return "8" in Path("data.py").read_text()


def leave_poisoned_bytecode(facts):
    """Bytecode that is never compared with its source."""
    path = importlib.util.cache_from_source("data.py")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    import marshal

    body = marshal.dumps(compile("VALUE = 8\n", "data.py", "exec"))
    Path(path).write_bytes(importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + bytes(8) + body)


def find_poisoned_bytecode(facts):
    said = subprocess.run([sys.executable, "-c", "import data; print(data.VALUE)"], capture_output=True,
                          text=True, check=False, env={**os.environ, "PYTHONPATH": os.getcwd()})  # fmt: skip
    return "8" in said.stdout


def leave_a_source_gone(facts):
    os.unlink("data.py")


def find_a_source_gone(facts):
    return not os.path.exists("data.py")


def leave_a_source_closed(facts):
    os.chmod("data.py", 0)


def find_a_source_closed(facts):
    return os.stat("data.py").st_mode & 0o777 == 0


def leave_a_folder_moved(facts):
    os.rename("part", "moved")


def find_a_folder_moved(facts):
    return os.path.exists("moved")


def leave_a_folder_open_to_all(facts):
    os.chmod("part", 0o1777)


def find_a_folder_open_to_all(facts):
    return os.stat("part").st_mode & 0o7777 == 0o1777


def leave_an_attribute_of_a_folder(facts):
    os.setxattr("part", "user.left", b"x")


def find_an_attribute_of_a_folder(facts):
    return "user.left" in os.listxattr("part")


def leave_an_attribute_of_a_source(facts):
    os.setxattr("data.py", "user.left", b"x")


def find_an_attribute_of_a_source(facts):
    return "user.left" in os.listxattr("data.py")


def leave_an_attribute_of_its_root(facts):
    os.setxattr(facts["root"], "user.left", b"x")


def find_an_attribute_of_its_root(facts):
    return "user.left" in os.listxattr(facts["root"])


def leave_rights_of_its_root(facts):
    os.chmod(facts["root"], 0o1700)


def find_rights_of_its_root(facts):
    return os.stat(facts["root"]).st_mode & 0o7777 == 0o1700


def leave_a_time_of_its_root(facts):
    os.utime(facts["root"], (4e9, 1234567890))


def find_a_time_of_its_root(facts):
    state = os.stat(facts["root"])
    return 4e9 in (state.st_atime, state.st_mtime) or state.st_mtime == 1234567890


def leave_a_time_of_a_folder(facts):
    os.utime("part", (4e9, 1234567890))


def find_a_time_of_a_folder(facts):
    return os.stat("part").st_mtime == 1234567890


def leave_a_flag_of_a_folder(facts):
    descriptor = os.open("part", os.O_RDONLY)
    fcntl.ioctl(descriptor, 0x40086602, bytearray([0x40, 0, 0, 0, 0, 0, 0, 0]))


def find_a_flag_of_a_folder(facts):
    flags = bytearray(8)
    fcntl.ioctl(os.open("part", os.O_RDONLY), 0x80086601, flags)
    return bool(flags[0] & 0x40)


def leave_a_link_where_the_writer_writes(facts):
    """Whoever writes `data.py` next changes what the link points to."""
    os.unlink("data.py")
    os.symlink(os.path.join(facts["outside"], "victim.txt"), "data.py")


def find_a_link_where_the_writer_writes(facts):
    return "VALUE" in Path(facts["outside"], "victim.txt").read_text()


def leave_a_link_where_the_writer_removes(facts):
    """Whoever empties the folder next empties what the link points to."""
    os.symlink(facts["outside"], "linked")


def find_a_link_where_the_writer_removes(facts):
    return os.path.islink("linked")
