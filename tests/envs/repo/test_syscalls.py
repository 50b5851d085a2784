"""The filter, run by a small interpreter of the kernel's instructions; its numbers against the kernel's."""

import errno
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.repo.syscalls import ARCHITECTURE, LOOKED_AT, REFUSED, REFUSED_EVERYWHERE, program

ALLOWED, KILLED = "allowed", "killed"
X86, ARM = "x86_64", "aarch64"
CLONE_NEWUSER, CLONE_NEWNS, SIGCHLD, CLONE_VM, CLONE_THREAD = 0x10000000, 0x00020000, 17, 0x100, 0x10000
HEADERS = {
    X86: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    ARM: Path("/usr/include/asm-generic/unistd.h"),
}


def verdict(machine: str, number: int, first: int = 0, second: int = 0, audit: int | None = None):
    """What the kernel would do with a call: classic BPF as in `linux/filter.h`, jumps relative."""
    data = {0: number, 4: ARCHITECTURE[machine] if audit is None else audit, 16: first, 24: second}
    lines, at, loaded = program(machine), 0, 0
    while True:
        operation, holds, fails, operand = lines[at]
        at += 1
        if operation == 0x20:
            loaded = data[operand] & 0xFFFFFFFF
        elif operation == 0x06:
            what, error = operand & 0xFFFF0000, operand & 0xFFFF
            return {0x7FFF0000: ALLOWED, 0x80000000: KILLED}.get(what) or error
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
    ours = {**REFUSED[machine], **REFUSED_EVERYWHERE, **LOOKED_AT[machine]}
    known = {name: numbers[name] for name in ours if name in numbers}
    assert {name: ours[name] for name in known} == known
    assert len(known) >= len(ours) - 3


def test_an_unknown_machine_is_refused():
    with pytest.raises(KeyError):
        program("vax")
