"""Which escapes leave something for the next run? `leave_X` is one run's, `find_X` a later one's.

A run's folder is the present one; it holds `data.py` and `part/`, as the repository does. INSIDE names
those that change the process they run in: undefended, the next run is in the same process.
"""

import builtins
import contextlib
import ctypes
import fcntl
import importlib.util
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from escape_tools import PARENT, call, called, daemon, libc, stay

HOME = os.environ["HOME"]
INSIDE = ("poisons_a_module", "poisons_a_builtin", "poisons_an_import_path", "poisons_the_environment",
          "poisons_pytest", "leaves_a_timer", "leaves_a_narrow_mask", "leaves_a_low_limit",
          "leaves_a_signal_ignored")  # fmt: skip
"""Undefended they need no second process: the runner that stays runs both."""


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


def leave_a_daemon(facts):
    daemon("leftover")


def find_a_daemon(facts):
    return called("leftover")


def leave_a_stubborn_child(facts):
    if os.fork() == 0:
        stay("stubborn")
    until = time.monotonic() + 2.0
    while not called("stubborn") and time.monotonic() < until:
        time.sleep(0.01)


def find_a_stubborn_child(facts):
    return called("stubborn")


def leave_a_daemon_that_writes(facts):
    """It waits until the next run is there and changes its files."""

    def act():
        os.chdir("/")
        here = Path(facts["root"], "raced")
        if os.fork() == 0:
            libc.prctl(15, b"racer", 0, 0, 0)
            for _ in range(400):
                with contextlib.suppress(OSError):
                    here.write_text("x")
                time.sleep(0.01)
            os._exit(0)

    daemon("racing", act)


def find_a_daemon_that_writes(facts):
    time.sleep(0.1)
    return Path(facts["root"], "raced").exists()


def leave_a_daemon_with_a_socket(facts):
    def act():
        door = socket.socket(socket.AF_UNIX)
        door.bind("\0left")
        door.listen()
        return door

    daemon("listening", act)


def find_a_daemon_with_a_socket(facts):
    with socket.socket(socket.AF_UNIX) as found:
        found.connect("\0left")
        return True


def leave_a_locked_file(facts):
    def act():
        lock = os.open("/dev/shm/lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    daemon("locking", act)


def find_a_locked_file(facts):
    with open("/dev/shm/lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def leave_a_shared_segment(facts):
    call("shmget", 77, 4096, 0o1600)


def find_a_shared_segment(facts):
    return call("shmget", 77, 4096, 0o600) >= 0


def leave_a_queue_of_messages(facts):
    call("msgget", 77, 0o1600)


def find_a_queue_of_messages(facts):
    return call("msgget", 77, 0o600) >= 0


def leave_a_semaphore(facts):
    call("semget", 77, 1, 0o1600)


def find_a_semaphore(facts):
    return call("semget", 77, 1, 0o600) >= 0


def leave_a_named_queue(facts):
    call("mq_open", b"left", os.O_CREAT | os.O_RDWR, 0o600, None)


def find_a_named_queue(facts):
    return call("mq_open", b"left", os.O_RDWR, 0, None) >= 0


def leave_a_key(facts):
    call("add_key", b"user", b"left", b"x", 1, ctypes.c_long(-4))


def find_a_key(facts):
    key = call("keyctl", 10, ctypes.c_long(-4), b"user", b"left", 0)
    call("keyctl", 21, key)
    return key > 0


def leave_a_lowered_limit(facts):
    resource.prlimit(PARENT, resource.RLIMIT_MSGQUEUE, (4321, 4321))


def find_a_lowered_limit(facts):
    return resource.getrlimit(resource.RLIMIT_MSGQUEUE)[1] == 4321


def leave_a_low_priority(facts):
    os.setpriority(os.PRIO_PROCESS, PARENT, 11)


def find_a_low_priority(facts):
    return os.nice(0) == 11


def leave_a_schedule(facts):
    os.sched_setscheduler(PARENT, os.SCHED_BATCH, os.sched_param(0))


def find_a_schedule(facts):
    return os.sched_getscheduler(0) == os.SCHED_BATCH


def leave_poisons_a_module(facts):
    sys.modules["json"] = sys
    json.loads = None


def find_poisons_a_module(facts):
    return sys.modules["json"] is sys or json.loads is None


def leave_poisons_a_builtin(facts):
    builtins.__dict__["len"] = lambda _: 0


def find_poisons_a_builtin(facts):
    return len("left") == 0


def leave_poisons_an_import_path(facts):
    sys.path.insert(0, "/dev/shm/left-path")
    sys.meta_path.insert(0, type("Finder", (), {"find_spec": staticmethod(lambda *_: None), "left": True}))


def find_poisons_an_import_path(facts):
    return "/dev/shm/left-path" in sys.path or any(hasattr(finder, "left") for finder in sys.meta_path)


def leave_poisons_the_environment(facts):
    os.environ["PYTEST_ADDOPTS"] = "--left"


def find_poisons_the_environment(facts):
    return "--left" in os.environ.get("PYTEST_ADDOPTS", "")


def leave_poisons_pytest(facts):
    import _pytest.runner

    vars(_pytest.runner)["left"] = True


def find_poisons_pytest(facts):
    import _pytest.runner

    return hasattr(_pytest.runner, "left")


def leave_leaves_a_timer(facts):
    signal.setitimer(signal.ITIMER_REAL, 600)


def find_leaves_a_timer(facts):
    return signal.getitimer(signal.ITIMER_REAL)[0] > 0


def leave_leaves_a_narrow_mask(facts):
    os.umask(0o777)


def find_leaves_a_narrow_mask(facts):
    mask = os.umask(0)
    os.umask(mask)
    return mask == 0o777


def leave_leaves_a_low_limit(facts):
    resource.setrlimit(resource.RLIMIT_NOFILE, (77, 77))


def find_leaves_a_low_limit(facts):
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1] == 77


def leave_leaves_a_signal_ignored(facts):
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def find_leaves_a_signal_ignored(facts):
    return signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN


def leave_a_core_chosen(facts):
    os.sched_setaffinity(PARENT, {max(os.sched_getaffinity(PARENT))})


def find_a_core_chosen(facts):
    return os.sched_getaffinity(0) != set(range(facts["cores"])) and len(os.sched_getaffinity(0)) == 1
