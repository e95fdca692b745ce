"""The packet RESULT: the host has read a result, and is told what the call took before the process is gone."""

import contextlib
import os
import pathlib
import signal
import statistics
import struct
import time

import pytest

from conftest import PYTHON_PATH
from driver import (CAUSES, DENO, ENDED, OUTPUT, PYTHON, RESULT, SETTLED, START, STARTED, Supervisor, receive_frame,
                    send_frame)

VALUE = "def main(x): return x"
NOISY = "import sys\ndef main(x):\n  print('out')\n  print('err', file=sys.stderr)\n  sys.stdout.flush()\n  return x"
# As user code could: a result of its own making, and what comes after it.
FAKE = "import os, struct\ndef main(x):\n  b = b'{\"type\":\"result\",\"value\":1}'\n  os.write(3, struct.pack('<I', len(b)) + b)\n"
JAVASCRIPT = "export function main(x) { console.log('out'); return x }"


@contextlib.contextmanager
def stopped(process):
    """Whatever happens meanwhile, the supervisor sees all at once."""
    process.send_signal(signal.SIGSTOP)
    stat = pathlib.Path(f"/proc/{process.pid}/stat")
    while stat.read_text().rsplit(")", 1)[1].split()[0] != "T":
        os.sched_yield()
    yield
    process.send_signal(signal.SIGCONT)


class Call:
    """A call whose last frame was read; what follows is the test's."""

    def __init__(self, sandbox, source, timeout_ms=10_000, output_kb=1024):
        self.sandbox = sandbox
        self.worker, self.channel, _, _ = sandbox.worker()
        sandbox.send(START, self.worker, timeout_ms, 256, output_kb)
        # Before it the worker only waits, and what it prints is held to another bound.
        sandbox.wait_packet(self.worker, STARTED, 10)
        send_frame(self.channel, {"type": "run", "language": "python", "source": source, "entry_point": "main", "input": 1})
        assert receive_frame(self.channel, time.monotonic() + 10)["type"] == "result"

    def settle(self):
        self.sandbox.send(RESULT, self.worker)

    def packets(self):
        """The kinds of those that came until its end, and the cause of that."""
        data = self.sandbox.wait_packet(self.worker, ENDED, 10)
        self.channel.close()
        kinds = [kind for kind, _ in self.sandbox.packets.pop(self.worker)]
        return [kind for kind in kinds if kind in (SETTLED, ENDED, OUTPUT)], CAUSES[struct.unpack_from("<I", data, 8)[0]]


def until_dead(supervisor):
    """A child of a supervisor that is stopped ends, and stays what it is: nobody waits for it."""
    children = pathlib.Path(f"/proc/{supervisor.process.pid}/task/{supervisor.process.pid}/children")
    stats = [pathlib.Path(f"/proc/{child}/stat") for child in children.read_text().split()]
    while not any(stat.read_text().rsplit(")", 1)[1].split()[0] == "Z" for stat in stats):
        os.sched_yield()


@pytest.mark.parametrize("language, source", [("python", NOISY), ("javascript", JAVASCRIPT)])
def test_what_it_took_is_told_at_once(sandbox, language, source):
    report = sandbox.run(source, language, input=3)
    assert report.value == 3 and report.stdout == b"out\n"
    wall_us, cpu_us, peak_kb, out, err = report.settled
    assert wall_us > 0 and cpu_us > 0 and peak_kb > 1000 and (out, err) == (4, len(report.stderr))
    assert report.cause == "killed" and (report.stdout_total, report.stderr_total) == (out, err)


def test_time_of_the_processor(sandbox):
    source = "import time\ndef main(x):\n  end = time.process_time() + x\n  while time.process_time() < end: pass"
    _, cpu_us, _, _, _ = sandbox.run(source, input=0.2).settled
    assert cpu_us >= 200_000


