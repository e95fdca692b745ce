"""Many calls of every kind, good and hostile: nothing of them may be left. APUS_SOAK_CALLS sets how many."""

import os
import pathlib
import random
import subprocess
import time

import pytest

from conftest import DENO_PATH, PYTHON_PATH
from driver import DENO, KILL, LAYER, PYTHON, START, WANT, Supervisor, zygotes

CALLS = int(os.environ.get("APUS_SOAK_CALLS", "500"))
POOL = {PYTHON: 4, DENO: 2}
KINDS = [
    ("python", "def main(x): return x", {}),
    ("python", "async def main(x):\n  print(x)\n  return x", {}),
    ("python", "def main(x):\n  yield 'a'\n  yield 'b'\n  return x", {}),
    ("python", "def main(x): return llm.chat('hi')['n']", {"model": True}),
    ("python", "def main(x):\n  open('b', 'w').write('b' * 1000)\n  return x",
     {"request": {"files": {"a": "YWE="}, "keep_files_bytes": 5000}}),
    ("python", "def main(x): 1/0", {}),
    ("python", "def main(x)", {}),
    ("python", "def main(x):\n  while True: pass", {"timeout_ms": 50}),
    ("python", "def main(x):\n  a = []\n  while True: a.append(bytearray(1 << 22))", {"memory_mb": 64}),
    ("python", "import os\ndef main(x): os._exit(3)", {}),
    ("python", "import ctypes\ndef main(x): ctypes.string_at(1)", {}),
    ("python", "def main(x):\n  while True: print('x' * 10000)", {"output_kb": 256}),
    ("python", "import os\ndef main(x): os.write(3, b'\\xff' * 100)", {}),
    ("python", "def main(x):\n  for i in range(5000): open(f'/tmp/work/{i}', 'w').close()", {}),
    ("python", "import threading, time\ndef main(x):\n  threading.Thread(target=time.sleep, args=(9,)).start()\n  return x", {}),
    ("python", "import time\ndef main(x): time.sleep(9)", {"kill_after": 0.01}),
    ("javascript", "export function main(x) { return x }", {}),
    ("javascript", "export async function main(x) { return (await llm.chat('hi')).n }", {"model": True}),
    ("typescript", "export function main(x: number): number { console.log(x); return x }", {}),
    ("javascript", "export function main() { while (true); }", {"timeout_ms": 50}),
    ("javascript", "export function main() { const a = []; while (true) a.push(new Uint8Array(1 << 24).fill(1)) }",
     {"memory_mb": 64}),
    ("typescript", "export function main(): void { throw new Error('x') }", {}),
    ("javascript", "export function main() { Deno.exit(4) }", {}),
]


def discard(supervisor, worker, channel):
    channel.close()
    supervisor.send(KILL, worker)
    supervisor.wait_packet(worker, 103, 10)
    supervisor.packets.pop(worker)


def burst(supervisor, language):
    """More than wait are wanted, and not used."""
    supervisor.send(WANT, language, 3)
    for _ in range(POOL[language] + 3):
        worker, channel, _, _ = supervisor.worker(language)
        discard(supervisor, worker, channel)


def caller_is_gone(supervisor, language):
    """The clock runs, and the channel closes without a request."""
    worker, channel, _, _ = supervisor.worker(language)
    supervisor.send(START, worker, 5000, 100, 100)
    discard(supervisor, worker, channel)


def state(supervisor):
    """What a leak would show in: processes, descriptors, control groups, mounts, memory (KiB)."""
    pid = supervisor.process.pid
    below = subprocess.run(["ps", "-o", "stat=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    makers = zygotes(pid)
    mounts = {each: len(pathlib.Path(f"/proc/{each}/mountinfo").read_text().splitlines()) for each in ["self", *makers]}
    descriptors = {each: len(os.listdir(f"/proc/{each}/fd")) for each in [pid, *makers] if os.geteuid() == 0}
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {
        "children": len(below), "zombies": sum(stat.startswith("Z") for stat in below), "makers": len(makers),
        "descriptors": sorted(descriptors.values()),
        "groups": sum(1 for _ in pathlib.Path("/sys/fs/cgroup").glob(f"**/apus-{pid}/w*")),
        "mounts": sorted(mounts.values()),
        "memory": int(status.split("VmRSS:")[1].split()[0]),
    }


def settled(supervisor):
    """When as many wait as should, and no other process is left. What was wanted and came late is not used."""
    end, wanted = time.monotonic() + 30, sum(POOL.values())
    while time.monotonic() < end:
        supervisor.pump(0.05)
        for language, queue in supervisor.idle.items():
            while len(queue) > POOL[language]:
                discard(supervisor, *queue.pop()[:2])
        waiting = sum(len(queue) for queue in supervisor.idle.values())
        if waiting == wanted and (now := state(supervisor))["children"] == wanted + 2 and now["makers"] == 2:
            break
    return state(supervisor)


def some_calls(supervisor, chance, calls):
    for n in range(calls):
        if chance.random() < 0.02:
            chance.choice((burst, caller_is_gone))(supervisor, chance.choice((PYTHON, DENO)))
        language, source, options = chance.choice(KINDS)
        more = {"model": lambda messages, _: {"n": n}} if "model" in options else {}
        request = {"llm": "model" in options, **options.get("request", {})}
        report = supervisor.run(source, language, input=n, **{**options, **more, "request": request})
        assert not (report.last.get("type") == "result" and report.value not in (n, None)), report
        assert report.cause in ("killed", "exited", "signal", "timeout", "memory", "output"), report


def use_layer(supervisor, folder):
    """One after the other, in as many directories as there is room for, and more."""
    for number in range(1, 20):
        path = folder / str(number)
        path.mkdir()
        (path / "apus_layered.py").write_text(f"ANSWER = {number}\n")
        supervisor.send(LAYER, PYTHON, 1, number, more=os.fsencode(path))
        source = "import apus_layered\ndef main(x): return apus_layered.ANSWER"
        assert supervisor.run(source, layer=number).value == number


@pytest.fixture
def folder(tmp_path):
    for parent in [tmp_path, *list(tmp_path.parents)[:3]]:
        parent.chmod(parent.stat().st_mode | 0o055)
    return tmp_path


def test_soak(binary):
    chance = random.Random(7)
    with Supervisor(binary, "--python", PYTHON_PATH, "--deno", DENO_PATH, "--pool-python", POOL[PYTHON], "--pool-deno",
                    POOL[DENO], "--refill-cpu-percent", 0) as supervisor:
        some_calls(supervisor, chance, max(50, CALLS // 20))
        states = [settled(supervisor)]
        supervisor.packets.clear()
        for _ in range(5):
            some_calls(supervisor, chance, CALLS // 5)
            states.append(settled(supervisor))
            print(states[-1], flush=True)
        assert not supervisor.faults and not supervisor.packets
        memory = [each.pop("memory") for each in states]
        assert all(each == states[0] for each in states) and memory[-1] - memory[0] < 512, (states, memory)


def test_layers_leave_nothing(binary, folder):
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 1, "--refill-cpu-percent", 0) as supervisor:
        use_layer(supervisor, folder)
        assert not supervisor.faults
        found = state(supervisor)
        # Those of the layers that were used last stay for a while.
        assert found["makers"] <= 16 and found["children"] <= 17 and found["zombies"] == 0, found
