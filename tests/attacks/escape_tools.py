"""What do all escapes need? System calls by name, the process above, what it takes to look at the outcome.

Sent into the sandbox and bound into the outer box beside the escapes; standard library only.
"""

import ctypes
import mmap
import os
import platform
import signal
import time
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)
PARENT = os.getppid()
NUMBERS = {
    "x86_64": {
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "add_key": 248, "keyctl": 250,
        "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "kcmp": 312, "clone": 56,
        "ioprio_set": 251, "ioprio_get": 252, "sched_setscheduler": 144, "shmget": 29, "msgget": 68,
        "semget": 64, "mq_open": 240, "name_to_handle_at": 303, "quotactl": 179, "syslog": 103,
        "kexec_load": 246, "memfd_create": 319, "pivot_root": 155, "sched_setattr": 314,
        "prlimit64": 302,
    },
    "aarch64": {
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "add_key": 217, "keyctl": 219,
        "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "kcmp": 272, "clone": 220,
        "ioprio_set": 30, "ioprio_get": 31, "sched_setscheduler": 119, "shmget": 194, "msgget": 186,
        "semget": 190, "mq_open": 180, "name_to_handle_at": 264, "quotactl": 60, "syslog": 116,
        "kexec_load": 104, "memfd_create": 279, "pivot_root": 41, "sched_setattr": 274, "prlimit64": 261,
    },
}  # fmt: skip
EVERYWHERE = {"io_uring_setup": 425, "open_tree": 428, "fsopen": 430, "clone3": 435, "pidfd_getfd": 438}
NEWNS, NEWUTS, NEWUSER, NEWNET = 0x00020000, 0x04000000, 0x10000000, 0x40000000


def call(name: str, *arguments) -> int:
    """A system call; raises OSError where the kernel refuses."""
    number = {**NUMBERS.get(platform.machine(), {}), **EVERYWHERE}[name]
    whole = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *whole)
    if result == -1:
        raise OSError(ctypes.get_errno(), f"{name} was refused")
    return result


def checked(result: int) -> int:
    """What a function of the C library gave; raises OSError for -1."""
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def in_child(act) -> bool:
    """Runs `act` in a fork, so that what it does to itself ends with it; whether it came back true."""
    child = os.fork()
    if child == 0:
        done = False
        try:
            done = bool(act())
        finally:
            os._exit(0 if done else 1)
    return os.waitpid(child, 0)[1] == 0


def vector(address: int, size: int):
    """A pointer to one `struct iovec`."""
    pair = (ctypes.c_size_t * 2)(address, size)
    return ctypes.cast(pair, ctypes.c_void_p), pair


def parent_lives(seconds: float = 0.4) -> bool:
    """Whether the process above is still above after a moment."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.getppid() != PARENT:
            return False
        time.sleep(0.01)
    return True


def called(name: str) -> bool:
    """Whether a process that gave itself this name is there."""
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and Path(f"/proc/{entry}/comm").read_text().strip() == name:
                return True
        except OSError:
            continue
    return False


def stay(name: str, seconds: float = 8.0, stubborn: bool = True) -> None:
    """In a process of its own: takes a name, ignores every polite end, does nothing for a while."""
    libc.prctl(15, name.encode(), 0, 0, 0)
    libc.prctl(1, 0, 0, 0, 0)
    if stubborn:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
    time.sleep(seconds)
    os._exit(0)


def daemon(name: str, act=None) -> None:
    """Forked twice, a session of its own, no open file: nothing leads back to it."""
    out, into = os.pipe()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os.close(into)
        os.read(out, 1)
        os.close(out)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    keep = act() if act else None
    os.write(into, b"x")
    os.closerange(0, 64 if keep is None else 3)
    stay(name)


def held(size: int, pieces: int, flags: int, release=None) -> list:
    """`pieces` mappings of `size` bytes, every page written; `release` is done to each."""
    kept = []
    for _ in range(pieces):
        area = mmap.mmap(-1, size, flags=flags)
        for at in range(0, size, mmap.PAGESIZE):
            area[at] = 1
        kept.append(area)
        if release is not None:
            release(area)
    return kept
