"""The cases: which load goes to which sides, and what is measured while it runs."""

import json
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .processes import Failure
from .sides import CHAT, NAMES, PEERS, QUESTION, STORED, Binaries, Side, launch, start, start_model

TOKENS, PACED_TOKENS, PACED_INTERVAL_MS, PACED_STREAMS, PACED_RAMP_MS = 20, 50, 20, 1000, 1000
TURNS_PER_SESSION = 50
ANSWER = "Thanks for reaching out."
FAULTS = ("errors", "non_2xx", "bad_answers", "unfinished")
# Of several rounds the worst counts; of everything else the median.
WORST_HIGH = {"gap_max_ms", "max_ms", "peak_mb"}

Figures = dict[str, float]


@dataclass(frozen=True)
class Case:
    name: str
    mode: str  # of the load generator
    connections: int
    sides: tuple[str, ...] = tuple(NAMES)
    stored: bool = False


CASES = [
    *(Case(f"{mode}_{count}", mode, count) for mode in ("plain", "stream") for count in (1, 16, 128)),
    Case("session_1", "plain", 1, tuple(STORED), stored=True),
    Case("paced_1000", "paced", PACED_STREAMS),
]
START_CASE = "start"
CASE_NAMES = [*(case.name for case in CASES), START_CASE]


@dataclass
class Plan:
    sides: list[str]
    cases: list[str]
    rounds: int
    seconds: int
    quick: bool
    folder: Path
    binaries: Binaries


def say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def body_of(case: Case, session: str) -> dict:
    body: dict = {"model": "bench", "messages": [{"role": "user", "content": QUESTION}]}
    if case.stored:
        body["metadata"] = {"session_id": session}
    if case.mode != "plain":
        body["stream"] = True
    return body


