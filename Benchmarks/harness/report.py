"""What comes out: a JSON line a case, the tables, the targets, and their place in the documentation."""

import datetime
import json
import os
import platform
from pathlib import Path

from .cases import CASE_NAMES, FAULTS, PACED_INTERVAL_MS, PACED_STREAMS, Figures
from .sides import NAMES, PEERS

Results = dict[str, dict[str, Figures]]

# case, figure, what it is, "<=" or ">=", the limit
TARGETS = [
    ("plain_16", "ratio_peer", "plain, 16 connections: times the peer's rate, one worker", ">=", 40),
    ("plain_16", "ratio_peer_2", "the same, two workers", ">=", 40),
    ("stream_16", "ratio_peer", "20-token streams, 16 connections: times the peer's rate, one worker", ">=", 40),
    ("stream_16", "ratio_peer_2", "the same, two workers", ">=", 40),
    ("plain_16", "ratio_nginx", "plain, 16 connections: part of nginx's rate", ">=", 1 / 6),
    ("stream_16", "ratio_nginx", "streams, 16 connections: part of nginx's rate", ">=", 0.1),
    ("plain_16", "ratio_cpu", "plain: CPU a request, times the bare pass-through's", "<=", 1.4),
    ("stream_16", "ratio_cpu", "streams: CPU a request, times the bare pass-through's", "<=", 1.4),
    ("session_1", "ratio_peer", "stored session, 1 connection: times the peer's rate, one worker", ">=", 20),
    ("plain_1", "added_p50_ms", "added at 1 connection, p50, ms", "<=", 0.55),
    ("plain_1", "added_p99_ms", "added at 1 connection, p99, ms", "<=", 1.2),
    ("paced_1000", "apus_complete", f"{PACED_STREAMS} paced streams: complete", ">=", PACED_STREAMS),
    ("paced_1000", "ratio_direct_p50", "paced streams: p50 of the whole, times the model's own", "<=", 1.1),
    ("paced_1000", "apus_gap_max_ms", "paced streams: longest stall, ms", "<=", 10 * PACED_INTERVAL_MS),
    ("paced_1000", "apus_peak_mb", "paced streams: peak memory, MB", "<=", 150),
    ("start", "apus_start_ms", "start to first answered request, ms", "<=", 150),
    ("start", "apus_idle_mb", "memory at rest, MB", "<=", 60),
]
LINE_KEYS = ["rps", "p50_ms", "p90_ms", "p99_ms", "max_ms", "ttft_p50_ms", "ttft_p99_ms", "gap_p99_ms", "gap_max_ms",
             "complete", "cpu_us", "peak_mb", "start_ms", "idle_mb"]
COLUMNS = [
    ("rps", "per second", 1), ("p50_ms", "p50 ms", 3), ("p99_ms", "p99 ms", 3),
    ("ttft_p50_ms", "first token p50 ms", 3), ("ttft_p99_ms", "first token p99 ms", 3),
    ("gap_max_ms", "longest gap ms", 1), ("complete", "complete", 0), ("cpu_us", "CPU µs each", 0),
    ("peak_mb", "peak MB", 0), ("start_ms", "start ms", 0), ("idle_mb", "at rest MB", 0),
]


def ratio(upper: float | None, lower: float | None) -> float | None:
    return upper / lower if upper and lower else None


def case_line(case: str, sides: dict[str, Figures]) -> dict:
    """A case as one flat object: each side's figures, then Apus's ratios to the others."""
    line: dict = {"case": case}
    for name, figures in sides.items():
        line |= {f"{name}_{key}": round(figures[key], 4) for key in LINE_KEYS if key in figures}
        line[f"{name}_faults"] = sum(figures.get(fault, 0) for fault in FAULTS)
    apus = sides.get("apus")
    if apus and "rps" in apus:
        # One worker is how most run it; two use both cores, as Apus does.
        for name in PEERS:
            if name in sides:
                line[f"ratio_{name}"] = ratio(apus["rps"], sides[name]["rps"])
        for other in ("nginx", "passthrough", "direct"):
            if other in sides:
                line[f"ratio_{other}"] = ratio(apus["rps"], sides[other]["rps"])
        if "passthrough" in sides:
            line["ratio_cpu"] = ratio(apus["cpu_us"], sides["passthrough"]["cpu_us"])
        if "direct" in sides:
            line["ratio_direct_p50"] = ratio(apus["p50_ms"], sides["direct"]["p50_ms"])
            line["added_p50_ms"] = apus["p50_ms"] - sides["direct"]["p50_ms"]
            line["added_p99_ms"] = apus["p99_ms"] - sides["direct"]["p99_ms"]
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in line.items()}


def table(rows: list[list[str]]) -> str:
    """A Markdown table that can be read as it is: the first row is the head, the first column stands left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.rjust(width) if at else cell.ljust(width)
                                 for at, (cell, width) in enumerate(zip(cells, widths))) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(rows[0]), line(rule), *map(line, rows[1:])])


def case_table(sides: dict[str, Figures]) -> str:
    used = [column for column in COLUMNS if any(column[0] in figures for figures in sides.values())]
    rows = [["", *(title for _, title, _ in used)]]
    for name in [name for name in NAMES if name in sides]:
        figures = sides[name]
        rows.append([name, *(f"{figures[key]:,.{digits}f}" if key in figures else "" for key, _, digits in used)])
    return table(rows)


def target_rows(lines: list[dict]) -> list[list[str]]:
    by_case = {line["case"]: line for line in lines}
    rows = []
    for case, key, title, sign, limit in TARGETS:
        value = by_case.get(case, {}).get(key)
        if value is not None:
            met = value >= limit if sign == ">=" else value <= limit
            rows.append([title, f"{'at least' if sign == '>=' else 'at most'} {limit:.4g}", f"{value:,.3f}",
                         "yes" if met else "NO"])
    return rows


def machine() -> str:
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux {platform.release()}"


def markdown(results: Results, lines: list[dict], command: str, settings: str) -> str:
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    parts = [f"{date}, {machine()}. `{command}`: {settings}."]
    if targets := target_rows(lines):
        parts.append(table([["target", "required", "measured", "met"], *targets]))
    for case in [case for case in CASE_NAMES if results.get(case)]:
        parts.append(f"**{case}**\n\n{case_table(results[case])}")
    return "\n\n".join(parts) + "\n"


def write_docs(path: Path, text: str, name: str = "bench-http") -> None:
    """Puts the text between the section's markers; a file without them gets them at its end."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    old = path.read_text() if path.exists() else "# Benchmarks\n"
    section = f"{begin}\n{text}{end}"
    if begin in old and end in old:
        new = old[:old.index(begin)] + section + old[old.index(end) + len(end):]
    else:
        new = old.rstrip("\n") + f"\n\n## make {name}\n\n{section}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(new)


def print_line(line: dict) -> None:
    print(json.dumps(line), flush=True)
