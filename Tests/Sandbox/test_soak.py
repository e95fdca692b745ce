"""Many calls of every kind, good and hostile: nothing of them may be left. APUS_SOAK_CALLS sets how many."""

import os
import pathlib
import random
import subprocess
import time

from conftest import DENO_PATH, PYTHON_PATH
from driver import Supervisor

CALLS = int(os.environ.get("APUS_SOAK_CALLS", "500"))
KINDS = [
    ("python", "def main(x): return x", {}),
    ("python", "async def main(x):\n  print(x)\n  return x", {}),
    ("python", "def main(x): 1/0", {}),
    ("python", "def main(x):\n  while True: pass", {"timeout_ms": 50}),
    ("python", "def main(x):\n  a = []\n  while True: a.append(bytearray(1 << 22))", {"memory_mb": 64}),
    ("python", "import os\ndef main(x): os._exit(3)", {}),
    ("python", "def main(x):\n  while True: print('x' * 10000)", {"output_kb": 256}),
    ("python", "import os\ndef main(x): os.write(3, b'\\xff' * 100)", {}),
    ("python", "def main(x):\n  for i in range(5000): open(f'/tmp/work/{i}', 'w').close()", {}),
    ("python", "import time\ndef main(x): time.sleep(9)", {"kill_after": 0.01}),
    ("javascript", "export function main(x) { return x }", {}),
    ("typescript", "export function main(x: number): number { return x }", {}),
    ("javascript", "export function main() { while (true); }", {"timeout_ms": 50}),
    ("typescript", "export function main(): void { throw new Error('x') }", {}),
    ("javascript", "export function main() { Deno.exit(4) }", {}),
]


def state(supervisor):
    """What a leak would show in: processes, descriptors, control groups, mounts, memory."""
    pid = supervisor.process.pid
    below = subprocess.run(["ps", "-o", "stat=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {
        "children": len(below), "zombies": sum(stat.startswith("Z") for stat in below),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "groups": sum(1 for _ in pathlib.Path("/sys/fs/cgroup").glob(f"**/apus-{pid}/w*")),
        "mounts": len(pathlib.Path("/proc/self/mountinfo").read_text().splitlines()),
        "memory_kb": int(status.split("VmRSS:")[1].split()[0]),
    }


def settled(supervisor, idle):
    """When as many wait as should, and no other process is left."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        supervisor.pump(0.05)
        waiting = sum(len(queue) for queue in supervisor.idle.values())
        if waiting == idle and state(supervisor)["children"] == idle + 2:
            break
    return state(supervisor)


def test_soak(binary):
    chance = random.Random(7)
    with Supervisor(binary, "--python", PYTHON_PATH, "--deno", DENO_PATH, "--pool-python", 4, "--pool-deno", 2,
                    "--refill-cpu-percent", 0) as supervisor:
        for language, source, options in KINDS:
            supervisor.run(source, language, **options)
        for queue in supervisor.idle.values():
            while len(queue) > 2:
                worker, channel, _, _ = queue.popleft()
                channel.close()
        before = settled(supervisor, 6)
        supervisor.packets.clear()
        for n in range(CALLS):
            language, source, options = chance.choice(KINDS)
            report = supervisor.run(source, language, input=n, **options)
            if report.last.get("type") == "result" and report.value is not None:
                assert report.value == n
        after = settled(supervisor, 6)
        assert not supervisor.faults and not supervisor.packets
        memory = after.pop("memory_kb") - before.pop("memory_kb")
        assert after == before and memory < 2048, (before, after, memory)
