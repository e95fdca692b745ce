"""The tables of docs/benchmarks.md, from the lines of run_engine.py."""

import argparse
from typing import Any

Line = dict[str, Any]

TEXT_BYTES = 200 * 3 * 400
# case: at least so many times as fast
RATIOS = {
    "sequential_1000": 150,
    "fanout_to_subgraph_100x": 50,
    "react_agent_100x": 50,
    "wide_state_25x300": 15,
    "wide_state_9x1200": 15,
}
NOTES = """Both sides read the same events (each task's update) to the end of the run: LangGraph's `astream`, ours as a
closure that the run waits for. Where checkpoints are saved, both sides have the same durability, the one that is
LangGraph's faster; `async` (saved after every superstep) is the default of both. States are equal: `check` is computed
by both sides from the final state.

Where values are held by reference and where encoded: without a checkpointer and with ours in memory nothing is ever
encoded; a checkpoint holds the state by reference, and the versions of a list share what they have in common (0 bytes
stored). LangGraph's in-memory saver keeps serialized bytes. On SQLite both sides encode; ours writes of a list what was
appended. LangGraph's peaks include about 75 MB of Python and its imports."""


def number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """The first column is text, the others are numbers."""
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]

    def row(cells: list[str]) -> str:
        padded = [cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in
                  enumerate(zip(cells, widths))]
        return "| " + " | ".join(padded) + " |"

    rule = "| " + " | ".join("-" * widths[0] if not place else "-" * (width - 1) + ":" for place, width in
                             enumerate(widths)) + " |"
    return "\n".join([row(heads), rule, *(row(cells) for cells in rows)])


def pairs(line: Line) -> list[tuple[str, Line, Line]]:
    """The variants that both sides have, by durability."""
    found = line["variants"]
    if "langgraph" in found:
        return [("", found["ours"], found["langgraph"])]
    return [(way, found[f"ours {way}"], found[f"langgraph {way}"]) for way in ("async", "exit")]


def task_tables(lines: list[Line]) -> list[str]:
    times, memory = [], []
    for line in lines:
        for way, ours, other in pairs(line):
            name = f"{line['case']} {way}".strip()
            times.append([
                name, number(ours["ms"], 3), number(other["ms"], 1), number(other["ms"] / ours["ms"], 0),
                number(ours["ms_per_superstep"] * 1000, 2), number(other["ms_per_superstep"] * 1000, 0),
                number(ours["events_per_s"], 0), number(other["events_per_s"], 0),
            ])
            memory.append([
                name, number(ours["peak_rss_mb"], 0), number(other["peak_rss_mb"], 0), number(ours["bytes"], 0),
                number(other["bytes"], 0), ours["check"],
            ])
    heads = ["case, durability", "ms", "LangGraph ms", "times as fast", "µs a superstep", "LangGraph", "events/s",
             "LangGraph"]
    more = ["case, durability", "peak MB", "LangGraph peak MB", "bytes stored", "LangGraph bytes", "check of both"]
    return [table(heads, times), table(more, memory)]


def reading_table(lines: list[Line]) -> str:
    rows = []
    for line in lines:
        found = line["variants"]
        if "ours none" in found:
            called = found.get("ours main_actor")
            rows.append([
                line["case"], number(found["ours none"]["ms"], 3), number(found["ours"]["ms"], 3),
                number(found["ours sequence"]["ms"], 3), number(called and called["ms"], 3),
            ])
    return table(["case, ms", "no events", "closure", "AsyncSequence", "closure, called from @MainActor"], rows)


def storage_table(line: Line) -> str:
    rows = []
    for name, figures in line["variants"].items():
        rows.append([
            name.replace("ours", "Apus").replace("langgraph", "LangGraph"), number(figures["ms_turns_1_10"], 3),
            number(figures["ms_turns_191_200"], 3), number(figures["bytes_per_turn_1_10"], 0),
            number(figures["bytes_per_turn_191_200"], 0), number(figures["bytes"], 0),
            number(figures.get("row_bytes_per_turn_1_10"), 0), number(figures.get("row_bytes_per_turn_191_200"), 0),
        ])
        if "ms_read_1_10" in figures:
            cells = ["the same, read from the file at each turn", number(figures["ms_read_1_10"], 3),
                     number(figures["ms_read_191_200"], 3)]
            rows.append(cells + [""] * 5)
    return table(["200 turns of 1,200 bytes of text", "ms a turn, 1–10", "191–200", "bytes a turn, 1–10", "191–200",
                  "bytes in all", "of that in rows, 1–10", "191–200"], rows)


def goals(lines: list[Line]) -> list[list[str]]:
    rows = []

    def goal(text: str, value: float, limit: float, at_least: bool, digits: int = 1) -> None:
        met = value >= limit if at_least else value <= limit
        rows.append([text, f"at {'least' if at_least else 'most'} {limit:g}", number(value, digits),
                     "yes" if met else "no"])

    for line in lines:
        task, _, store = line["case"].partition("+")
        if task in RATIOS and store != "sqlite":
            goal(f"{line['case']}: times as fast", line["ratio"], RATIOS[task], True)
        if line["case"] == "sequential_1000":
            goal("a superstep, µs", line["variants"]["ours none"]["ms_per_superstep"] * 1000, 2, False, 2)
        if line["case"] == "sequential_1000+memory":
            goal("a superstep that is checkpointed in memory, µs",
                 line["variants"]["ours async"]["ms_per_superstep"] * 1000, 5, False, 2)
        if task == "storage_200_turns":
            ours = line["variants"]["ours async"]
            goal("storage: times as fast at turn 200, default durability", line["ratio_default"], 50, True)
            goal("storage: bytes written in turns 191–200 to those of turns 1–10",
                 ours["row_bytes_per_turn_191_200"] / ours["row_bytes_per_turn_1_10"], 1.1, False, 2)
            goal("storage: time of turns 191–200 to that of turns 1–10",
                 ours["ms_turns_191_200"] / ours["ms_turns_1_10"], 1.1, False, 2)
            goal("storage: bytes in all to bytes of text", ours["bytes"] / TEXT_BYTES, 4, False, 2)
            goal("storage: read transactions a turn", ours["reads_per_turn"], 1, False, 2)
            goal("storage: write transactions a turn", ours["transactions_per_turn"], 1, False, 2)
            at_end = line["variants"]["ours exit"]["transactions_per_turn"]
            goal("storage: write transactions a turn, durability exit", at_end, 1, False, 2)
    return rows


def markdown(lines: list[Line], options: argparse.Namespace) -> str:
    tasks = [line for line in lines if line["case"] != "storage_200_turns"]
    storage = [line for line in lines if line["case"] == "storage_200_turns"]
    parts = [
        f"`make bench-engine`: {options.rounds} rounds, the sides in turns, {options.runs} runs of ours and "
        f"{options.langgraph_runs} of LangGraph's (under uvloop) a round, medians; every variant has a process of its own.",
        table(["goal", "limit", "measured", "met"], goals(lines)),
    ]
    if tasks:
        parts += task_tables(tasks)
    if any("ours none" in line["variants"] for line in tasks):
        parts.append(reading_table(tasks))
    parts += [storage_table(line) for line in storage]
    return "\n\n".join([*parts, NOTES])
