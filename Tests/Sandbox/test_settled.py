"""The packet RESULT: the host has read a result, and is told what the call took before the process is gone."""

import statistics

from driver import ENDED, OUTPUT, SETTLED

VALUE = "def main(x): return x"
NOISY = "import sys\ndef main(x):\n  print('out')\n  print('err', file=sys.stderr)\n  sys.stdout.flush()\n  return x"


def test_what_it_took_is_told_at_once(sandbox):
    report = sandbox.run(NOISY, input=3)
    assert report.value == 3 and (report.stdout, report.stderr) == (b"out\n", b"err\n")
    wall_us, cpu_us, peak_kb, out, err = report.settled
    assert wall_us > 0 and cpu_us > 0 and peak_kb > 1000 and (out, err) == (4, 4)
    assert report.cause == "killed"


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
    assert [sandbox.run(NOISY, input=1).stdout for _ in range(20)] == [b"out\n"] * 20


def test_a_flood_is_a_flood_though_there_is_a_result(sandbox):
    flood = "import os\ndef main(x):\n  os.set_blocking(1, False)\n  for _ in range(15): os.write(1, b'x' * 4096)\n  return x"
    report = sandbox.run(flood, input=1, output_kb=32)
    assert report.cause == "output" and report.settled is None


def test_unknown_workers_and_those_that_wait_are_left_alone(sandbox):
    worker, channel, _, _ = sandbox.worker()
    for number in (worker, 999_999_999):
        sandbox.send(5, number)
    assert not any(kind in (ENDED, SETTLED, OUTPUT) for kind, _ in sandbox.packets[worker])
    with channel:
        sandbox.idle[1].appendleft((worker, channel, 0, 0))
        assert sandbox.run(VALUE, input=5).value == 5


def test_how_long_it_takes(sandbox):
    """Printed, not asserted."""
    times = [sandbox.run(VALUE, input=1).to_settled for _ in range(50)]
    print(f"START to SETTLED: p50 {statistics.median(times) * 1000:.2f} ms")