def test_a_worker_that_lingers_is_ended(sandbox):
    lingering = """
import threading, time
def main(x):
  threading.Thread(target=time.sleep, args=(60,)).start()
  print('before', flush=True)
  return x
"""
    report = sandbox.run(lingering, input=1)
    assert report.value == 1 and report.stdout == b"before\n" and report.elapsed < 10
    assert report.settled is not None and report.cause == "killed"


def test_output_is_told_once(sandbox):
    for _ in range(20):
        call = Call(sandbox, NOISY)
        call.settle()
        assert call.packets() == ([OUTPUT, OUTPUT, SETTLED, ENDED], "killed")


def test_output_just_before_the_result_is_whole(sandbox):
    for size in (1, 4096, 60_000, 65_536):
        report = sandbox.run(f"def main(x):\n  print('x' * {size - 1})\n  return x", input=1)
        assert report.settled[3] == len(report.stdout) == size
    report = sandbox.run("def main(x):\n  print('x' * 300000)\n  return x", input=1)
    assert report.settled[3] == 300_001 and len(report.stdout) == 65_536


def test_a_flood_is_a_flood_though_there_is_a_result(sandbox):
    report = sandbox.run("import os\ndef main(x):\n  os.write(1, b'x' * 50000)\n  return x", input=1, output_kb=32)
    assert report.cause == "output" and report.settled is None
    assert report.stdout_total == len(report.stdout) == 50_000


def test_a_flood_that_is_decided_already(binary):
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 1) as supervisor:
        call = Call(supervisor, FAKE + "  os.write(1, b'x' * 50000)\n  while True: pass", output_kb=32)
        supervisor.wait_packet(call.worker, ENDED, 10)
        call.settle()
        assert call.packets() == ([OUTPUT, ENDED], "output")


@pytest.mark.parametrize("way, cause", [("os._exit(3)", "exited"), ("os.abort()", "signal")])
def test_one_that_is_dead_already_is_told_of_by_its_end(binary, way, cause):
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 1) as supervisor:
        call = Call(supervisor, FAKE + "  print('out', flush=True)\n  os.read(0, 1)\n  " + way)
        with stopped(supervisor.process):
            call.channel.sendall(b"x")
            until_dead(supervisor)
            call.settle()
        assert call.packets() == ([OUTPUT, ENDED], cause)


def test_the_deadline_does_not_fire_when_the_result_was_read_in_time(binary):
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 1) as supervisor:
        call = Call(supervisor, VALUE, timeout_ms=200)
        with stopped(supervisor.process):
            call.settle()
            time.sleep(0.3)  # the deadline passes
        assert call.packets() == ([SETTLED, ENDED], "killed")


def test_a_deadline_that_has_fired_stands(sandbox):
    call = Call(sandbox, FAKE + "  while True: pass", timeout_ms=50)
    sandbox.wait_packet(call.worker, ENDED, 10)
    call.settle()
    assert call.packets() == ([ENDED], "timeout")


def test_settled_twice_is_settled_once(sandbox):
    call = Call(sandbox, NOISY)
    call.settle(), call.settle()
    assert call.packets() == ([OUTPUT, OUTPUT, SETTLED, ENDED], "killed")


@pytest.mark.parametrize("language", [PYTHON, DENO])
def test_unknown_workers_and_those_that_wait_are_left_alone(sandbox, language):
    waiting = sandbox.worker(language)
    for number in (waiting[0], 999_999_999):
        sandbox.send(RESULT, number)
    sandbox.idle[language].appendleft(waiting)
    source = VALUE if language == PYTHON else JAVASCRIPT
    report = sandbox.run(source, "python" if language == PYTHON else "javascript", input=5)
    assert report.value == 5 and report.settled is not None


def test_how_long_it_takes(sandbox):
    """Printed, not asserted."""
    times = [sandbox.run(VALUE, input=1).to_settled for _ in range(50)]
    print(f"START to SETTLED: p50 {statistics.median(times) * 1000:.2f} ms")
