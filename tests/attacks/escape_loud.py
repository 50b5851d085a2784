"""Which escapes are loud: kill, fill, flood, never end? Each has a run, or an outer box, of its own.

True where it got past what a run may use, `facts["limits"]`, or hurt its runner. Each stops itself soon after
that: bounded, so that the outer box can hold it.
"""

import ctypes
import mmap
import os
import platform
import signal
import socket
import time
from pathlib import Path

from escape_tools import PARENT, held, libc, parent_lives, stay

MEGABYTE = 1 << 20


def kills_everything(facts):
    os.kill(-1, signal.SIGKILL)
    return False


def kills_its_runner(facts):
    os.kill(PARENT, signal.SIGKILL)
    return not parent_lives()


def interrupts_its_runner(facts):
    os.kill(PARENT, signal.SIGINT)
    return not parent_lives()


def sends_every_signal(facts):
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP}:
        os.kill(PARENT, number)
    return not parent_lives()


def forks_without_end(facts):
    for made in range(4 * facts["limits"]["processes"]):
        if os.fork() == 0:
            stay("forked", 3.0)
        if made > facts["limits"]["processes"]:
            return True
    return False


def threads_without_end(facts):
    import threading

    for made in range(4 * facts["limits"]["processes"]):
        threading.Thread(target=time.sleep, args=(3.0,), daemon=True).start()
        if made > facts["limits"]["processes"]:
            return True
    return False


def takes_all_memory_at_once(facts):
    return len(mmap.mmap(-1, facts["limits"]["memory"] + MEGABYTE, flags=mmap.MAP_PRIVATE)) > 0


def takes_memory_in_many_processes(facts):
    return _taken(facts, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, None)


def takes_shared_memory(facts):
    return _taken(facts, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, None)


def takes_shared_memory_and_lets_go_of_it(facts):
    """The pages stay in the file that nobody named, in no process's count."""
    return _taken(facts, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, lambda area: area.madvise(mmap.MADV_DONTNEED))


def _taken(facts, flags, release):
    """In children, each with a part, one after the other; whether all of them had their part."""
    for _ in range(facts["limits"]["resident"] // (128 * MEGABYTE) + 2):
        out, into = os.pipe()
        if os.fork() == 0:
            kept = held(32 * MEGABYTE, 4, flags, release)
            os.write(into, b"x")
            stay("holding" * bool(kept), 6.0)
        os.close(into)
        if not os.read(out, 1):
            return False
    time.sleep(facts["patience"])
    return True


def takes_shared_memory_and_keeps_one_page_of_each(facts):
    libc.mmap.restype = ctypes.c_void_p
    size = 32 * MEGABYTE
    for _ in range(facts["limits"]["resident"] // size + 4):
        place = libc.mmap(None, ctypes.c_size_t(size), 3, 0x21, -1, ctypes.c_long(0))
        ctypes.memset(place, 1, size)
        libc.munmap(ctypes.c_void_p(place + 4096), ctypes.c_size_t(size - 4096))
    time.sleep(facts["patience"])
    return True


def fills_the_disk(facts):
    return _filled(os.environ["TMPDIR"], facts)


def fills_the_shared_memory(facts):
    return _filled("/dev/shm", facts)


def fills_its_folder(facts):
    return _filled(os.getcwd(), facts)


def _filled(folder, facts):
    left = facts["limits"]["disk"] + MEGABYTE
    for number in range(left // MEGABYTE + 1):
        Path(folder, f"part{number}").write_bytes(b"x" * MEGABYTE)
        left -= MEGABYTE
    return left <= 0


def writes_one_large_file(facts):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("large", "wb") as file:
        for _ in range(facts["limits"]["file"] // MEGABYTE + 1):
            file.write(b"x" * MEGABYTE)
    return os.path.getsize("large") > facts["limits"]["file"]


def makes_a_huge_hole(facts):
    with open("hole", "wb") as file:
        file.truncate(facts["limits"]["file"] + MEGABYTE)
    return os.path.getsize("hole") > facts["limits"]["file"]


def makes_a_million_files(facts):
    for number in range(5 * facts["limits"]["entries"]):
        os.close(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY))
    time.sleep(facts["patience"])
    return True


def fills_attributes(facts):
    """Room in the kernel that no limit on bytes counts."""
    for number in range(facts["limits"]["entries"] // 32):
        path = f"a{number % 40}"
        Path(path).touch()
        for name in range(4):
            os.setxattr(path, f"user.{number}.{name}", b"x" * 32_000)
    time.sleep(facts["patience"])
    return True


def floods_its_output(facts):
    return _written(b"line\n" * 13_107, facts)


def writes_a_line_without_end(facts):
    return _written(b"x" * 65_536, facts)


def _written(piece, facts):
    """To every pipe that is open: what pytest catches in a file floods nobody."""
    pipes = [fd for fd in range(1, 100) if os.path.exists(f"/proc/self/fd/{fd}")]
    pipes = [fd for fd in pipes if os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:")]
    for _ in range(2 * facts["limits"]["output"] // len(piece)):
        for pipe in pipes[-1:]:
            os.write(pipe, piece)
    time.sleep(facts["patience"])
    return bool(pipes)


def opens_files_without_end(facts):
    for _ in range(facts["limits"]["descriptors"] + 100):
        os.dup(0)
    return True


def fills_sockets(facts):
    """What waits in a socket is memory of the kernel's, in no process's count."""
    kept = []
    for _ in range(facts["limits"]["descriptors"]):
        one, other = socket.socketpair()
        one.setblocking(False)
        kept += [one, other]
        try:
            one.send(b"x" * 200_000)
        except BlockingIOError:
            continue
    return len(kept) > facts["limits"]["descriptors"]


def never_ends(facts):
    return _outlasts(facts)


def never_ends_though_asked_politely(facts):
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    return _outlasts(facts)


def never_ends_in_a_child(facts):
    child = os.fork()
    if child == 0:
        os.setsid()
        stay("outlasting", facts["seconds"] + facts["patience"])
    os.waitpid(child, 0)
    return True


def burns_every_core(facts):
    for _ in range(4):
        if os.fork() == 0:
            until = time.monotonic() + facts["seconds"] + facts["patience"]
            while time.monotonic() < until:
                pass
            os._exit(0)
    return _outlasts(facts)


def _outlasts(facts):
    until = time.monotonic() + facts["seconds"] + facts["patience"]
    while time.monotonic() < until:
        time.sleep(0.05)
    return True


def calls_as_a_32_bit_program(facts):
    """The numbers of another machine's calls mean other calls: 20 is `getpid` there."""
    if platform.machine() != "x86_64":
        return False
    area = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
    area.write(b"\xb8\x14\0\0\0\xcd\x80\xc3")
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)() == os.getpid()
