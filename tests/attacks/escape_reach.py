"""Which escapes reach something at once? Each function is one: true where it got what it must not have.

`facts` says where the bait lies. One that is stopped raises, or comes back false. Nothing here is ever called
outside of the outer box or the sandbox.
"""

import ctypes
import mmap
import os
import resource
import signal
import socket
import stat
import time
from pathlib import Path

from escape_tools import (
    PARENT,
    call,
    in_child,
    vector,
)

MARK = ctypes.create_string_buffer(b"a mark that a fork of the same process holds at the same place")


def reads_a_secret_of_the_home(facts):
    return Path(facts["secret"]).read_text() == "secret"


def lists_the_home(facts):
    return Path(facts["secret"]).name in os.listdir(facts["home"])


def reads_the_list_of_users(facts):
    return ":" in Path("/etc/passwd").read_text()


def finds_the_secret_through_the_root_of_another(facts):
    return any(
        os.path.exists(f"/proc/{pid}/root{facts['secret']}") for pid in os.listdir("/proc") if pid.isdigit()
    )


def writes_outside(facts):
    path = Path(facts["outside"], "written")
    path.write_text("x")
    return path.exists()


def changes_a_file_outside(facts):
    with open(Path(facts["outside"], "victim.txt"), "a") as file:
        return file.write("x") == 1


def links_a_file_from_outside(facts):
    os.link(Path(facts["outside"], "victim.txt"), "linked.txt")
    return True


def writes_a_module_of_the_interpreter(facts):
    Path(facts["packages"], "sixkeys_escape.py").write_text("x = 1\n")
    return True


def writes_a_pth_file(facts):
    Path(facts["packages"], "sixkeys_escape.pth").write_text("import os\n")
    return True


def changes_the_programs_of_its_runner(facts):
    with open(Path(facts["programs"], "keeper.py"), "a") as file:
        return file.write("#\n") > 0


def opens_its_runners_program_for_memory(facts):
    descriptor = os.open(Path(facts["programs"], "keeper.py"), os.O_RDWR)
    mmap.mmap(descriptor, 0)[0] = 35
    return True


def reads_the_callers_variables(facts):
    return facts["variable"] in os.environ


def reads_the_environment_of_its_parent(facts):
    return bool(Path(f"/proc/{PARENT}/environ").read_bytes())


def reads_the_environment_of_anybody_else(facts):
    found = []
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) != os.getpid():
            try:
                found += [pid] * (b"=" in Path(f"/proc/{pid}/environ").read_bytes())
            except OSError:
                continue
    return bool(found)


def reads_the_memory_of_its_parent(facts):
    with open(f"/proc/{PARENT}/mem", "rb", 0) as file:
        file.seek(ctypes.addressof(MARK))
        return file.read(6) == b"a mark"


def writes_the_memory_of_its_parent(facts):
    with open(f"/proc/{PARENT}/mem", "r+b", 0) as file:
        file.seek(ctypes.addressof(MARK))
        return file.write(b"a mark") == 6


def lists_what_its_parent_has_open(facts):
    return bool(os.listdir(f"/proc/{PARENT}/fd"))


def reads_the_map_of_its_parent(facts):
    return bool(Path(f"/proc/{PARENT}/maps").read_text())


def reads_its_parent_with_readv(facts):
    into = ctypes.create_string_buffer(6)
    here, _a = vector(ctypes.addressof(into), 6)
    there, _b = vector(ctypes.addressof(MARK), 6)
    return call("process_vm_readv", PARENT, here, 1, there, 1, 0) == 6 and into.raw == b"a mark"


def writes_its_parent_with_writev(facts):
    here, _a = vector(ctypes.addressof(MARK), 6)
    there, _b = vector(ctypes.addressof(MARK), 6)
    return call("process_vm_writev", PARENT, here, 1, there, 1, 0) == 6


def traces_its_parent(facts):
    call("ptrace", 0x4206, PARENT, 0, 0)
    return True


def is_traced_by_its_parent(facts):
    return in_child(lambda: call("ptrace", 0, 0, 0, 0) == 0)


def takes_a_descriptor_of_its_parent(facts):
    return any(_taken(number) for number in range(64))


def _taken(number):
    descriptor = os.pidfd_open(PARENT)
    try:
        return call("pidfd_getfd", descriptor, number, 0) >= 0
    except OSError:
        return False
    finally:
        os.close(descriptor)


def compares_itself_with_its_parent(facts):
    return call("kcmp", os.getpid(), PARENT, 0, 0, 0) >= 0


def writes_to_the_socket_of_its_runner(facts):
    for number in range(3, 1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as found:
                    return found.send(b"\0\0\0\x02{}") > 0
        except OSError:
            continue
    return False


def reads_an_inherited_file(facts):
    for number in range(3, 1024):
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith(facts["home"]):
                return True
        except OSError:
            continue
    return False


def opens_a_file_again_through_its_descriptor(facts):
    for number in range(1024):
        try:
            path = os.readlink(f"/proc/self/fd/{number}")
            if "/sixkeys-worker-" in path or path.startswith(facts["outside"]):
                return os.open(f"/proc/self/fd/{number}", os.O_RDWR) >= 0
        except OSError:
            continue
    return False


def lowers_a_limit_of_its_runner(facts):
    hard = resource.prlimit(PARENT, resource.RLIMIT_STACK)[1]
    lower = 1 << 23 if hard == resource.RLIM_INFINITY else hard - 4096
    resource.prlimit(PARENT, resource.RLIMIT_STACK, (lower, lower))
    return resource.prlimit(PARENT, resource.RLIMIT_STACK)[1] == lower


def slows_its_runner(facts):
    os.setpriority(os.PRIO_PROCESS, PARENT, os.getpriority(os.PRIO_PROCESS, PARENT) + 1)
    return True


def slows_everything_of_its_user(facts):
    before = os.getpriority(os.PRIO_PROCESS, PARENT)
    os.setpriority(os.PRIO_USER, 0, before + 1)
    return os.getpriority(os.PRIO_PROCESS, PARENT) == before + 1


def binds_its_runner_to_one_core(facts):
    os.sched_setaffinity(PARENT, {min(os.sched_getaffinity(PARENT))})
    return True


def schedules_its_runner_last(facts):
    os.sched_setscheduler(PARENT, os.SCHED_IDLE, os.sched_param(0))
    return os.sched_getscheduler(PARENT) == os.SCHED_IDLE


def starves_its_runner_of_the_disk(facts):
    call("ioprio_set", 1, PARENT, 3 << 13)
    return call("ioprio_get", 1, PARENT) == 3 << 13


def stops_its_runner(facts):
    os.kill(PARENT, signal.SIGSTOP)
    until = time.monotonic() + 0.2
    while time.monotonic() < until:
        if Path(f"/proc/{PARENT}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return True
    return False
