"""Which doors of the kernel stay shut inside the sandbox? A filter on system calls, installed once.

Runs inside, before anything is imported; every fork and program after it inherits it. Refused: namespaces
within the namespace, mounts, other processes' memory, the kernel's keys, programs, rings and counters,
sockets that no network namespace holds (vsock, netlink, packets), memory that no limit counts (memfd, System
V segments, message queues, pages kept in pipes), limits and priorities of any process but the caller's own:
the runner's would last for all later runs. `clone3` hides its flags behind a pointer, so it is said not to
exist: libraries use `clone`.

Where no namespaces can be had (landlock.py) there are two filters more, of what only a namespace or a mount
of its own would hold. Refused to everybody inside, `unshared`: every socket but a connected pair, objects of
System V, watches on anybody's files. Refused to each run, `unchanged`: what changes a file without opening it
(rights, owner, times, attributes), which Landlock does not see.

Source: Linux `seccomp(2)`, `linux/filter.h`; numbers from `asm/unistd_64.h` and `asm-generic/unistd.h`.
"""

import contextlib
import ctypes
import errno
import platform
import resource
import struct

REFUSED = {
    "x86_64": {
        "shmget": 29, "semget": 64, "msgget": 68, "ptrace": 101, "syslog": 103, "pivot_root": 155,
        "chroot": 161, "acct": 163, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168,
        "reboot": 169, "init_module": 175, "delete_module": 176, "quotactl": 179, "clock_settime": 227,
        "mbind": 237, "set_mempolicy": 238, "mq_open": 240, "kexec_load": 246, "add_key": 248,
        "request_key": 249, "keyctl": 250, "ioprio_set": 251, "migrate_pages": 256, "unshare": 272,
        "vmsplice": 278, "move_pages": 279, "perf_event_open": 298, "name_to_handle_at": 303,
        "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
        "kcmp": 312, "finit_module": 313, "memfd_create": 319, "kexec_file_load": 320, "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": {
        "ioprio_set": 30, "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "quotactl": 60,
        "vmsplice": 75, "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105,
        "delete_module": 106, "clock_settime": 112, "syslog": 116, "ptrace": 117, "reboot": 142,
        "mq_open": 180, "msgget": 186, "semget": 190, "shmget": 194, "add_key": 217, "request_key": 218,
        "keyctl": 219, "swapon": 224, "swapoff": 225, "mbind": 235, "set_mempolicy": 237,
        "migrate_pages": 238, "move_pages": 239, "perf_event_open": 241, "name_to_handle_at": 264,
        "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
        "kcmp": 272, "finit_module": 273, "memfd_create": 279, "bpf": 280, "userfaultfd": 282,
        "kexec_file_load": 294,
    },
}  # fmt: skip
"""Refused with EPERM, by machine."""
REFUSED_EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438,
    "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447,
}  # fmt: skip
"""Newer calls, which have one number on every machine."""
LOOKED_AT = {
    "x86_64": {"ioctl": 16, "socket": 41, "clone": 56, "setpriority": 141, "setrlimit": 160,
               "prlimit64": 302, "clone3": 435},
    "aarch64": {"ioctl": 29, "setpriority": 140, "setrlimit": 164, "socket": 198, "clone": 220,
                "prlimit64": 261, "clone3": 435},
}  # fmt: skip
"""Refused or not by their arguments."""
OWN_ONLY = {
    "x86_64": {"sched_setparam": 142, "sched_setscheduler": 144, "sched_setaffinity": 203,
               "sched_setattr": 314},
    "aarch64": {"sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122,
                "sched_setattr": 274},
}  # fmt: skip
"""Refused unless the first argument, a process, is 0, the caller."""
SHARED = {
    "x86_64": {
        "shmat": 30, "shmctl": 31, "connect": 42, "bind": 49, "semop": 65, "semctl": 66, "msgsnd": 69,
        "msgrcv": 70, "msgctl": 71, "semtimedop": 220, "mq_unlink": 241, "inotify_add_watch": 254,
        "fanotify_init": 300,
    },
    "aarch64": {
        "inotify_add_watch": 27, "mq_unlink": 181, "msgctl": 187, "msgrcv": 188, "msgsnd": 189, "semctl": 191,
        "semtimedop": 192, "semop": 193, "shmctl": 195, "shmat": 196, "bind": 200, "connect": 203,
        "fanotify_init": 262,
    },
}  # fmt: skip
"""What reaches things of others. Refused with EPERM where there are no namespaces, by machine."""
SHARED_EVERYWHERE = {"statmount": 457, "listmount": 458, "open_tree_attr": 467}
CHANGED = {
    "x86_64": {
        "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "utime": 132, "utimes": 235,
        "fchownat": 260, "futimesat": 261, "fchmodat": 268, "utimensat": 280,
    },
    "aarch64": {"fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55, "utimensat": 88},
}  # fmt: skip
"""What changes a file that need not be open. Refused with EPERM to a run without namespaces, by machine."""
CHANGED_EVERYWHERE = {"fchmodat2": 452, "file_setattr": 469}
ATTRIBUTES = {
    "x86_64": {"setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "getxattr": 191, "lgetxattr": 192,
               "fgetxattr": 193, "listxattr": 194, "llistxattr": 195, "flistxattr": 196, "removexattr": 197,
               "lremovexattr": 198, "fremovexattr": 199},
    "aarch64": {"setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "getxattr": 8, "lgetxattr": 9, "fgetxattr": 10,
                "listxattr": 11, "llistxattr": 12, "flistxattr": 13, "removexattr": 14, "lremovexattr": 15,
                "fremovexattr": 16},
}  # fmt: skip
"""Refused there as a file system without attributes does: what copies files expects that."""
ATTRIBUTES_EVERYWHERE = {"setxattrat": 463, "getxattrat": 464, "listxattrat": 465, "removexattrat": 466}
PAIRS = {"x86_64": {"socket": 41, "socketpair": 53}, "aarch64": {"socket": 198, "socketpair": 199}}
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN, AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
NUMBER, MACHINE, FIRST, SECOND, THIRD, THIRD_HIGH = 0, 4, 16, 24, 32, 36
"""Where `struct seccomp_data` holds the call's number, the machine and (low half) three arguments."""
ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000, 0x80000000
FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET and AF_INET6, all of which the network namespace holds."""
NEW_NAMESPACES = 0x7E020000
"""Every CLONE_NEW flag that `clone` takes."""
TYPING = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: typing into a terminal."""
CONNECTED = (1, 5)
"""SOCK_STREAM and SOCK_SEQPACKET. One end of a pair of datagrams could send to any path or name."""
SOCKET_TYPE = 0xF
HARMLESS = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x80086601)
"""Requests of `ioctl` left to a run without namespaces: is it a terminal, its group and size, how much can be
read, do not wait, keep open, close on exec, flags of a file."""
OTHER_ABI = 0x40000000
CORE = resource.RLIMIT_CORE
NOTHING = (RETURN, 0, 0, FAIL)
"""The call succeeds and does nothing."""
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, MODE_FILTER = 22, 38, 2

