#!/usr/bin/env python3
"""Prints how long calls take with workers that wait: START to the result, to SETTLED, to ENDED, and
the time of the processor (milliseconds).

usage: Tests/Sandbox/latency.py SUPERVISOR [calls]      500 calls of each language without it
"""

import sys

from conftest import DENO_PATH, PYTHON_PATH
from driver import DENO, PYTHON, Supervisor

POOL = {PYTHON: 8, DENO: 4}
PROGRAMS = [("python", "def main(x): return x", PYTHON), ("javascript", "export const main = (x) => x", DENO),
            ("typescript", "export const main = (x: number): number => x", DENO)]


def measure(supervisor, language, source, kind, calls):
    times = []
    for n in range(calls):
        while len(supervisor.idle[kind]) < POOL[kind]:
            supervisor.pump(10)
        report = supervisor.run(source, language, input=n)
        assert report.value == n and report.settled
        times.append((report.to_result, report.to_settled, report.elapsed, report.settled[1] / 1e6))
    for name, column in zip(("result", "settled", "ended", "processor"), zip(*times)):
        ordered = sorted(column)
        middle, high = ordered[len(ordered) // 2] * 1000, ordered[len(ordered) * 99 // 100] * 1000
        print(f"{language:11} {name:9} p50 {middle:6.2f}  p99 {high:6.2f}", flush=True)


if __name__ == "__main__":
    with Supervisor(sys.argv[1], "--python", PYTHON_PATH, "--deno", DENO_PATH, "--pool-python", POOL[PYTHON],
                    "--pool-deno", POOL[DENO], "--refill-cpu-percent", 0) as started:
        for program in PROGRAMS:
            measure(started, *program, int((sys.argv[2:] or ["500"])[0]))
