"""Every system call number there is, tried from inside a worker."""

import pathlib
import platform
import re

import pytest

from conftest import SOURCES

HEADER = pathlib.Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
# They end or stop the one who calls: tried on their own, or not at all.
NOT_TRIED = {"exit", "exit_group", "pause", "rt_sigreturn", "rt_sigsuspend"}
# uretprobe and uprobe: the kernel lets them past every filter, and is harsh to whoever calls them from elsewhere than
# its own trampoline.
UNFILTERED = {335, 336}
BY_ARGUMENT = {"mmap", "clone", "prctl", "ioctl", "fcntl"}

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64" or not HEADER.exists(), reason="numbers of x86-64")

TRY_ALL = """
import ctypes, errno
L = ctypes.CDLL(None, use_errno=True)
def main(numbers):
    found = {}
    minus = [ctypes.c_long(-1)] * 6
    for number in numbers:
        result = L.syscall(ctypes.c_long(number), *minus)
        found[number] = errno.errorcode.get(ctypes.get_errno(), '?') if result == -1 else 'done'
    return found
"""
OLD_ENTRY = """
import ctypes, mmap
def main(x):
    code = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
    code.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
"""


def lists():
    text = (SOURCES / "syscalls.h").read_text()
    allowed, refused = (set(re.findall(r"SYS_(\w+)", part)) for part in re.split("refused_calls", text)[:2])
    return allowed, refused


def test_every_number(sandbox):
    numbers = {int(number): name for name, number in re.findall(r"__NR_(\w+) (\d+)", HEADER.read_text())}
    allowed, refused = lists()
    tried = [n for n in range(601) if n not in UNFILTERED and numbers.get(n) not in NOT_TRIED]
    found = sandbox.run(TRY_ALL, input=tried).value
    assert len(found) == len(tried) > 580
    for number, outcome in found.items():
        name = numbers.get(int(number), number)
        if name in refused | BY_ARGUMENT:
            assert outcome in ("EPERM", "EBADF"), (name, outcome)
        elif name not in allowed:
            assert outcome == "ENOSYS", (name, outcome)


def test_numbers_of_another_architecture(sandbox):
    assert set(sandbox.run(TRY_ALL, input=[0x40000000 + n for n in range(0, 600, 7)]).value.values()) == {"ENOSYS"}
    report = sandbox.run(OLD_ENTRY)
    assert (report.cause, report.code, report.frames) == ("signal", 31, [])


def test_calls_that_no_filter_sees(sandbox):
    for number in UNFILTERED:
        report = sandbox.run(TRY_ALL, input=[number])
        assert report.cause == "signal" or report.value[str(number)] in ("ENOSYS", "ENXIO")


def test_lists_do_not_overlap():
    allowed, refused = lists()
    assert not allowed & refused and len(allowed) > 120
