"""What must be impossible inside the sandbox? Each test tries one forbidden act and passes if it is stopped.

This file is sent inside as an ordinary test file and runs exactly as code under test does; it is never
imported here. `facts.json` beside it says where the secret, the home and the limits are.
"""

import contextlib
import ctypes
import json
import mmap
import os
import signal
import socket
from pathlib import Path

FACTS = json.loads(Path("facts.json").read_text())


def _status(name: str) -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(name + ":"))


def _stopped(act, *arguments) -> bool:
    try:
        act(*arguments)
    except (OSError, MemoryError):
        return True
    return False


def test_is_not_root():
    """No identity is root's and root cannot be had."""
    assert 0 not in (*os.getresuid(), *os.getresgid())
    assert _stopped(os.setuid, 0), "became root again"


def test_has_no_capabilities():
    """No capability is held and none can be gained by starting a program."""
    assert {_status(name).strip("0") for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {""}
    assert _status("NoNewPrivs") == "1"


def test_has_no_network():
    """No address outside can be reached and no interface but loopback is there."""
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
    assert [name for _, name in socket.if_nameindex()] in ([], ["lo"])


def test_cannot_read_a_file_outside():
    """A file that anybody outside may read is out of reach."""
    assert not os.path.exists(FACTS["secret"])
    assert _stopped(Path(FACTS["secret"]).read_text)


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


def test_cannot_mount():
    """No file system can be mounted."""
    assert ctypes.CDLL(None, use_errno=True).mount(b"none", b"/tmp", b"tmpfs", 0, None) == -1


def test_sees_no_process_of_the_host():
    """Only the runner and this process are in sight."""
    seen = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    assert len(seen) <= 3, f"{len(seen)} processes in sight"
    assert os.getppid() == 1


def test_cannot_stop_its_runner():
    """The runner survives a kill and its memory is closed."""
    assert os.getppid() == 1, "it is not the first process of a namespace of its own"
    with contextlib.suppress(PermissionError):
        os.kill(1, signal.SIGKILL)
    assert os.path.exists("/proc/1")
    assert _stopped(open, "/proc/1/mem", "rb"), "the runner's memory can be read"


def test_memory_is_limited():
    """More memory than the limit is refused."""
    assert _stopped(mmap.mmap, -1, FACTS["memory"] + 1)


def test_files_are_limited():
    """A file larger than the limit is refused."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("big", "wb") as file:
        assert _stopped(file.truncate, FACTS["file"] + 1)
    signal.signal(signal.SIGXFSZ, before)


def test_disk_is_limited():
    """What can be written in all is limited."""
    for folder in (os.environ["TMPDIR"], "/dev/shm"):
        space = os.statvfs(folder)
        assert space.f_blocks * space.f_frsize <= FACTS["disk"]


def test_processes_are_limited():
    """More processes than the limit are refused."""
    children: list[int] = []
    try:
        with contextlib.suppress(BlockingIOError):
            while len(children) <= FACTS["processes"]:
                child = os.fork()
                if child == 0:
                    signal.pause()
                children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    assert len(children) < FACTS["processes"]