Line = tuple[int, int, int, int]
"""One instruction: operation, lines to skip where it holds, lines to skip where not, operand."""


def program(machine: str) -> list[Line]:
    """The filter for `machine`; raises KeyError for one whose numbers are not known."""
    looked, refused = LOOKED_AT[machine], {**REFUSED[machine], **REFUSED_EVERYWHERE}
    lines: list[Line] = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, ARCHITECTURE[machine]), (RETURN, 0, 0, KILL)]
    lines += [(LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, OTHER_ABI), _fail(errno.ENOSYS)]
    for number in sorted(refused.values()):
        lines += _case(number, [_fail(errno.EPERM)])
    lines += _case(looked["clone3"], [_fail(errno.ENOSYS)])
    lines += _case(looked["socket"], _unless(FIRST, FAMILIES, errno.EAFNOSUPPORT))
    lines += _case(looked["clone"], [(LOAD, 0, 0, FIRST), (ANY_BIT, 0, 1, NEW_NAMESPACES), _fail(errno.EPERM),
                                     (RETURN, 0, 0, ALLOW)])  # fmt: skip
    typing = [line for request in TYPING for line in _case(request, [_fail(errno.EPERM)])]
    for number in OWN_ONLY[machine].values():
        lines += _case(number, [(LOAD, 0, 0, FIRST), (EQUAL, 1, 0, 0), _fail(errno.EPERM),
                                (RETURN, 0, 0, ALLOW)])  # fmt: skip
    lines += _case(looked["setpriority"], [
        (LOAD, 0, 0, FIRST), (EQUAL, 0, 2, 0), (LOAD, 0, 0, SECOND), (EQUAL, 1, 0, 0),
        _fail(errno.EPERM), (RETURN, 0, 0, ALLOW),
    ])  # fmt: skip
    lines += _case(looked["setrlimit"], [(LOAD, 0, 0, FIRST), (EQUAL, 0, 1, CORE), NOTHING,
                                         (RETURN, 0, 0, ALLOW)])  # fmt: skip
    lines += _case(looked["prlimit64"], [
        (LOAD, 0, 0, FIRST), (EQUAL, 1, 0, 0), _fail(errno.EPERM),
        (LOAD, 0, 0, SECOND), (EQUAL, 0, 5, CORE),
        (LOAD, 0, 0, THIRD), (EQUAL, 0, 2, 0), (LOAD, 0, 0, THIRD_HIGH), (EQUAL, 1, 0, 0),
        NOTHING, (RETURN, 0, 0, ALLOW),
    ])  # fmt: skip
    lines += _case(looked["ioctl"], [(LOAD, 0, 0, SECOND), *typing, (RETURN, 0, 0, ALLOW)])
    return [*lines, (RETURN, 0, 0, ALLOW)]


