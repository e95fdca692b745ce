"""The cases: which calls go to which sides, and what is measured beside them."""

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.processes import Failure, Process

from . import commands
from .sides import (LANGUAGES, LIBRARIES, POOL, Case, Contract, Figures, Http, Library, Spawned, Tools, nothing, say)

OWN = ["contract", "contract_cold", "http", "http_cold"]
SPAWNED = {"plain": commands.plain, "bubblewrap": commands.bubblewrap, "echo": nothing}
NAMES = [*OWN, "plain", "bubblewrap", *LIBRARIES, "echo"]
CALLERS = [1, 4, 16]
# Warm calls leave the pool the time to refill at the processor time that it is allowed: calls a round, ms between them.
WARM = {"python": (200, 20), "javascript": (100, 80), "typescript": (100, 80)}
OTHERS = (30, 20)
SUSTAINED_MS = 1000
QUICK_PART = 5
DEADLINE_MS, DEADLINE_CALLS, DEADLINE_CALLERS = 300, 50, 2
ENDLESS = {"python": "def main(input):\n    while True:\n        pass\n",
           "javascript": "export function main(input) {\n  for (;;) {}\n}\n",
           "typescript": "export function main(input: unknown): void {\n  for (;;) {}\n}\n"}

Results = dict[str, dict[str, Figures]]


