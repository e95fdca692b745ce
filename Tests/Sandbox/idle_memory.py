#!/usr/bin/env python3
"""Prints what the sandbox takes while nothing runs: 8 Python and 4 Deno workers, what makes them, the supervisor.

usage: Tests/Sandbox/idle_memory.py SUPERVISOR

Proportional set size: memory that several processes share is shared out among them. KiB.
"""

import collections
import pathlib
import sys

from conftest import DENO_PATH, PYTHON_PATH
from driver import DENO, PYTHON, Supervisor, children, zygotes

POOL = {PYTHON: 8, DENO: 4}


def parts_of(pid):
    """PSS of a process: in all, without a file behind it, and with one."""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        fields[name] = int(value.split()[0])
    return fields["Pss"], fields["Pss_Anon"], fields["Pss_File"] + fields["Pss_Shmem"]


def name_of(pid, makers):
    command = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    if "deno" in command:
        return "deno, waiting"
    if "python" in command:
        return "python, zygote" if pid in makers else "python, waiting"
    return "deno, stem"


def table(supervisor):
    """Rows of name, count, and the three figures; the supervisor among them."""
    while any(len(supervisor.idle[kind]) < count for kind, count in POOL.items()):
        if not supervisor.pump(30):
            raise TimeoutError(f"the workers did not become ready: {supervisor.faults}")
    pid = supervisor.process.pid
    makers, rows = zygotes(pid), collections.defaultdict(lambda: [0, 0, 0, 0])
    for each in sorted(children(pid)) + [pid]:
        row = rows["supervisor" if each == pid else name_of(each, makers)]
        for place, value in enumerate((1, *parts_of(each))):
            row[place] += value
    return dict(rows)


def start(binary):
    return Supervisor(binary, "--python", PYTHON_PATH, "--deno", DENO_PATH, "--pool-python", POOL[PYTHON],
                      "--pool-deno", POOL[DENO], "--refill-cpu-percent", 0)


if __name__ == "__main__":
    with start(sys.argv[1]) as started:
        found = table(started)
    print(f"{'':16} {'count':>5} {'PSS':>8} {'each':>7} {'anon':>8} {'file':>8}")
    for name, (count, pss, anonymous, file) in found.items():
        print(f"{name:16} {count:5} {pss:8} {pss // count:7} {anonymous:8} {file:8}")
    print(f"{'all':16} {'':5} {sum(row[1] for row in found.values()):8}")
