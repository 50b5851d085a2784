"""Which escapes stay for the next run: processes, queues, keys, limits, a poisoned runner?

As in escape_leave.py; INSIDE names those that change the process they run in.
"""

import builtins
import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path

from escape_tools import PARENT, call, called, daemon, libc, stay

HOME = os.environ["HOME"]
INSIDE = ("poisons_a_module", "poisons_a_builtin", "poisons_an_import_path", "poisons_the_environment",
          "poisons_pytest", "leaves_a_timer", "leaves_a_narrow_mask", "leaves_a_low_limit",
          "leaves_a_signal_ignored")  # fmt: skip
"""Undefended they need no second process: the runner that stays runs both."""


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
