"""`apus-sandbox confine`: the program's limits, how it ends, and what it leaves."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import pytest

from confining import confine, confine_as, groups, only_line, running  # noqa: F401
from conftest import PYTHON_PATH
from driver import Supervisor
from test_supervisor import until

PROCESSES = 64


def test_the_time(confine_as):
    ended = confine_as.run("sh", "-c", "trap '' TERM INT HUP; sleep 4711 & sleep 4711", time_ms=400)
    assert ended.returncode == 75 and only_line(ended.stderr) == "confine: the time of 400 ms was up\n"
    assert running("sleep\0004711") == []


@pytest.mark.parametrize("source", [
    "open('/out/x', 'wb').write(bytes(40 << 20))",
    "for n in range(40): open(f'/out/{n}', 'wb').write(bytes(1 << 20))",
    "for n in range(100000): open(f'/out/{n}', 'wb').close()",
    "import os\nfor n in range(80): os.mkdir('a'), os.chdir('a')",
    "import os\nos.mkdir('a')\nfor n in range(40): open(f'a/{n}', 'wb').write(bytes(1 << 20))\nos.chmod('a', 0)",
    "import os\nos.mkdir('a')\nfor n in range(40): open(f'a/{n}', 'wb').write(bytes(1 << 20))\n"
    "while True: os.chmod('a', 0), os.chmod('a', 0o400)",
    "import resource, signal\nsignal.signal(25, signal.SIG_DFL)\nopen('/out/x', 'wb').write(bytes(40 << 20))"])
def test_the_disk(confine_as, source):
    source = "import os, time\nos.chdir('/out')\n" + source + "\ntime.sleep(30)"
    begin = time.monotonic()
    ended = confine_as.python(source, disk=24, time_ms=20000)
    if "40 << 20" in source and "SIG_DFL" not in source:
        # One file stops at the limit, and its writer is told.
        assert ended.returncode == 1 and "File too large" in ended.stderr
        return
    assert ended.returncode == 73 and time.monotonic() - begin < 20, ended
    assert "more than 24 MB were written" in only_line(ended.stderr)
    subprocess.run(["rm", "-rf", confine_as.out], check=True)


def test_the_disk_at_the_end(confine):
    source = "for n in range(30): open(f'/out/{n}', 'wb').write(bytes(1 << 20))"
    assert confine.python(source, disk=24).returncode == 73
    assert confine.run("true", disk=24).returncode == 73
    assert confine.run("true", disk=48).returncode == 0


def test_scratch_is_limited(confine):
    ended = confine.python("for n in range(40): open(f'/tmp/{n}', 'wb').write(bytes(1 << 20))", disk=24)
    assert ended.returncode == 1 and "No space left" in ended.stderr


def test_the_memory(confine_as):
    ended = confine_as.python("bytearray(1 << 28)", memory=64)
    assert ended.returncode == 1 and "MemoryError" in ended.stderr


@pytest.mark.parametrize("source", [
    "import os, time\nfor n in range(6): os.fork()\nheld = bytearray(40 << 20)\ntime.sleep(20)",
    "import time\nfor n in range(100): open(f'/tmp/{n}', 'wb').write(bytes(1 << 20))\ntime.sleep(20)"],
    ids=["processes", "scratch"])
def test_the_memory_of_all(binary, confine, source):
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 0) as supervisor:
        if supervisor.hello["memory"] == "rlimit":
            pytest.skip("no memory cgroup that can be written")
    ended = confine.python(source, memory=64, disk=200, time_ms=15000)
    assert ended.returncode == 74 and only_line(ended.stderr) == "confine: the memory of 64 MB was not enough\n"


FORKS = """
import os, time
count = 0
try:
    while count < 500:
        if os.fork() == 0: time.sleep(4712), os._exit(0)
        count += 1