def unchanged(machine: str) -> list[Line]:
    """The filter of a run without namespaces; it holds together with the other two."""
    lines: list[Line] = [(LOAD, 0, 0, NUMBER)]
    for number in sorted({**CHANGED[machine], **CHANGED_EVERYWHERE}.values()):
        lines += _case(number, [_fail(errno.EPERM)])
    for number in sorted({**ATTRIBUTES[machine], **ATTRIBUTES_EVERYWHERE}.values()):
        lines += _case(number, [_fail(errno.ENOTSUP)])
    return [*lines, (RETURN, 0, 0, ALLOW)]


def unshared(machine: str) -> list[Line]:
    """The filter of everybody inside where there are no namespaces; it holds together with `program`'s."""
    lines: list[Line] = [(LOAD, 0, 0, NUMBER)]
    for number in sorted({**SHARED[machine], **SHARED_EVERYWHERE}.values()):
        lines += _case(number, [_fail(errno.EPERM)])
    lines += _case(PAIRS[machine]["socket"], [_fail(errno.EACCES)])
    pair = _unless(SECOND, CONNECTED, errno.EACCES, mask=SOCKET_TYPE)
    lines += _case(PAIRS[machine]["socketpair"], pair)
    lines += _case(LOOKED_AT[machine]["ioctl"], _unless(SECOND, HARMLESS, errno.EPERM))
    return [*lines, (RETURN, 0, 0, ALLOW)]


def refuse() -> None:
    """Installs the filter for good; raises OSError where there is none for this kernel or machine.

    A limit of 1 on core files, which the filter keeps, is what stops a dump to a program of the host's, which
    a limit of 0 does not (`core(5)`).
    """
    machine = platform.machine()
    if machine not in REFUSED:
        raise OSError(f"no filter on system calls for {machine!r}; possible: {', '.join(REFUSED)}")
    with contextlib.suppress(ValueError):
        resource.setrlimit(CORE, (1, 1))
    install(program(machine))


def install(lines: list[Line]) -> None:
    """Adds a filter for good; raises OSError where it cannot be had."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    filter = struct.pack("@HP", len(lines), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value, more in ((PR_SET_NO_NEW_PRIVS, 1, None), (PR_SET_SECCOMP, MODE_FILTER, filter)):
        if libc.prctl(option, ctypes.c_ulong(value), more, 0, 0):
            raise OSError(ctypes.get_errno(), "the filter on system calls could not be installed")


def _case(value: int, block: list[Line]) -> list[Line]:
    """`block`, which returns, where the loaded number is `value`."""
    return [(EQUAL, 0, len(block), value), *block]


def _unless(where: int, values: tuple[int, ...], error: int, mask: int = 0) -> list[Line]:
    """Fails unless the argument, or what `mask` leaves of it, is one of `values`."""
    count = len(values)
    tests: list[Line] = [(AND, 0, 0, mask)] if mask else []
    tests += [(EQUAL, count - place, 0, value) for place, value in enumerate(values)]
    return [(LOAD, 0, 0, where), *tests, _fail(error), (RETURN, 0, 0, ALLOW)]


def _fail(error: int) -> Line:
    return (RETURN, 0, 0, FAIL | error)