def load(plan: Plan, case: Case, side: Side, session: str, seconds: int) -> Figures:
    """One run of the load generator."""
    body = plan.folder / "body.json"
    body.write_text(json.dumps(body_of(case, session)))
    command = [str(plan.binaries.load), "--url", f"http://127.0.0.1:{side.port}{CHAT}", "--body", str(body),
               "--mode", case.mode, "--connections", str(case.connections), "--seconds", str(seconds)]
    for name, value in side.headers.items():
        command += ["--header", f"{name}: {value}"]
    if case.mode == "plain":
        command += ["--expect", ANSWER]
    else:
        command += ["--tokens", str(PACED_TOKENS if case.mode == "paced" else TOKENS)]
    if case.mode == "paced":
        command += ["--ramp-ms", str(PACED_RAMP_MS), "--timeout-seconds", "120"]
    if case.stored:
        command += ["--turns-per-session", str(TURNS_PER_SESSION)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode not in (0, 1) or not result.stdout.startswith("{"):
        raise Failure(f"the load generator failed with code {result.returncode} on {side.name}, {case.name}")
    return json.loads(result.stdout)


def measure(plan: Plan, case: Case, side: Side, number: int) -> Figures:
    """One round of a case on a side, with CPU time and peak memory of the side's processes."""
    prefix = f"{case.name}-{number}-"
    if number == 0 and case.mode != "paced":
        load(plan, case, side, f"warm-{prefix}@SESSION-NUMBER@", 1)
    side.process.reset_peak()
    before = side.process.cpu_seconds()
    figures = load(plan, case, side, f"{prefix}@SESSION-NUMBER@", plan.seconds)
    side.process.require_alive()
    used = side.process.cpu_seconds() - before
    figures["cpu_us"] = used * 1e6 / figures["complete"] if figures["complete"] else 0
    figures["peak_mb"] = side.process.memory_mb("VmHWM")
    if case.stored:
        side.check_stored(prefix + "0" * 16)
    faults = sum(figures[name] for name in FAULTS)
    times = f"p50 {figures['p50_ms']:.3f} ms, p99 {figures['p99_ms']:.3f} ms"
    say(f"{case.name} {side.name}: {figures['rps']:.0f}/s, {times}" + (f", {faults:.0f} FAULTS" if faults else ""))
    return figures


def summary(rounds: list[Figures]) -> Figures:
    result: Figures = {}
    for key in rounds[0]:
        values = [figures[key] for figures in rounds]
        if key in FAULTS:
            result[key] = sum(values)
        elif key == "complete":
            result[key] = min(values)
        else:
            result[key] = max(values) if key in WORST_HIGH else statistics.median(values)
    return result


def run_case(plan: Plan, case: Case, sides: dict[str, Side]) -> dict[str, Figures]:
    """All rounds, the sides taking turns, each round beginning with another one."""
    names = [name for name in case.sides if name in sides]
    rounds: dict[str, list[Figures]] = {name: [] for name in names}
    for number in range(plan.rounds):
        shift = number % len(names) if names else 0
        for name in names[shift:] + names[:shift]:
            # A peer takes half a minute and more for the paced streams: one round shows as much as several.
            if case.mode == "paced" and name in PEERS and (plan.quick or number > 0):
                continue
            rounds[name].append(measure(plan, case, sides[name], number))
    return {name: summary(figures) for name, figures in rounds.items() if figures}


def run_loads(plan: Plan, paced: bool):
    """Starts the model and all sides once, and yields each case's figures. Paced cases have a model of their own."""
    cases = [case for case in CASES if case.name in plan.cases and (case.mode == "paced") == paced]
    if not cases:
        return
    options = ["--tokens", str(PACED_TOKENS if paced else TOKENS)]
    if paced:
        options += ["--interval-ms", str(PACED_INTERVAL_MS)]
    folder = plan.folder / ("paced" if paced else "instant")
    with ExitStack() as stack:
        model = start_model(plan.binaries, folder / "model", options)
        stack.callback(model.process.stop)
        sides = {"direct": model} if "direct" in plan.sides else {}
        for name in plan.sides:
            if name != "direct":
                sides[name] = start(name, plan.binaries, folder / name, model.port)
                stack.callback(sides[name].process.stop)
        for case in cases:
            yield case.name, run_case(plan, case, sides)


def first_answer_ms(plan: Plan, name: str, model_port: int) -> tuple[float, float]:
    """From the start of the process to its first answered chat; and the memory a second later, in MB."""
    body = {"model": "bench", "messages": [{"role": "user", "content": QUESTION}]}
    begin = time.perf_counter()
    side = launch(name, plan.binaries, plan.folder / "start" / name, model_port)
    try:
        while time.perf_counter() - begin < 60:
            side.process.require_alive()
            try:
                status, text = side.chat(body)
                if status == 200 and ANSWER.encode() in text:
                    elapsed = (time.perf_counter() - begin) * 1000
                    time.sleep(1)
                    return elapsed, side.process.memory_mb("VmRSS")
            except OSError:
                pass
            time.sleep(0.001)
        raise Failure(f"{name} did not answer a chat within 60 s; its output is in {side.process.log}")
    finally:
        side.process.stop()


def run_start(plan: Plan) -> dict[str, Figures]:
    """Start time with the agent already stored by an earlier start, and memory at rest."""
    results: dict[str, Figures] = {}
    model = start_model(plan.binaries, plan.folder / "start" / "model", [])
    try:
        for name in [name for name in ("apus", "peer") if name in plan.sides]:
            start(name, plan.binaries, plan.folder / "start" / name, model.port).process.stop()
            measured = [first_answer_ms(plan, name, model.port) for _ in range(max(3, plan.rounds))]
            results[name] = {"start_ms": statistics.median(ms for ms, _ in measured),
                             "idle_mb": statistics.median(mb for _, mb in measured)}
            say(f"start {name}: {results[name]['start_ms']:.0f} ms, {results[name]['idle_mb']:.0f} MB at rest")
    finally:
        model.process.stop()
    return results
