"""The filter, run by a small interpreter of the kernel's instructions; its numbers against the kernel's."""

import errno
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.repo.syscalls import (
    ARCHITECTURE,
    ATTRIBUTES,
    CHANGED,
    LOOKED_AT,
    OWN_ONLY,
    PAIRS,
    REFUSED,
    REFUSED_EVERYWHERE,
    SHARED,
    program,
    unchanged,
    unshared,
)

ALLOWED, KILLED = "allowed", "killed"
X86, ARM = "x86_64", "aarch64"
CLONE_NEWUSER, CLONE_NEWNS, SIGCHLD, CLONE_VM, CLONE_THREAD = 0x10000000, 0x00020000, 17, 0x100, 0x10000
HEADERS = {
    X86: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    ARM: Path("/usr/include/asm-generic/unistd.h"),
}


def verdict(
    machine: str, number: int, first: int = 0, second: int = 0, third: int = 0, audit: int | None = None,
    filter=program,
):  # fmt: skip
    """What the kernel would do with a call: classic BPF as in `linux/filter.h`, jumps relative."""
    data = {0: number, 4: ARCHITECTURE[machine] if audit is None else audit, 16: first, 24: second}
    data |= {32: third, 36: third >> 32}
    lines, at, loaded = filter(machine), 0, 0
    while True:
        operation, holds, fails, operand = lines[at]
        at += 1
        if operation == 0x20:
            loaded = data[operand] & 0xFFFFFFFF
        elif operation == 0x06:
            what, error = operand & 0xFFFF0000, operand & 0xFFFF
            return {0x7FFF0000: ALLOWED, 0x80000000: KILLED}.get(what) or error
        elif operation == 0x54:
            loaded &= operand
        else:
            tests = {0x15: loaded == operand, 0x35: loaded >= operand, 0x45: bool(loaded & operand)}
            at += holds if tests[operation] else fails


@pytest.mark.parametrize("machine", [X86, ARM])
@given(number=st.integers(0, 600))
def test_each_call_is_refused_or_not(machine: str, number: int):
    refused = {*REFUSED[machine].values(), *REFUSED_EVERYWHERE.values()}
    looked = LOOKED_AT[machine]
    if number in refused:
        assert verdict(machine, number) == errno.EPERM
    elif number == looked["clone3"]:
        assert verdict(machine, number) == errno.ENOSYS
    elif number == looked["socket"]:
        assert verdict(machine, number) == errno.EAFNOSUPPORT
    else:
        assert verdict(machine, number) == ALLOWED


@pytest.mark.parametrize("machine", [X86, ARM])
def test_arguments_decide(machine: str):
    clone, socket, ioctl = (LOOKED_AT[machine][name] for name in ("clone", "socket", "ioctl"))
    assert verdict(machine, clone, SIGCHLD) == ALLOWED
    assert verdict(machine, clone, CLONE_VM | CLONE_THREAD) == ALLOWED
    for flag in (CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWUSER | CLONE_VM):
        assert verdict(machine, clone, flag | SIGCHLD) == errno.EPERM
    families = {family for family in range(64) if verdict(machine, socket, family) == ALLOWED}
    assert families == {1, 2, 10}
    requests = range(0x5400, 0x5500)
    assert {asked for asked in requests if verdict(machine, ioctl, 0, asked) != ALLOWED} == {0x5412, 0x541C}


@pytest.mark.parametrize("machine", [X86, ARM])
def test_a_process_sets_only_its_own_priority_and_limits(machine: str):
    for number in OWN_ONLY[machine].values():
        assert [verdict(machine, number, pid) for pid in (0, 1, 4242)] == [ALLOWED, errno.EPERM, errno.EPERM]
    priority, limit = LOOKED_AT[machine]["setpriority"], LOOKED_AT[machine]["prlimit64"]
    allowed = {
        (kind, who)
        for kind in range(4)
        for who in range(3)
        if verdict(machine, priority, kind, who) == ALLOWED
    }
    assert allowed == {(0, 0)}
    for resource in range(16):
        assert verdict(machine, limit, 1, resource) == errno.EPERM
        assert verdict(machine, limit, 0, resource) == ALLOWED
    nothing, setrlimit = 0, LOOKED_AT[machine]["setrlimit"]
    for place in (1, 1 << 32, 0x7FFD_0000_0000):
        answers = [verdict(machine, limit, 0, resource, place) for resource in range(16)]
        assert answers == [ALLOWED] * 4 + [nothing] + [ALLOWED] * 11
    assert [verdict(machine, setrlimit, resource) for resource in (3, 4, 5)] == [ALLOWED, nothing, ALLOWED]


@pytest.mark.parametrize("machine", [X86, ARM])
def test_without_namespaces_only_a_connected_pair_of_sockets_is_made(machine: str):
    socket, pair = PAIRS[machine]["socket"], PAIRS[machine]["socketpair"]
    assert {verdict(machine, socket, family, filter=unshared) for family in range(64)} == {errno.EACCES}
    close_on_exec, do_not_wait = 0o2000000, 0o4000
    for flags in (0, close_on_exec, close_on_exec | do_not_wait):
        kinds = {
            kind for kind in range(16) if verdict(machine, pair, 1, kind | flags, filter=unshared) == ALLOWED
        }
        assert kinds == {1, 5}
    for number in SHARED[machine].values():
        assert verdict(machine, number, filter=unshared) == errno.EPERM
    ioctl = LOOKED_AT[machine]["ioctl"]
    for request, answer in ((0x5401, ALLOWED), (0x40086602, errno.EPERM), (0x40049409, errno.EPERM)):
        assert verdict(machine, ioctl, 0, request, filter=unshared) == answer


@pytest.mark.parametrize("machine", [X86, ARM])
def test_a_run_without_namespaces_changes_no_file_that_is_not_open(machine: str):
    refused = {errno.EPERM: {*CHANGED[machine].values(), 452, 469},
               errno.ENOTSUP: {*ATTRIBUTES[machine].values(), 463, 464, 465, 466}}  # fmt: skip
    answers = {number: verdict(machine, number, filter=unchanged) for number in range(600)}
    for error, numbers in refused.items():
        assert {number for number, answer in answers.items() if answer == error} == numbers


def test_another_machines_calls_are_not_taken_for_ours():
    assert verdict(X86, 1, audit=0x40000003) == KILLED
    assert verdict(ARM, 1, audit=ARCHITECTURE[X86]) == KILLED
    assert verdict(X86, 0x40000000 | 272) == errno.ENOSYS


@pytest.mark.parametrize("machine", [X86, ARM])
def test_numbers_are_the_kernels(machine: str):
    if not HEADERS[machine].exists():
        pytest.skip(f"the kernel's headers for {machine} are not installed")
    text = HEADERS[machine].read_text()
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", text)}
    ours = {**REFUSED[machine], **REFUSED_EVERYWHERE, **LOOKED_AT[machine], **OWN_ONLY[machine]}
    ours |= {**SHARED[machine], **CHANGED[machine], **ATTRIBUTES[machine], **PAIRS[machine]}
    known = {name: numbers[name] for name in ours if name in numbers}
    assert {name: ours[name] for name in known} == known
    assert len(known) >= len(ours) - 3


def test_an_unknown_machine_is_refused():
    with pytest.raises(KeyError):
        program("vax")
