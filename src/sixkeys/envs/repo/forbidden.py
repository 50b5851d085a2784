"""What must be impossible inside the sandbox? Each test tries one forbidden act and passes if it is stopped.

This file is sent inside as an ordinary test file and runs exactly as code under test does; it is never
imported here. `facts.json` beside it says where the secret, the home and the limits are, and which tier this
is. Every act is tried in every tier. Where there are no namespaces (`WALLED`) some are tried in another way;
what that way no longer asks is among the weaknesses that landlock.py states.
"""

import contextlib
import ctypes
import json
import mmap
import os
import platform
import resource
import signal
import socket
import stat
import time
from pathlib import Path

FACTS = json.loads(Path("facts.json").read_text())
WALLED = FACTS["tier"] == "landlock"
RUNNER = os.getppid()


def _status(name: str) -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(name + ":"))


def _stopped(act, *arguments) -> bool:
    try:
        act(*arguments)
    except (OSError, MemoryError):
        return True
    return False


NUMBERS = {
    "x86_64": {"clone": 56, "ptrace": 101, "process_vm_readv": 310, "keyctl": 250, "add_key": 248, "bpf": 321,
               "io_uring_setup": 425, "perf_event_open": 298, "userfaultfd": 323, "shmget": 29,
               "mq_open": 240, "shmat": 30, "msgrcv": 70, "semctl": 66, "mq_unlink": 241,
               "inotify_add_watch": 254},
    "aarch64": {"clone": 220, "ptrace": 117, "process_vm_readv": 270, "keyctl": 219, "add_key": 217,
                "bpf": 280, "io_uring_setup": 425, "perf_event_open": 241, "userfaultfd": 282, "shmget": 194,
                "mq_open": 180, "shmat": 196, "msgrcv": 188, "semctl": 191, "mq_unlink": 181,
               "inotify_add_watch": 27},
}  # fmt: skip


def _call(name: str, *arguments) -> int:
    return ctypes.CDLL(None, use_errno=True).syscall(NUMBERS[platform.machine()][name], *arguments)


def test_is_not_root():
    """No identity is root's and root cannot be had."""
    assert 0 not in (*os.getresuid(), *os.getresgid())
    assert _stopped(os.setuid, 0), "became root again"


