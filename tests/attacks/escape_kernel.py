"""Which escapes reach the kernel, the network or the machine at once?

As in escape_reach.py.
"""

import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import termios
from pathlib import Path

from escape_tools import (
    NEWNET,
    NEWNS,
    NEWUSER,
    NEWUTS,
    PARENT,
    call,
    checked,
    in_child,
    libc,
    parent_lives,
    vector,
)

MARK = ctypes.create_string_buffer(b"a mark that a fork of the same process holds at the same place")


def becomes_root_of_a_namespace(facts):
    return in_child(lambda: checked(libc.unshare(NEWUSER)) == 0)


def clones_into_a_namespace(facts):
    return in_child(lambda: call("clone", NEWUSER | signal.SIGCHLD, 0, 0, 0, 0) >= 0)


def clones_with_a_hidden_flag(facts):
    """`clone3` takes its flags behind a pointer, where no filter can look."""
    wanted = (ctypes.c_uint64 * 11)(NEWUSER, 0, 0, 0, signal.SIGCHLD)
    return in_child(lambda: call("clone3", ctypes.byref(wanted), 88) >= 0)


def mounts_in_a_namespace(facts):
    folder = os.path.abspath(facts["scratch"]).encode()

    def act():
        checked(libc.unshare(NEWUSER | NEWNS))
        return checked(libc.mount(b"none", folder, b"tmpfs", 0, None)) == 0

    return in_child(act)


def changes_its_root_in_a_namespace(facts):
    def act():
        checked(libc.unshare(NEWUSER))
        os.chroot(facts["scratch"])
        return os.listdir("/") != []

    Path(facts["scratch"], "seen").write_text("")
    return in_child(act)


def renames_the_machine_in_a_namespace(facts):
    def act():
        checked(libc.unshare(NEWUSER | NEWUTS))
        socket.sethostname("escaped")
        return os.uname().nodename == "escaped"

    return in_child(act)


def makes_raw_packets_in_a_namespace(facts):
    def act():
        checked(libc.unshare(NEWUSER | NEWNET))
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
            return True

    return in_child(act)


def connects_to_a_service_of_this_machine(facts):
    with socket.create_connection(("127.0.0.1", facts["port"]), 1.0) as found:
        return found.recv(5) == b"hello"


def connects_to_an_abstract_socket(facts):
    with socket.socket(socket.AF_UNIX) as found:
        found.settimeout(1.0)
        found.connect("\0" + facts["abstract"])
        return found.recv(5) == b"hello"


def connects_to_a_socket_in_a_file(facts):
    with socket.socket(socket.AF_UNIX) as found:
        found.settimeout(1.0)
        found.connect(os.path.join(facts["outside"], "service"))
        return found.recv(5) == b"hello"


def sends_a_datagram_to_this_machine(facts):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.settimeout(1.0)
        found.sendto(b"hello", ("127.0.0.1", facts["port"]))
        return found.recv(5) == b"hello"


def reaches_the_internet(facts):
    with socket.create_connection(("1.1.1.1", 53), 0.3):
        return True


def asks_for_a_name(facts):
    return bool(socket.gethostbyname("example.com"))


def speaks_to_the_kernel_by_netlink(facts):
    with socket.socket(16, socket.SOCK_RAW, 0) as found:
        found.bind((0, 0))
        return True


def speaks_to_the_hypervisor(facts):
    with socket.socket(40, socket.SOCK_STREAM):
        return True


def uses_the_kernels_ciphers(facts):
    with socket.socket(38, socket.SOCK_SEQPACKET):
        return True


def sends_raw_packets(facts):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP):
        return True


def runs_a_program_that_is_no_file(facts):
    descriptor = os.memfd_create("escape")
    os.write(descriptor, b"#!/bin/sh\nexit 0\n")
    return subprocess.run([f"/proc/self/fd/{descriptor}"], pass_fds=[descriptor], check=False).returncode == 0


def keeps_a_key_in_the_kernel(facts):
    key = call("add_key", b"user", b"sixkeys", b"x", 1, ctypes.c_long(-4))
    call("keyctl", 21, key)
    return key > 0


def asks_for_a_ring(facts):
    return call("io_uring_setup", 4, ctypes.create_string_buffer(120)) >= 0


def catches_page_faults(facts):
    return call("userfaultfd", 1) >= 0


def counts_with_the_processor(facts):
    """A software event of the process itself, the least that can be asked for."""
    wanted = ctypes.create_string_buffer(
        struct.pack("IIQ", 1, 128, 0) + bytes(24) + struct.pack("Q", 0x62), 128
    )
    return call("perf_event_open", wanted, 0, ctypes.c_long(-1), ctypes.c_long(-1), 0) >= 0