except BlockingIOError: pass
print(count)
"""


def test_processes_are_limited(confine_as):
    ended = confine_as.python(FORKS, time_ms=20000)
    assert ended.returncode == 0 and 50 <= int(ended.stdout) < PROCESSES, ended


# How it ends


@pytest.mark.parametrize("program, code", [
    (["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137), (["sh", "-c", "kill -15 $$"], 143),
    (["/nonexistent"], 127), (["nonexistent"], 127), (["/usr"], 126), (["/etc/resolv.conf"], None)])
def test_exit_codes(confine_as, program, code):
    ended = confine_as.run(*program)
    assert ended.returncode == code or code is None and ended.returncode in (0, 1, 2, 126, 127)


def test_output_is_the_callers(confine):
    ended = confine.run("sh", "-c", "echo out; echo err >&2")
    assert (ended.stdout, ended.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ended_by_a_signal(confine, number):
    process = confine.start("sh", "-c", "echo begun; sleep 4713")
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(number)
    assert process.wait(10) == 128 + number and f"ended by signal {int(number)}" in process.stderr.read().decode()
    assert running("sleep\0004713") == [] and confine.is_owned()


def test_killed(confine):
    process = confine.start("sh", "-c", "echo begun; sleep 4714")
    assert process.stdout.readline() == b"begun\n"
    process.kill()
    process.wait()
    assert until(lambda: running("sleep\0004714") == [])
    # The next one sweeps up its control groups.
    left = f"apus-{process.pid}"
    assert until(lambda: confine.run("true").returncode == 0 and left not in {path.name for path in groups()})


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_the_parent_is_gone(confine, kind):
    if kind == "pipe":
        kept, given = (lambda ends: (open(ends[1], "wb", 0), open(ends[0], "rb", 0)))(os.pipe())
    else:
        kept, given = socket.socketpair()
    process = confine.start("sh", "-c", "echo begun; sleep 4715", options=["--life-fd", given.fileno()],
                            pass_fds=[given.fileno()])
    given.close()
    assert process.stdout.readline() == b"begun\n"
    (kept.write if kind == "pipe" else kept.sendall)(b"still here")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    kept.close()
    assert process.wait(10) == 76 and "--life-fd" in only_line(process.stderr.read().decode())
    assert running("sleep\0004715") == []


def test_a_parent_of_which_a_thread_ends(confine):
    # The parent-death signal would follow the thread that started it.
    started = []
    thread = threading.Thread(target=lambda: started.append(confine.start("sh", "-c", "sleep 0.3; echo done")))
    thread.start(), thread.join()
    assert started[0].communicate(timeout=10)[0] == b"done\n" and started[0].returncode == 0


def test_nothing_is_left(confine_as):
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    for program in (["sh", "-c", "sleep 4716 & setsid sleep 4716 & exit 3"], ["nonexistent"], ["sleep", "9"]):
        process = confine_as.start(*program, time_ms=1000)
        process.communicate()
        assert f"apus-{process.pid}" not in {path.name for path in groups()}
    assert running("sleep\0004716") == [] and pathlib.Path("/proc/self/mountinfo").read_text() == mounts
    assert confine_as.out.stat().st_mode & 0o7777 == 0o755


def test_what_it_leaves_can_be_removed(confine_as):
    source = ("import os, socket\nos.chdir('/out')\nos.mkdir('d')\nopen('d/f', 'w').close()\n"
              "os.symlink('/etc/passwd', 'l')\n"
              "a, b = socket.socketpair()\na.bind('s')\nos.chmod('d/f', 0o6000)\nos.link('d/f', 'd/g')\n"
              "os.chmod('d', 0o1000)\nos.chmod('/out', 0)")
    ended = confine_as.python(source)
    assert ended.returncode == 0 and confine_as.is_owned(), ended
    assert sorted(path.name for path in confine_as.out.iterdir()) == ["d", "l"]
    assert (confine_as.out / "d").stat().st_mode & 0o777 == 0o700
    assert (confine_as.out / "d/f").stat().st_mode & 0o7777 == 0o400
