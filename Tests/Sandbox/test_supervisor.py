"""The supervisor itself: what it starts, ends and leaves; its own user, its own faults."""

import os
import pathlib
import signal
import struct
import subprocess
import sys
import time

import pytest

from conftest import DENO_PATH, PYTHON_PATH
from driver import DENO, KILL, LAYER, PYTHON, START, WANT, Supervisor, children, until, zygotes

VALUE = "def main(x): return x"
JS_VALUE = "export function main(x) { return x }"


def groups(pid):
    return [str(path) for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/apus-{pid}")]


def test_hello(sandbox):
    hello = sandbox.hello
    assert hello["isolation"] == "userns" and hello["reason"] is None
    assert hello["memory"] in ("cgroup1", "cgroup2", "rlimit") and hello["cpu"] == "rlimit"
    assert hello["languages"]["python"]["versions"] and hello["languages"]["typescript"]["engine"].startswith("deno ")


def test_end_of_file_ends_everything(binary, arguments):
    supervisor = Supervisor(binary, *arguments)
    supervisor.run(VALUE)
    running = supervisor.worker()
    supervisor.send(START, running[0], 60000, 100, 100)
    pid = supervisor.process.pid
    started = children(pid)
    assert started
    assert supervisor.close() == 0
    assert until(lambda: not any(os.path.exists(f"/proc/{child}") for child in started))
    assert groups(pid) == []


def test_a_killed_supervisor_takes_its_workers_along(binary, arguments):
    supervisor = Supervisor(binary, *arguments)
    supervisor.run(VALUE), supervisor.run(JS_VALUE, "javascript")
    running = supervisor.worker()
    supervisor.send(START, running[0], 60000, 100, 100)
    started = children(supervisor.process.pid)
    left = supervisor.process.pid
    supervisor.process.kill()
    supervisor.process.wait()
    assert until(lambda: not any(os.path.exists(f"/proc/{child}") for child in started))
    with Supervisor(binary, *arguments):
        assert groups(left) == []


@pytest.mark.parametrize("language", [PYTHON, DENO])
def test_a_burst_beyond_the_pool(sandbox, language):
    sandbox.send(WANT, language, 10)
    workers = [sandbox.worker(language) for _ in range(12)]
    assert any(cold for _, _, cold, _ in workers)
    for worker, channel, _, _ in workers:
        channel.close()
        sandbox.send(KILL, worker)
    source = VALUE if language == PYTHON else JS_VALUE
    assert sandbox.run(source, "python" if language == PYTHON else "javascript", input=3).value == 3


def test_more_than_there_is_room_for(binary):
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 2, "--workers-max", 4) as supervisor:
        supervisor.send(WANT, PYTHON, 100)
        held = [supervisor.worker() for _ in range(4)]
        with pytest.raises(TimeoutError):
            supervisor.worker(timeout=0.3)
        for worker, channel, _, _ in held:
            channel.close()
            supervisor.send(KILL, worker)
        assert supervisor.run(VALUE, input=1).value == 1


def test_a_zygote_that_falls_is_started_again(binary):
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 1) as supervisor:
        assert supervisor.run(VALUE, input=1).value == 1
        zygote, = zygotes(supervisor.process.pid)
        os.kill(zygote, signal.SIGKILL)
        for n in range(4):
            assert supervisor.run(VALUE, input=n).value == n
        assert len(supervisor.faults) == 1 and "fell" in supervisor.faults[0][2]


def test_a_worker_that_dies_waiting(binary):
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 1) as supervisor:
        worker, channel, _, _ = supervisor.worker()
        pid = supervisor.process.pid
        for waiting in children(pid) - zygotes(pid):
            os.kill(waiting, signal.SIGKILL)
        data = supervisor.wait_packet(worker, 103, 5)
        assert struct.unpack_from("<I", data, 8)[0] == 7
        supervisor.send(START, worker, 1000, 100, 100)
        assert supervisor.run(VALUE, input=1).value == 1