@dataclass
class Plan:
    sides: list[str]
    languages: list[str]
    rounds: int
    is_quick: bool
    folder: Path
    tools: Tools

    def shorter(self, count: int) -> int:
        return max(2, count // QUICK_PART) if self.is_quick else count


class Sides:
    """All that was started, by name and language; the notes tell of what is missing or how it was."""

    def __init__(self, plan: Plan, stack: ExitStack) -> None:
        self.plan, self.stack = plan, stack
        self.found: dict[tuple[str, str], object] = {}
        self.versions: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.about: dict = {}
        self.idle: Figures | None = None
        # First and alone: what several pools share would be halved.
        for name in [name for name in NAMES if name in plan.sides]:
            self._start(name)

    def _folder(self, name: str) -> Path:
        folder = self.plan.folder / name
        folder.mkdir(parents=True)
        return folder

    def _start(self, name: str) -> None:
        tools = self.plan.tools
        if name in LIBRARIES:
            for language in [language for language in LIBRARIES[name] if language in self.plan.languages]:
                self._start_library(name, language)
            return
        if name in SPAWNED:
            self._add(name, Spawned(SPAWNED[name], self.plan.languages, tools, self._folder(name)))
            return
        kind = Contract if name.startswith("contract") else Http
        side = kind(tools, self._folder(name), (0, 0) if name.endswith("_cold") else POOL)
        self._add(name, side)
        if name == "contract":
            self.about = side.about
            self.idle = idle_pool(side.process)

    def _start_library(self, name: str, language: str) -> None:
        side = Library(name, language, self.plan.tools, self._folder(f"{name}-{language}"))
        if fault := side.about.get("error"):
            side.stop()
            self.missing[name] = fault
            say(f"{name} does not run here: {fault}")
            return
        self.versions[name] = side.about["version"]
        self._add(name, side)

    def _add(self, name: str, side) -> None:
        self.stack.callback(side.stop)
        for language in side.languages:
            self.found[name, language] = side

    def of(self, language: str, callers: int) -> dict[str, object]:
        return {name: side for (name, its), side in self.found.items()
                if its == language and callers <= side.callers_max}


def idle_pool(process: Process) -> Figures:
    """What the waiting pool takes, shared pages in parts; null where another user's processes cannot be read."""
    time.sleep(1)
    total, count = 0, 0
    for pid in process.children("apus-sandbox"):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except PermissionError:
            return {"pss_mb": None, "processes": None}
        except OSError:
            continue  # it ended meanwhile
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        count += 1
    return {"pss_mb": round(total * 1024 / 1e6, 1), "processes": count}


def summary(rounds: list[Figures]) -> Figures:
    """Medians; of the longest call the longest, and sums of what is counted."""
    result: Figures = {}
    for key in rounds[0]:
        values = [figures[key] for figures in rounds]
        if key in ("complete", "cold_starts"):
            result[key] = sum(values)
        else:
            result[key] = max(values) if key.endswith("max_ms") else round(statistics.median(values), 4)
    return result


def in_turns(plan: Plan, case: str, sides: dict[str, object], part) -> dict[str, Figures]:
    """All rounds, the sides taking turns, each round beginning with another one."""
    names = list(sides)
    rounds: dict[str, list[Figures]] = {name: [] for name in names}
    for number in range(plan.rounds):
        shift = number * len(names) // plan.rounds
        for name in names[shift:] + names[:shift]:
            figures = part(name, sides[name])
            rounds[name].append(figures)
            say(f"{case} {name}: p50 {figures['p50_ms']:.2f} ms, p99 {figures['p99_ms']:.2f} ms, "
                f"{figures['rps']:.0f}/s")
    return {name: summary(found) for name, found in rounds.items()}


def paused(plan: Plan, language: str, sides: Sides) -> dict[str, Figures]:
    """One caller who pauses between its calls: how long one takes."""
    def part(name: str, side) -> Figures:
        count, pause = WARM[language] if name in ("contract", "http") else OTHERS
        return side.measure({"language": language, "callers": 1, "pause_ms": pause, "count": plan.shorter(count),
                             "milliseconds": 0})
    return in_turns(plan, f"{language}_paused_1", sides.of(language, 1), part)


def sustained(plan: Plan, language: str, callers: int, sides: Sides) -> dict[str, Figures]:
    """Callers who ask again at once: how many calls a second."""
    case: Case = {"language": language, "callers": callers, "pause_ms": 0, "count": 0, "milliseconds": SUSTAINED_MS}
    # Where workers wait the pool is soon empty: with none of them it is nearly the same.
    chosen = {name: side for name, side in sides.of(language, callers).items()
              if not name.endswith("_cold") and name != "echo"}
    return in_turns(plan, f"{language}_sustained_{callers}", chosen, lambda name, side: side.measure(case))


def deadline(plan: Plan, language: str, contract: Contract) -> Figures:
    """Endless loops, as many at once as there are cores: how late their end is."""
    case = {"language": language, "callers": DEADLINE_CALLERS, "pause_ms": 0, "milliseconds": 0,
            "count": plan.shorter(DEADLINE_CALLS) // DEADLINE_CALLERS}
    found = contract.ask(case, source=ENDLESS[language], expected=None, timeout_ms=DEADLINE_MS)
    return {"complete": found["complete"], "timeout_ms": DEADLINE_MS,
            **{f"overshoot_{key}": round(found[key] - DEADLINE_MS, 3) for key in ("p50_ms", "max_ms", "wall_max_ms")}}


def run(plan: Plan, sides: Sides) -> Iterator[tuple[str, dict[str, Figures]]]:
    """Each case's figures, by side."""
    if sides.idle:
        yield "idle_pool", {"contract": sides.idle}
    for language in plan.languages:
        yield f"{language}_paused_1", paused(plan, language, sides)
        for callers in CALLERS:
            if sides.of(language, callers):
                yield f"{language}_sustained_{callers}", sustained(plan, language, callers, sides)
    for language in plan.languages:
        if ("contract", language) in sides.found:
            yield f"{language}_deadline", {"contract": deadline(plan, language, sides.found["contract", language])}


def check(plan: Plan) -> None:
    """That all programs are there. Throws `Failure` with everything that is missing."""
    tools = plan.tools
    needed = {tools.python, tools.deno}
    if any(name.startswith("contract") for name in plan.sides):
        needed |= {tools.beside("bench-sandbox"), tools.beside("apus-sandbox")}
    if any(name.startswith("http") for name in plan.sides):
        needed |= {tools.apus, tools.beside("apus-sandbox"), tools.load}
    if "bubblewrap" in plan.sides:
        needed.add(tools.bwrap)
    if any(name in LIBRARIES for name in plan.sides):
        needed.add(tools.libraries)
    if missing := sorted(str(path) for path in needed if not path.exists()):
        raise Failure(f"missing: {', '.join(missing)}. Run scripts/bench-sandbox.sh without --no-build, or leave what "
                      f"needs it out with --sides")
    if set(plan.languages) - set(LANGUAGES):
        raise Failure(f"languages are {', '.join(LANGUAGES)}")
