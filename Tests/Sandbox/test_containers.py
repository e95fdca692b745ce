"""The supervisor where a container would start it: what runs, and what is said where nothing can.

No container engine is needed: a launcher takes away what Docker takes away by default (capabilities, the system calls
that its profile keeps for CAP_SYS_ADMIN, parts of /proc, writable control groups), and gives back what a test names.
"""

import os
import platform
import sys

import pytest

from driver import Supervisor

NEWER = {"clone3": 435, "open_tree": 428, "move_mount": 429, "fsopen": 430, "mount_setattr": 442}
NUMBERS = {
    "x86_64": {"clone": 56, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155,
               "sethostname": 170, "seccomp": 317, **NEWER},
    "aarch64": {"clone": 220, "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41,
                "sethostname": 161, "seccomp": 277, **NEWER},
}.get(platform.machine(), {})
# What a profile must let through beyond Docker's default (docs/THREAT_MODEL.md).
NEEDED = ["clone3", "mount", "mount_setattr", "move_mount", "open_tree", "pivot_root", "umount2", "unshare"]
# CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD,
# AUDIT_WRITE, SETFCAP
DOCKERS = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31]
SYS_ADMIN = 21

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not NUMBERS, reason="needs root to take things away from itself")

# Arguments: numbers of calls that are refused, capabilities that stay, uid, and the program.
LAUNCHER = f"""
import ctypes, os, struct, sys
NUMBERS = {NUMBERS!r}
LIBC = ctypes.CDLL(None, use_errno=True)
refused, capabilities, uid = [[int(n) for n in a.split(",") if n] for a in sys.argv[1:4]]
def done(result):
    if result != 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
done(LIBC.unshare(0x20000))
done(LIBC.mount(None, b"/", None, ctypes.c_ulong(0x44000), None))
for path in (b"/proc/kcore", b"/proc/keys", b"/proc/timer_list"):
    if os.path.exists(path): done(LIBC.mount(b"/dev/null", path, None, ctypes.c_ulong(4096), None))
done(LIBC.mount(b"/proc/sys", b"/proc/sys", None, ctypes.c_ulong(4096), None))
for path in (b"/proc/sys", b"/sys"):
    done(LIBC.syscall(NUMBERS["mount_setattr"], -100, path, 0x8000, struct.pack("=4Q", 1, 0, 0, 0), 32))
rules = [(0x20, 0, 0, 0)]
for number in refused:
    errno = 38 if number == NUMBERS["clone3"] else 1
    rules += [(0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno)]
# clone makes no namespace without CAP_SYS_ADMIN.
namespaces = 0 if {SYS_ADMIN} in capabilities else 0x7E020000
rules += [(0x15, 0, 3, NUMBERS["clone"]), (0x20, 0, 0, 16), (0x45, 0, 1, namespaces), (0x06, 0, 0, 0x50001),
          (0x06, 0, 0, 0x7FFF0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *rule) for rule in rules))
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_void_p)]
for capability in range(64):
    if capability not in capabilities: LIBC.prctl(24, capability, 0, 0, 0)
filter_ = Filter(len(rules), ctypes.addressof(program))
done(LIBC.syscall(NUMBERS["seccomp"], 1, 0, ctypes.byref(filter_)))
os.setgroups([])
os.setresgid(*uid * 3), os.setresuid(*uid * 3)
if uid != [0]: done(LIBC.prctl(38, 1, 0, 0, 0))
os.execv(sys.argv[4], sys.argv[4:])
"""


def container(binary, arguments, uid=10001, allowed=(), capabilities=None):
    """Docker's defaults but for the calls that are allowed; an ordinary user gets no capability."""
    if capabilities is None:
        capabilities = DOCKERS if uid == 0 else []
    allowed = {"clone", "seccomp", *allowed}
    # Docker's profile gives the others to whoever has CAP_SYS_ADMIN, and pivot_root to nobody.
    if SYS_ADMIN in capabilities:
        allowed |= set(NUMBERS) - {"pivot_root"}
    refused = [number for name, number in NUMBERS.items() if name not in allowed]
    lists = [",".join(map(str, numbers)) for numbers in (refused, capabilities, [uid])]
    return Supervisor(binary, *arguments, prefix=[sys.executable, "-c", LAUNCHER, *lists])


def refusal(supervisor):
    """Why no code is run; the supervisor has ended in order."""
    assert supervisor.hello["isolation"] == "none" and supervisor.process.wait(5) == 0
    return supervisor.hello["reason"]


@pytest.mark.parametrize("uid", [0, 10001])
def test_dockers_default_runs_no_code(binary, arguments, uid):
    reason = refusal(container(binary, arguments, uid))
    assert "unshare" in reason and "seccomp" in reason and ("CAP_SYS_ADMIN" in reason) == (uid == 0)


def test_an_ordinary_user_with_the_calls_that_are_needed(binary, arguments):
    with container(binary, arguments, allowed=NEEDED) as supervisor:
        hello = supervisor.hello
        assert (hello["isolation"], hello["reason"], hello["memory"]) == ("userns", None, "rlimit")
        assert supervisor.run("import os\ndef main(x): return [x, os.getpid()]", input=2).value == [2, 1]
        assert supervisor.run("export function main(x: number) { return x }", "typescript", input=3).value == 3
        assert supervisor.run("def main(x):\n  while True: pass", timeout_ms=200).cause == "timeout"
        assert supervisor.run("def main(x): bytearray(1 << 28)", memory_mb=64).error["name"] == "MemoryError"
        assert supervisor.run("import os\ndef main(x): return os.listdir('/tmp')").value == ["work"]


@pytest.mark.parametrize("missing", NEEDED)
def test_the_reason_names_what_is_refused(binary, arguments, missing):
    assert missing in refusal(container(binary, arguments, allowed=set(NEEDED) - {missing}))


def test_root_needs_a_capability_and_a_call(binary, arguments):
    capabilities = [*DOCKERS, SYS_ADMIN]
    assert "pivot_root" in refusal(container(binary, arguments, 0, capabilities=capabilities))
    assert "CAP_SYS_ADMIN" in refusal(container(binary, arguments, 0, allowed=NEEDED))
    with container(binary, arguments, 0, ["pivot_root"], capabilities) as supervisor:
        assert supervisor.hello["isolation"] == "userns"
        assert supervisor.run("import os\ndef main(x): return os.getuid()").value not in (0, 65534)
        assert supervisor.run("def main(x): bytearray(1 << 28)", memory_mb=64).error["name"] == "MemoryError"
