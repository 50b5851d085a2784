"""What walls code in where no namespace can be made? Landlock: files, signals and sockets, layer upon layer.

Outside it says whether this kernel will do and what the tier cannot hold. Inside it builds three layers of
processes, each of which can reach only itself and what is below it: the guard, the warm parent, the run. The
guard does nothing but wait: when the warm parent is gone it kills whatever that left. Whoever is above kills
all below at once with `kill(-1)`, which Landlock's scope keeps within the layer: that it does is tried first,
with a signal that does nothing, and where it does not the program ends before anything is run.

Source: Linux `landlock(7)`, `linux/landlock.h`. Runs inside too: standard library only.
"""

import contextlib
import ctypes
import functools
import os
import signal
import stat
import struct
import sys
from typing import Any

CREATE, ADD, RESTRICT = 444, 445, 446
"""The calls' numbers, the same on every machine."""
VERSION, PATH_BENEATH = 1, 1
LEAST = 6
NEEDED = {
    1: "Landlock itself (Linux 5.13, and `landlock` among the boot parameter `lsm=`)",
    2: "moves between folders", 3: "truncation", 4: "TCP ports (Linux 6.7)", 5: "devices (Linux 6.10)",
    6: "signals and abstract sockets (Linux 6.12)",
}  # fmt: skip
"""Version of the interface -> what only from it on can be walled in."""
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
EVERYTHING = (1 << 16) - 1
SPECIAL = 1 << 6 | 1 << 9 | 1 << 11 | 1 << 15
"""Devices, sockets in the file system, requests to devices: nobody's, anywhere."""
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
READ = EXECUTE | READ_FILE | READ_DIR
OWN = EVERYTHING & ~SPECIAL
TCP, SCOPES = 0b11, 0b11
"""Binding and connecting; abstract sockets and signals."""
DEVICES = {"/dev/null": READ_FILE | WRITE_FILE, "/dev/full": READ_FILE | WRITE_FILE, "/dev/zero": READ_FILE,
           "/dev/random": READ_FILE, "/dev/urandom": READ_FILE}  # fmt: skip
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache",
          "/etc/localtime", "/etc/alternatives", "/etc/mime.types", "/etc/ssl/openssl.cnf")  # fmt: skip
"""Read-only. The last two are no secret, and Python fails where they are in sight but closed."""
MACHINE = ("cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems")
"""What a run may read of /proc beside its own."""
ITSELF = ("fd", "status", "stat", "statm", "maps", "smaps_rollup", "cmdline", "comm", "limits", "cgroup")
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
WEAKER = (
    "no process namespace: a run can tell that a process is there, not what it is, nor reach it",
    "no mounts of its own: whether a file outside exists, its size, owner and times, can be asked by name; "
    "its content, and the lists of folders, cannot",
    "calls that change rights, times, owner or attributes of a file are refused everywhere: tests that need "
    "`chmod`, `shutil.copy` or `os.utime` fail",
    "no network at all, not even inside: tests that open a socket or a server fail",
    "/tmp and /dev/shm are closed (a run has a folder of its own): `multiprocessing` locks and queues fail",
    "disk and files are watched ten times a second, not walled: a run can exceed them for that long, and "
    "with what it hides (deleted but open, in folders too deep to walk) until an eighth of the disk is left",
    "what the kernel counts for a user (processes, pending signals, pages in pipes) is counted together with "
    "yours: a run may fail to start a process where you start many",
    "it runs as you, unless started as root: what Landlock and the filter let pass has your rights",
)
"""What the tier does not hold, or holds only by refusing honest code, in words for whoever relies on it."""


def version() -> int:
    """The version of this kernel's interface; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(CREATE, None, 0, VERSION))


def lacking(found: int) -> str:
    """What a kernel with this version of the interface cannot wall in; empty where it will do."""
    missing = [what for number, what in NEEDED.items() if number > found]
    known = f"this kernel has version {found} of Landlock, {LEAST} is the least" if found else "no Landlock"
    return f"{known}; missing: {', '.join(missing)}" if missing else ""


def wall(settings: dict) -> None:
    """Walls this process in, which then is the guard, and goes on in its child, the warm parent.

    settings: `base`, the one folder to write; `reads`, what else of this machine may be read.
    """
    above = os.getppid()
    control(PR_SET_NO_NEW_PRIVS, 1)
    control(PR_SET_DUMPABLE, 0)
    control(PR_SET_CHILD_SUBREAPER, 1)
    restrict(rules(settings, {"/proc": READ_FILE | READ_DIR}))
    out_of_reach(above)
    guard = os.getpid()
    if parent := os.fork():
        os.close(0)
        keep_guard(parent)
    control(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, fall)
    control(PR_SET_CHILD_SUBREAPER, 1)
    restrict({}, files=0)
    out_of_reach(guard)


def narrow(settings: dict) -> None:
    """The layer of a run: of /proc only what is its own, and no signal to anything above."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    mine = {f"/proc/{os.getpid()}/{name}": READ_FILE | READ_DIR for name in ITSELF}
    restrict(rules(settings, {**mine, **{f"/proc/{name}": READ_FILE for name in MACHINE}}))


def rules(settings: dict, more: dict[str, int]) -> dict[str, int]:
    """Path -> rights beneath it."""
    seen = dict.fromkeys((*SYSTEM, *settings["reads"]), READ)
    return {**seen, **DEVICES, **more, settings["base"]: OWN}


def restrict(allowed: dict[str, int], files: int = EVERYTHING) -> None:
    """Adds a layer for good: of the rights in `files` only `allowed` ones stay; raises OSError if it fails.

    A path that is not there is left out.
    """
    handled = ctypes.create_string_buffer(struct.pack("=QQQ", files, TCP, SCOPES), 24)
    ruleset = _checked(_call(CREATE, handled, 24, 0))
    try:
        for path, rights in allowed.items():
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                _allow(ruleset, path, rights)
        _checked(_call(RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights &= EVERYTHING if stat.S_ISDIR(os.fstat(place).st_mode) else OF_A_FILE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12)
        _checked(_call(ADD, ruleset, PATH_BENEATH, rule, 0))
    finally:
        os.close(place)


def out_of_reach(pid: int) -> None:
    """Ends this program where it could send a signal to `pid`, a process above; the signal does nothing."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return
    raise SystemExit(f"process {pid} above this layer can be reached: Landlock does not hold signals here")


def kill_below() -> None:
    """Kills every process of this layer and below but this one; only after `out_of_reach`."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)


def fall(*_: Any) -> None:
    """A signal handler of the warm parent: its guard is gone, so everything ends."""
    kill_below()
    os._exit(1)


def keep_guard(parent: int) -> None:
    """Waits for the warm parent, then kills whatever it left; ends with its exit code."""
    _, status = os.waitpid(parent, 0)
    while True:
        kill_below()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def control(option: int, value: int) -> None:
    """prctl; raises OSError where the kernel refuses."""
    _checked(_libc().prctl(option, value, 0, 0, 0))


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: Any) -> int:
    whole = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _libc().syscall(ctypes.c_long(number), *whole)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "Landlock could not be set up")
    return result