def test_has_no_capabilities():
    """No capability is held and none can be gained by starting a program."""
    assert {_status(name).strip("0") for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {""}
    assert _status("NoNewPrivs") == "1"


def test_has_no_network():
    """No address outside can be reached and no interface but loopback is there; walled, no socket is."""
    for family, address in (
        (socket.AF_INET, ("1.1.1.1", 53)),
        (socket.AF_INET6, ("2606:4700:4700::1111", 53)),
    ):
        try:
            probe = socket.socket(family, socket.SOCK_DGRAM)
        except OSError:
            continue
        with probe:
            assert _stopped(probe.connect, address), f"a way to {address[0]}"
        assert not WALLED, f"a socket of family {family.name}"
    if WALLED:
        assert _stopped(open, "/proc/net/dev"), "the machine's interfaces can be read"
        return
    devices = Path("/proc/net/dev").read_text().splitlines()[2:]
    assert {line.split(":")[0].strip() for line in devices} <= {"lo"}


def test_opens_no_socket_outside_its_namespace():
    """Machines, kernel and hardware cannot be spoken to: vsock, netlink, packets, bluetooth, ciphers."""
    for family in (40, 16, 17, 31, 38):
        assert _stopped(socket.socket, family, socket.SOCK_RAW), f"a socket of family {family}"
        assert _stopped(socket.socket, family, socket.SOCK_DGRAM), f"a socket of family {family}"


def test_cannot_speak_to_a_service_of_the_machine():
    """No socket in the file system and none with a name alone can be reached, not by a letter either."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as found:
        for address in (FACTS["service"], "\0" + FACTS["abstract"]):
            assert _stopped(found.connect, address), f"connected to {address!r}"
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        with contextlib.suppress(OSError):
            one, other = socket.socketpair(socket.AF_UNIX, kind)
            with one, other:
                assert _stopped(one.sendto, b"x", FACTS["letters"]), "sent a letter"


def test_inherits_nothing():
    """What is open is the run's own: pipes, nothing, files of its folder; and no variable is the caller's."""
    own = ("pipe:", "/dev/null", "/proc/", os.environ["TMPDIR"])
    for descriptor in os.listdir("/proc/self/fd"):
        path = f"/proc/self/fd/{descriptor}"
        with contextlib.suppress(OSError):
            assert not stat.S_ISSOCK(os.stat(path).st_mode), "a socket is open"
            assert os.readlink(path).startswith(own), f"{os.readlink(path)} is open"
    assert not {name for name in os.environ if name.startswith(("SSH", "XDG", "DBUS", "AWS", "GIT"))}


def test_cannot_read_a_file_outside():
    """A file that anybody outside may read is out of reach, and so is the list of its folder."""
    assert WALLED or not os.path.exists(FACTS["secret"])
    assert _stopped(Path(FACTS["secret"]).read_text)
    assert _stopped(os.listdir, os.path.dirname(FACTS["secret"]))


def test_cannot_read_the_home():
    """No file of the home is in sight."""
    home, seen = FACTS["home"], set()
    if home not in ("/", "/tmp") and not _stopped(os.listdir, home):
        seen = {name for name in os.listdir(home) if os.path.isfile(os.path.join(home, name))}
    assert not seen, f"files of the home are in sight: {sorted(seen)[:3]}"


def test_cannot_write_outside():
    """No folder but the run's own can be written."""
    folders = [
        "/",
        "/usr",
        "/etc",
        "/dev",
        "/sixkeys",
        os.__file__.rpartition("/")[0],
        FACTS["outside"],
        FACTS["home"],
    ]
    for folder in folders:
        path = os.path.join(folder, "sixkeys-probe")
        assert _stopped(Path(path).write_text, "x"), f"wrote {path}"


def test_cannot_change_a_file_outside():
    """Nothing about a file outside can be changed, not even to what it is."""
    for path in (FACTS["secret"], os.__file__, FACTS["outside"], os.path.join(FACTS["outside"], "warm.py")):
        state = os.stat(path) if os.path.exists(path) else os.stat(".")
        times = (state.st_atime_ns, state.st_mtime_ns)
        assert _stopped(os.chmod, path, stat.S_IMODE(state.st_mode)), f"set rights of {path}"
        assert _stopped(os.chown, path, state.st_uid, state.st_gid), f"set the owner of {path}"
        assert _stopped(lambda path=path, times=times: os.utime(path, ns=times)), f"set times of {path}"
        assert _stopped(os.setxattr, path, "user.sixkeys", b"x"), f"set an attribute of {path}"
        assert _stopped(os.link, path, "linked"), f"linked {path}"
        assert os.path.isdir(path) or _stopped(open, path, "r+b"), f"opened {path} for writing"
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            assert _stopped(os.fchmod, descriptor, stat.S_IMODE(state.st_mode)), f"set rights of open {path}"


def test_cannot_watch_a_folder_outside():
    """Names of files cannot be learned by waiting until somebody uses them."""
    folder = os.path.dirname(FACTS["secret"]).encode()
    watches = ctypes.CDLL(None).inotify_init1(0)
    assert _call("inotify_add_watch", watches, folder, 0xFFF) == -1, "watches a folder"


def test_cannot_mount():
    """No file system can be mounted."""
    assert ctypes.CDLL(None, use_errno=True).mount(b"none", b"/tmp", b"tmpfs", 0, None) == -1


def test_cannot_nest_a_namespace():
    """No namespace can be made, which would give root's powers over what is in it."""
    for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000):
        assert ctypes.CDLL(None).unshare(flag) == -1, f"unshare {flag:#x}"
    assert _call("clone", 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0) == -1, "clone with a new user namespace"


def test_cannot_enter_another_process():
    """A process cannot be traced, nor its memory read or written, not even a child's."""
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        assert _call("ptrace", 16, child, 0, 0) == -1, "attached to a child"
        assert _call("process_vm_readv", child, 0, 0, 0, 0, 0) == -1, "read a child's memory"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_cannot_use_the_kernels_machinery():
    """Keys, programs in the kernel, rings, counters and page faults in user space are refused."""
    assert _call("keyctl", 0, -3, 1) == -1, "has a session keyring"
    assert _call("add_key", b"user", b"sixkeys", b"x", 1, -3) == -1, "stored a key"
    for name in ("bpf", "io_uring_setup", "perf_event_open", "userfaultfd"):
        ctypes.set_errno(0)
        assert _call(name, 0, 0, 0, 0, 0) == -1
        assert ctypes.get_errno() in (1, 38), f"{name} is in reach"


