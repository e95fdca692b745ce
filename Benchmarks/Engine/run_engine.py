"""Measures Apus's graph engine beside LangGraph on LangGraph's own benchmark tasks; README.md describes them.

Both sides take turns, each in a process of its own for every case, durability and round. Prints one JSON line a case,
then the tables of docs/benchmarks.md. scripts/bench-engine.sh builds what is needed and calls this.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import engine_report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TASKS = ["sequential_1000", "fanout_to_subgraph_100x", "react_agent_100x", "wide_state_25x300", "wide_state_9x1200"]
STORAGE = "storage_200_turns"
CASES = [task + store for task in TASKS for store in ("", "+memory", "+sqlite")] + [STORAGE]
DURABILITIES = ["async", "exit"]
SECONDS_MAX = 180

Figures = dict[str, Any]


class Failure(Exception):
    """Something that cannot be measured; the text says what."""


class Sides:
    """Runs either side of a variant of a case once."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder

    def ours(self, case: str, durability: str, *more: str) -> Figures:
        command = [self.options.binary, case, "--durability", durability, "--runs", str(self.options.runs), *more]
        return self._line(command)

    def langgraph(self, case: str, variant: dict[str, str]) -> Figures:
        script = HERE / "LangGraph" / "langgraph_bench.py"
        runs = str(self.options.langgraph_runs)
        return self._line([self.options.python, script, case, "--runs", runs, "--variant", json.dumps(variant)])

    def _line(self, command: list[Any]) -> Figures:
        words = [str(word) for word in command]
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            try:
                ended = subprocess.run(
                    [*words, "--folder", folder], stdout=subprocess.PIPE, text=True, timeout=SECONDS_MAX
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Failure(f"{' '.join(words)}: {error}") from None
        if ended.returncode != 0:
            raise Failure(f"{' '.join(words)}: ended with {ended.returncode}")
        return json.loads(ended.stdout)


def say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def merged(rounds: list[Figures]) -> Figures:
    """The median of each time, the highest peak; what a task fixes must be the same in all rounds."""
    figures = dict(rounds[0])
    if len({item["check"] for item in rounds}) != 1:
        raise Failure(f"{figures['case']}: the rounds came to different states")
    for key, value in figures.items():
        values = [item[key] for item in rounds]
        if key == "peak_rss_mb":
            figures[key] = max(values)
        elif key == "runs":
            figures[key] = sum(values)
        elif isinstance(value, float):
            figures[key] = round(statistics.median(values), 6)
    if figures.get("events"):
        figures["events_per_s"] = round(figures["events"] / figures["ms"] * 1000)
    return figures


def in_turns(count: int, parts: dict[str, Any]) -> dict[str, Figures]:
    """Calls every part once a round."""
    found: dict[str, list[Figures]] = {name: [] for name in parts}
    for _ in range(count):
        for name, part in parts.items():
            found[name].append(part())
    return {name: merged(rounds) for name, rounds in found.items()}


def measure(case: str, sides: Sides, rounds: int) -> Figures:
    """All variants of a task's case, and the line of the best that LangGraph does."""
    stored = "+" in case
    parts: dict[str, Any] = {}
    for way in DURABILITIES if stored else [""]:
        parts[f"langgraph {way}"] = lambda way=way: sides.langgraph(case, {"durability": way})
        parts[f"ours {way}"] = lambda way=way: sides.ours(case, way or "async")
    if not stored:
        for reading in ("none", "sequence"):
            parts[f"ours {reading}"] = lambda reading=reading: sides.ours(case, "async", "--reading", reading)
    if case == "sequential_1000":
        parts["ours main_actor"] = lambda: sides.ours(case, "async", "--main-actor")
    found = in_turns(rounds, parts)
    ways = DURABILITIES if stored else [""]
    fastest = min(ways, key=lambda way: found[f"langgraph {way}"]["ms"])
    return line(case, found, fastest, f"ours {fastest}", f"langgraph {fastest}", stored)


def measure_storage(sides: Sides, rounds: int) -> Figures:
    """Storage: against LangGraph's usual channel; its delta channel, which is beta, stands beside it."""
    parts: dict[str, Any] = {}
    for way in DURABILITIES:
        parts[f"ours {way}"] = lambda way=way: sides.ours(STORAGE, way)
        for channel in ("default", "delta"):
            variant = {"durability": way, "channel": channel}
            parts[f"langgraph {way} {channel}"] = lambda variant=variant: sides.langgraph(STORAGE, variant)
    found = in_turns(rounds, parts)
    fastest = min(DURABILITIES, key=lambda way: found[f"langgraph {way} default"]["ms"])
    result = line(STORAGE, found, fastest, f"ours {fastest}", f"langgraph {fastest} default", False)
    delta = min((found[f"langgraph {way} delta"]["ms"] for way in DURABILITIES))
    usual = found["langgraph async default"]["ms"]
    result["ratio_delta_channel"] = round(delta / result["ours_ms"], 2)
    result["ours_default_ms"] = found["ours async"]["ms"]
    result["langgraph_default_ms"] = usual
    result["ratio_default"] = round(usual / found["ours async"]["ms"], 2)
    return result


def line(case: str, found: dict[str, Figures], way: str, ours: str, other: str, has_default: bool) -> Figures:
    mine, theirs = found[ours], found[other]
    result: Figures = {
        "case": case,
        "ours_ms": mine["ms"],
        "langgraph_ms": theirs["ms"],
        "ratio": round(theirs["ms"] / mine["ms"], 2),
        "durability": way or None,
        "checks_equal": len({figures["check"] for figures in found.values()}) == 1,
    }
    if has_default:
        result["ours_default_ms"] = found["ours async"]["ms"]
        result["langgraph_default_ms"] = found["langgraph async"]["ms"]
        result["ratio_default"] = round(found["langgraph async"]["ms"] / found["ours async"]["ms"], 2)
    result["variants"] = {
        name: {key: value for key, value in figures.items() if key not in ("case", "durability", "channel")}
        for name, figures in ((name.strip(), figures) for name, figures in found.items())
    }
    return result


def positive(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 to 1000")
    return int(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench-engine.sh", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {' '.join(CASES)}; without any, all")
    parser.add_argument("--rounds", type=positive, default=3, help="of each side of each case (default 3)")
    parser.add_argument("--runs", type=positive, default=100, help="of ours in each round (default 100)")
    parser.add_argument("--langgraph-runs", type=positive, default=3, help="of LangGraph's in each round (default 3)")
    parser.add_argument("--quick", action="store_true", help="1 round: does it work, not how fast is it")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build-release/release/bench-engine")
    parser.add_argument("--python", type=Path, default=ROOT / ".venv-engine/bin/python")
    options = parser.parse_args()
    if unknown := [case for case in options.cases if case not in CASES]:
        parser.error(f"{unknown} unknown; possible: {' '.join(CASES)}")
    if options.quick:
        options.rounds, options.runs, options.langgraph_runs = 1, 3, 1
    return options


def main() -> int:
    options = arguments()
    cases = options.cases or CASES
    lines = []
    # Beside the build, not in the system's temporary folder: that may be memory, where a database's sync costs nothing.
    (ROOT / ".build-bench").mkdir(exist_ok=True)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        with tempfile.TemporaryDirectory(prefix="engine-", dir=ROOT / ".build-bench") as folder:
            sides = Sides(options, Path(folder))
            for number, case in enumerate(cases, 1):
                say(f"{case} ({number} of {len(cases)})")
                rounds = options.rounds
                lines.append(measure_storage(sides, rounds) if case == STORAGE else measure(case, sides, rounds))
                print(json.dumps(lines[-1]), flush=True)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    print("\n" + engine_report.markdown(lines, options))
    if unequal := [item["case"] for item in lines if not item["checks_equal"]]:
        print(f"error: the sides came to different states, the figures do not count: {unequal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
