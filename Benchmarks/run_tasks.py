#!/usr/bin/env python3
"""What task agents add to the time of their models' calls, beside the same task in LangGraph.

Run by scripts/bench-tasks.sh, which builds what is needed. Prints one JSON line a case, then the tables; a whole run
writes them into docs/benchmarks.md.
"""

import argparse
import datetime
import json
import shutil
import signal
import statistics
import sys
import tempfile
from pathlib import Path

from harness.processes import Failure
from harness.report import machine, table, write_docs
from harness.sides import ROOT, Binaries
from tasks.sides import CALLS, STEPS, Figures, World, at, figures

SLOW_MS, PACED_MS, AT_ONCE = 200, 50, 200
# Runs at once are over soon, and what else the machine does then shows: there are more rounds of them.
TOGETHER_TIMES = 3
NAMES = {"direct": "the model itself, one call", "conversation": "Apus, a conversation, one call",
         "apus": "Apus", "apus_session": "Apus, each run in a session",
         "peer": "LangGraph, in process", "peer_session": "LangGraph, in process, SQLite"}


def say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def in_turns(sides: dict, rounds: int) -> dict[str, list[Figures]]:
    """Figures of each side's rounds; each round begins with another side."""
    found: dict[str, list[Figures]] = {name: [] for name in sides}
    names = list(sides)
    for number in range(rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            found[name].append(sides[name](number))
            say(f"{name}: p50 {found[name][-1]['p50_ms']:.3f} ms, p99 {found[name][-1]['p99_ms']:.3f} ms")
    return found


def medians(rounds: list[Figures]) -> Figures:
    return {key: max(one[key] for one in rounds) if key == "max_ms" else statistics.median(one[key] for one in rounds)
            for key in ("p50_ms", "p99_ms", "max_ms")}


def differences(rounds: dict, upper: str, lower: str, times: int = 1, key: str = "p50_ms") -> float:
    """The median over rounds of what a side's figure is above so many times another one's p50."""
    return statistics.median(a[key] - times * b["p50_ms"] for a, b in zip(rounds[upper], rounds[lower]))


def sequential(world: World, options: argparse.Namespace) -> dict:
    """Five steps in sequence over an instant model, one run after the other."""
    runs, size = options.runs, world.stored_bytes()
    sides = {
        "direct": lambda n: world.load(world.model, "bench", runs * CALLS, stream=True),
        "conversation": lambda n: world.load(world.apus, "conversation", runs),
        "apus": lambda n: world.load(world.apus, "sequential", runs),
        "apus_session": lambda n: world.load(world.apus, "sequential", runs, session=f"r{n}"),
    }
    if world.peer:
        sides["peer"] = lambda n: figures(world.ask_peer(options.peer_runs)["times"])
        sides["peer_session"] = lambda n: figures(world.ask_peer(options.peer_runs, stored=True)["times"])
    for name, run in sides.items():
        run(-1)
        if name == "apus":
            size = world.stored_bytes()
        if name == "apus_session":
            stored = (world.stored_bytes() - size) / runs
    rounds = in_turns(sides, options.rounds)
    line = {"case": "sequential", "runs": runs * options.rounds,
            "added_p50_ms": differences(rounds, "apus", "direct", CALLS),
            "added_p99_ms": differences(rounds, "apus", "direct", CALLS, "p99_ms"),
            "session_step_ms": differences(rounds, "apus_session", "apus") / len(STEPS), "session_bytes": stored}
    if world.peer:
        line |= {"peer_added_p50_ms": differences(rounds, "peer", "direct", CALLS),
                 "peer_session_step_ms": differences(rounds, "peer_session", "peer") / len(STEPS)}
    return line | {"sides": {name: medians(found) for name, found in rounds.items()}}


def parallel(world: World, options: argparse.Namespace) -> dict:
    """Five steps at once over a model that answers after SLOW_MS: how long the steps take together."""
    count = options.parallel_runs
    world.watch_parallel()
    direct = world.load(world.model, "bench", 5 * len(STEPS), len(STEPS), stream=True)
    seen = [world.watch_parallel() for _ in range(count)]
    phases = [phase for phase, _ in seen]
    sides = {"direct": medians([direct]), "apus": medians([figures(phases)])}
    if world.peer:
        world.ask_peer(1, parallel=True)
        sides["peer"] = medians([figures(world.ask_peer(count, parallel=True)["phases"])])
    return {"case": "parallel", "runs": count, "phase_p50_times": at(phases, 0.5) / SLOW_MS,
            "phase_max_times": max(phases) / SLOW_MS, "longest_step_ms": max(step for _, step in seen), "sides": sides}


def together(world: World, options: argparse.Namespace) -> dict:
    """So many runs at once over a model that answers after PACED_MS."""
    sides = {
        "direct": lambda n: world.load(world.model, "bench", AT_ONCE, AT_ONCE, stream=True),
        "apus": lambda n: world.load(world.apus, "sequential", AT_ONCE, AT_ONCE, stream=True),
        "apus_session": lambda n: world.load(world.apus, "sequential", AT_ONCE, AT_ONCE, f"t{n}", stream=True),
    }
    peers = {
        "peer": lambda n: figures(world.ask_peer(1, AT_ONCE)["times"]),
        "peer_session": lambda n: figures(world.ask_peer(1, AT_ONCE, stored=True)["times"]),
    } if world.peer else {}
    for run in [*sides.values(), *peers.values()]:
        run(-1)
    before, number = world.apus.process.cpu_seconds(), TOGETHER_TIMES * options.rounds
    rounds = in_turns(sides, number)
    used = world.apus.process.cpu_seconds() - before
    rounds |= in_turns(peers, options.rounds)
    found = {name: medians(of_side) for name, of_side in rounds.items()}
    slowest = {name: statistics.median(one["max_ms"] for one in of_side) for name, of_side in rounds.items()}
    # What the model takes beyond its delay when it is asked so often at once is not the runtime's.
    limit = 1.1 * CALLS * PACED_MS + CALLS * max(found["direct"]["p50_ms"] - PACED_MS, 0)
    return {"case": "together", "runs": AT_ONCE, "limit_ms": limit, "slowest_ms": slowest, "sides": found,
            "cpu_ms_each": used * 1000 / (2 * AT_ONCE * number)}


def targets(lines: dict[str, dict]) -> list[list[str]]:
    one, many = lines["sequential"], lines["together"]
    found = [
        ("five steps and the composing call, above six calls of the model, p50, ms", one["added_p50_ms"], 5),
        ("the same, p99, ms", one["added_p99_ms"], 5),
        ("added by a session, a step, ms", one["session_step_ms"], 0.6),
        (f"five steps at once, a model of {SLOW_MS} ms: times that, p50", lines["parallel"]["phase_p50_times"], 1.15),
        ("the same, longest", lines["parallel"]["phase_max_times"], 1.15),
        (f"{AT_ONCE} runs at once, a model of {PACED_MS} ms: slowest of them, ms", many["slowest_ms"]["apus"],
         many["limit_ms"]),
        ("the same, each in a session", many["slowest_ms"]["apus_session"], many["limit_ms"])]
    rows = [[title, f"at most {limit:.4g}", f"{value:,.3f}", "yes" if value <= limit else "NO"]
            for title, value, limit in found]
    return [["target", "required", "measured", "met"], *rows]


def ratios(lines: dict[str, dict]) -> list[list[str]]:
    one, many = lines["sequential"], lines["together"]["slowest_ms"]

    def row(title: str, apus: float, peer: float) -> list[str]:
        return [title, f"{apus:,.3f}", f"{peer:,.3f}", f"{peer / apus:,.1f}" if apus > 0 else "–"]

    return [["", "Apus", "LangGraph", "times"],
            row("sequential: a whole run, p50, ms", one["sides"]["apus"]["p50_ms"], one["sides"]["peer"]["p50_ms"]),
            row("sequential: above six calls of the model, p50, ms", one["added_p50_ms"], one["peer_added_p50_ms"]),
            row("sequential, stored: a whole run, p50, ms", one["sides"]["apus_session"]["p50_ms"],
                one["sides"]["peer_session"]["p50_ms"]),
            row("added by a session, a step, ms", one["session_step_ms"], one["peer_session_step_ms"]),
            row(f"{AT_ONCE} at once: slowest, ms", many["apus"], many["peer"]),
            row(f"{AT_ONCE} at once, stored: slowest, ms", many["apus_session"], many["peer_session"])]


def side_table(line: dict) -> str:
    rows = [[NAMES[name], *(f"{found[key]:,.3f}" for key in ("p50_ms", "p99_ms", "max_ms"))]
            for name, found in line["sides"].items()]
    return table([["", "p50 ms", "p99 ms", "longest ms"], *rows])


def markdown(lines: dict[str, dict], options: argparse.Namespace) -> str:
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    command = " ".join(["scripts/bench-tasks.sh", *sys.argv[1:]])
    one, side = lines["sequential"], lines["parallel"]
    parts = [
        f"{date}, {machine()}. `{command}`: {options.rounds} round{'s' if options.rounds > 1 else ''}, the sides in turns, medians, of longest times the "
        f"worst; {options.runs} runs a round ({options.peer_runs} of LangGraph's), as many before them.",
        table(targets(lines))]
    if "peer" in one["sides"]:
        parts.append(table(ratios(lines)))
    parts += [
        f"**Five steps in sequence, a model that answers at once, one run after the other** ({one['runs']} runs; stored "
        f"of a run in a session: {one['session_bytes']:,.0f} bytes)", side_table(one),
        f"**Five steps at once, a model of {SLOW_MS} ms**: from the first step's start to the last one's end, as a "
        f"stream tells ({side['runs']} runs; longest step by its own `duration_ms`: {side['longest_step_ms']:.1f} ms)",
        side_table(side),
        f"**{AT_ONCE} runs at once, a model of {PACED_MS} ms** (limit: {CALLS} times {PACED_MS} ms and 10 %, and what the "
        f"model itself takes longer when it is asked so often at once; {TOGETHER_TIMES} times as many rounds; Apus's CPU time: "
        f"{lines['together']['cpu_ms_each']:.2f} ms a run)", side_table(lines["together"])]
    return "\n\n".join(parts) + "\n"


def run(options: argparse.Namespace, folder: Path) -> dict[str, dict]:
    binaries = Binaries(apus=options.apus.resolve())
    paced = {"together": PACED_MS, "parallel": SLOW_MS}
    lines = {}
    for measure in (sequential, parallel, together):
        name = measure.__name__
        # The model's delay is between a stream's tokens: one token makes it the answer's.
        model = ["--tokens", "1", "--interval-ms", str(paced[name])] if name in paced else []
        (folder / name).mkdir()
        with World(binaries, folder / name, model, MAX_CONCURRENT_AGENTS="250") as world:
            lines[name] = measure(world, options)
        print(json.dumps(lines[name]), flush=True)
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=500, help="of a side in a round, one after the other")
    parser.add_argument("--peer-runs", type=int, default=100, help="of LangGraph in a round")
    parser.add_argument("--parallel-runs", type=int, default=50)
    parser.add_argument("--apus", type=Path, default=Binaries.apus, help="the binary that is measured")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/benchmarks.md as it is")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Beside the build, not in the system's temporary folder: that may be memory, where a database's sync costs nothing.
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / ".build-bench"))
    try:
        text = markdown(run(options, folder), options)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n" + text)
    if not options.no_docs:
        write_docs(ROOT / "docs/benchmarks.md", text, "bench-tasks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