def test_a_missing_interpreter(binary):
    with Supervisor(binary, "--python", PYTHON_PATH, "--deno", "/nonexistent/deno", "--pool-python", 1) as supervisor:
        assert supervisor.run(VALUE, input=1).value == 1
        assert list(supervisor.hello["languages"]) == ["python"]
        assert any(language == DENO and "/nonexistent/deno" in text for language, _, text in supervisor.faults)


def test_packets_that_make_no_sense(sandbox):
    for packet in (b"", b"\1", struct.pack("<I", 77), struct.pack("<2I", START, 1), struct.pack("<5I", START, 99999, 1, 1, 1),
                   struct.pack("<2I", KILL, 99999), struct.pack("<3I", WANT, 9, 1), struct.pack("<4I", LAYER, 1, 1, 1) + b"x" * 5000):
        if packet:
            sandbox.socket.send(packet)
    assert sandbox.run(VALUE, input=1).value == 1
    assert sandbox.faults
    sandbox.faults.clear()


@pytest.mark.parametrize("arguments, text", [
    (["--nonsense", "1"], "unknown argument: --nonsense"), (["--pool-python"], "no value: --pool-python"),
    (["--pool-python", "-1"], "not a number in range: -1"), (["--workers-max", "1000"], "not a number in range: 1000")])
def test_wrong_arguments(binary, arguments, text):
    ended = subprocess.run([binary, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ended.returncode == 64 and text in ended.stderr and ended.stderr.count("\n") == 1


def test_no_socket(binary):
    assert subprocess.run([binary], stdin=subprocess.DEVNULL, capture_output=True).returncode == 71


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
@pytest.mark.parametrize("refused", [False, True])
def test_an_ordinary_user(binary, arguments, refused):
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if refused:
        prefix += ["unshare", "--user", "--map-root-user", "sh", "-c",
                   "echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"", "sh"]
    supervisor = Supervisor(binary, *arguments, prefix=prefix)
    if refused:
        assert supervisor.hello["isolation"] == "none" and "user namespaces are refused" in supervisor.hello["reason"]
        assert supervisor.process.wait(5) == 0
        return
    with supervisor:
        assert supervisor.hello["isolation"] == "userns" and supervisor.hello["memory"] == "rlimit"
        for n in range(3):
            assert supervisor.run(VALUE, input=n).value == n
            assert supervisor.run(JS_VALUE, "javascript", input=n).value == n
        assert supervisor.run("def main(x):\n  while True: pass", timeout_ms=200).cause == "timeout"
        report = supervisor.run("export function main() { const a = []; while (true) a.push(new Uint8Array(1 << 24).fill(1)) }",
                                "javascript", memory_mb=100)
        assert report.cause == "memory" or report.error["name"] == "RangeError"
        assert supervisor.run("def main(x): bytearray(1 << 28)", memory_mb=64).error["name"] == "MemoryError"
        assert supervisor.run("import os\ndef main(x): return os.listdir('/')").value


ROOT_OF_A_NAMESPACE = """
import ctypes, os, sys
up, down = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    assert ctypes.CDLL(None).unshare(0x10020000) == 0
    os.write(up[1], b"x"), os.read(down[0], 1)
    os.setgid(0), os.setuid(0)
    with open("/proc/sys/user/max_user_namespaces", "w") as file: file.write("0")
    os.execvp(sys.argv[1], sys.argv[1:])
os.read(up[0], 1)
for kind in ("uid", "gid"):
    with open(f"/proc/{child}/{kind}_map", "w") as file: file.write("0 100000 65536")
os.write(down[1], b"x"), os.close(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to map many users")
def test_root_without_user_namespaces(binary, arguments):
    with Supervisor(binary, *arguments, prefix=[sys.executable, "-c", ROOT_OF_A_NAMESPACE]) as supervisor:
        assert supervisor.hello["isolation"] == "root" and "user namespaces are refused" in supervisor.hello["reason"]
        users = {supervisor.run("import os\ndef main(x): return os.getuid()").value for _ in range(3)}
        assert 0 not in users
        assert supervisor.run(JS_VALUE, "javascript", input=4).value == 4
        assert supervisor.run("import os\ndef main(x): os.kill(-1, 9)").error["name"] == "ProcessLookupError"