def test_memory_beyond_counting_is_refused():
    """No memory that counts for no process: unnamed files, System V segments, queues that outlive a run."""
    assert _stopped(os.memfd_create, "x"), "made an unnamed file in memory"
    assert _call("shmget", 0, 4096, 0o1600) == -1, "made a shared segment"
    assert _call("mq_open", b"sixkeys", os.O_CREAT | os.O_RDWR, 0o600, None) == -1, "made a queue"
    for name in ("shmat", "msgrcv", "semctl", "mq_unlink") if WALLED else ():
        ctypes.set_errno(0)
        assert _call(name, 0, 0, 0, 0, 0) == -1
        assert ctypes.get_errno() == 1, f"{name}, which could reach what others made, is open"


def test_sees_no_process_of_the_host():
    """Only the runner and this process are in sight; walled, others cannot be listed nor looked at."""
    if WALLED:
        assert _stopped(os.listdir, "/proc"), "processes can be listed"
        for name in ("cmdline", "status", "environ", "maps", "fd", "root/", "cwd/"):
            for pid in (RUNNER, FACTS["client"], 1):
                look = os.listdir if name.endswith(("fd", "/")) else open
                assert _stopped(look, f"/proc/{pid}/{name}"), f"saw {name} of {pid}"
        return
    seen = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    assert len(seen) <= 3, f"{len(seen)} processes in sight"
    assert os.getppid() == 1


def test_cannot_stop_its_runner():
    """The runner survives signals and its memory is closed; walled, no process above can be sent one."""
    if WALLED:
        for number in (0, signal.SIGCONT, signal.SIGINT, signal.SIGSTOP, signal.SIGKILL):
            assert _stopped(os.kill, RUNNER, number), f"sent {number} to the runner"
        assert _stopped(os.kill, FACTS["client"], 0), "a process outside can be sent a signal"
        assert _stopped(open, f"/proc/{RUNNER}/mem", "rb"), "the runner's memory can be read"
        return
    assert os.getppid() == 1, "it is not the first process of a namespace of its own"
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT):
        with contextlib.suppress(PermissionError):
            os.kill(1, number)
    assert os.path.exists("/proc/1")
    assert _stopped(open, "/proc/1/mem", "rb"), "the runner's memory can be read"


def test_cannot_change_its_runner():
    """What the runner may use and how it is scheduled would last for every later run."""
    limit = resource.RLIMIT_STACK
    assert _stopped(resource.prlimit, RUNNER, limit, resource.getrlimit(limit)), "set a limit of the runner's"
    assert _stopped(os.setpriority, os.PRIO_PROCESS, RUNNER, 1), "slowed the runner"
    assert _stopped(os.sched_setaffinity, RUNNER, os.sched_getaffinity(0)), "bound the runner to a core"


def test_memory_is_limited():
    """More memory than the limit is refused."""
    assert _stopped(mmap.mmap, -1, FACTS["memory"] + 1)


def test_files_are_limited():
    """A file larger than the limit is refused."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("big", "wb") as file:
        assert _stopped(file.truncate, FACTS["file"] + 1)
    signal.signal(signal.SIGXFSZ, before)


def test_processes_are_limited():
    """More processes than the limit are refused; walled, others of the user come and go while it counts."""
    limit = FACTS["processes"] * (2 if WALLED else 1)
    children: list[int] = []
    try:
        with contextlib.suppress(BlockingIOError):
            while len(children) <= limit:
                child = os.fork()
                if child == 0:
                    signal.pause()
                children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    assert len(children) < limit


def test_disk_is_limited():
    """What can be written in all is limited; walled, the run is ended, so this act is the last."""
    if WALLED:
        assert _stopped(Path("/dev/shm/sixkeys-probe").write_text, "x"), "wrote to /dev/shm"
        for number in range(2 + FACTS["disk"] // FACTS["file"]):
            with open(f"part{number}", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, FACTS["file"])
        time.sleep(10.0)
        raise AssertionError("wrote more than the limit")
    for folder in (os.environ["TMPDIR"], "/dev/shm"):
        space = os.statvfs(folder)
        assert space.f_blocks * space.f_frsize <= FACTS["disk"]