def loads_a_program_into_the_kernel(facts):
    code = ctypes.create_string_buffer(struct.pack("<QQ", 0xB7, 0x95), 16)
    license = ctypes.create_string_buffer(b"GPL")
    wanted = struct.pack("IIQQ", 1, 2, ctypes.addressof(code), ctypes.addressof(license)) + bytes(100)
    return call("bpf", 5, ctypes.create_string_buffer(wanted), 72) >= 0


def gets_a_handle_of_a_file(facts):
    """A handle opens a file by its number, past every folder."""
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 256)
    return call("name_to_handle_at", -100, b"/", handle, ctypes.byref(ctypes.c_int()), 0) == 0


def takes_a_tree_of_mounts(facts):
    return call("open_tree", -100, b"/", 0) >= 0


def makes_a_file_system(facts):
    return call("fsopen", b"tmpfs", 0) >= 0


def reads_the_kernels_log(facts):
    return call("syslog", 3, ctypes.create_string_buffer(4096), 4096) > 0


def types_into_a_terminal(facts):
    """Whatever shell reads that terminal would obey."""

    def act():
        os.setsid()
        _, side = os.openpty()
        fcntl.ioctl(side, termios.TIOCSCTTY, 0)
        return fcntl.ioctl(side, termios.TIOCSTI, b"x") is not None

    return in_child(act)


def opens_the_terminal_of_its_caller(facts):
    return os.open("/dev/tty", os.O_RDWR) >= 0


def signals_its_runner_through_the_kernel(facts):
    """The kernel sends the signal when a pipe can be read; the sender is nobody."""
    out, into = os.pipe()
    fcntl.fcntl(out, fcntl.F_SETOWN, PARENT)
    fcntl.fcntl(out, 10, signal.SIGINT)
    fcntl.fcntl(out, fcntl.F_SETFL, os.O_ASYNC)
    os.write(into, b"x")
    return not parent_lives()


def makes_a_device(facts):
    os.mknod("disk", 0o60600, os.makedev(8, 0))
    return True


def opens_a_disk(facts):
    return any(os.open(f"/dev/{name}", os.O_RDONLY) for name in ("sda", "vda", "nvme0n1", "mem", "kmsg"))


def writes_the_kernels_settings(facts):
    Path("/proc/sys/kernel/core_pattern").write_text("|/tmp/evil")
    return True


def presses_the_magic_key(facts):
    Path("/proc/sysrq-trigger").write_text("h")
    return True


def enters_the_namespaces_of_its_parent(facts):
    with open(f"/proc/{PARENT}/ns/uts") as file:
        return checked(libc.setns(file.fileno(), 0)) == 0


def sets_the_clock(facts):
    now = (ctypes.c_long * 2)(1, 0)
    return checked(libc.clock_settime(0, now)) == 0


def loads_another_kernel(facts):
    return call("kexec_load", 0, 0, 0, 0) == 0


def reaches_the_ports_of_the_machine(facts):
    return checked(libc.ioperm(0x80, 1, 1)) == 0


def lets_a_crash_start_a_program_of_the_host(facts):
    """With a limit of 0 on core files the kernel still starts the host's collector as root; 1 forbids it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_CORE)[0] != 1


def lets_a_crash_start_a_program_by_an_odd_pointer(facts):
    """The new limit lies where the lower half of its address is 0, which a filter may take for none."""
    libc.mmap.restype = ctypes.c_void_p
    place = libc.mmap(ctypes.c_void_p(1 << 32), ctypes.c_size_t(4096), 3, 0x100022, -1, ctypes.c_long(0))
    if place != 1 << 32:
        raise MemoryError
    ctypes.memset(place, 0, 16)
    call("prlimit64", 0, resource.RLIMIT_CORE, ctypes.c_void_p(place), None)
    return resource.getrlimit(resource.RLIMIT_CORE)[0] != 1


def becomes_root(facts):
    os.setuid(0)
    return True


def becomes_root_by_a_program(facts):
    for name in ("su", "sudo", "mount", "passwd"):
        program = f"/usr/bin/{name}"
        if os.path.exists(program) and os.stat(program).st_mode & 0o4000:
            return not os.statvfs(program).f_flag & os.ST_NOSUID
    return False


def sees_programs_of_others(facts):
    seen = {int(name) for name in os.listdir("/proc") if name.isdigit()}
    return bool(seen - {1, PARENT, os.getpid()})


def fills_the_pipes_of_its_user(facts):
    """Pages given to a pipe belong to no process: a huge page stays whole for one byte of it."""
    _out, into = os.pipe()
    piece, _pair = vector(ctypes.addressof(MARK), 6)
    return checked(libc.vmsplice(into, piece, ctypes.c_ulong(1), 0)) == 6


def finds_the_modules_of_sixkeys(facts):
    return facts["package"] in sys.path or os.path.exists(facts["package"])
