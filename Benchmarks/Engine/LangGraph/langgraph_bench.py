"""LangGraph's side of the engine benchmark: one JSON line a case on standard output.

usage: langgraph_bench.py [--list] [--runs N] [--folder FOLDER] [CASE ...]

Cases are the names of README.md, such as sequential_1000+memory; without any, all. Every case with its durability runs
in a process of its own, so that its peak memory is its own. --folder is where SQLite's files go (a temporary folder in
the current one unless given).
"""

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from inputs import check
from storage import CHANNELS, storage
from tasks import TASKS, Task

DURABILITIES = ["async", "exit"]
STORES = ["", "+memory", "+sqlite"]
STORAGE = "storage_200_turns"
SECONDS_MAX = 20


def all_cases() -> list[str]:
    return [name + store for name in TASKS for store in STORES] + [STORAGE]


def variants(case: str) -> list[dict[str, str]]:
    """The processes of a case: its durabilities and, for storage, its channels."""
    if case == STORAGE:
        return [{"durability": way, "channel": channel} for channel in CHANNELS for way in DURABILITIES]
    return [{"durability": way} for way in DURABILITIES] if "+" in case else [{"durability": ""}]


@asynccontextmanager
async def saver_for(store: str, folder: Path) -> AsyncIterator[Any]:
    if store == "sqlite":
        async with AsyncSqliteSaver.from_conn_string(str(folder / f"{uuid.uuid4()}.db")) as saver:
            await saver.setup()
            yield saver
    else:
        yield InMemorySaver() if store == "memory" else None


def memory_bytes(saver: InMemorySaver) -> int:
    """Bytes of all that the saver holds in serialized form."""
    checkpoints = [part for spaces in saver.storage.values() for all_ in spaces.values() for part in all_.values()]
    writes = [write for of_task in saver.writes.values() for write in of_task.values()]
    pairs = [item for parts in [*checkpoints, *writes] for item in parts if isinstance(item, tuple)]
    serialized = [pair[1] for pair in [*pairs, *saver.blobs.values()] if len(pair) == 2]
    return sum(len(data) for data in serialized if isinstance(data, bytes))


async def run_once(task: Task, store: str, durability: str, folder: Path) -> tuple[float, int, int, str]:
    """One run on a new checkpointer: seconds, events, bytes stored, check."""
    async with saver_for(store, folder) as saver:
        graph = task.compile(saver)
        config = {"configurable": {"thread_id": "1"}, "recursion_limit": 1_000_000}
        options = {"durability": durability} if store else {}
        gc.collect()
        start = time.perf_counter()
        events = 0
        async for _ in graph.astream(task.given, config, stream_mode="updates", **options):
            events += 1
        seconds = time.perf_counter() - start
        final = await final_state(graph, task, config, bool(store))
        size = memory_bytes(saver) if store == "memory" else 0
    if store == "sqlite":
        files = list(folder.iterdir())
        size = sum(file.stat().st_size for file in files)
        for file in files:
            file.unlink()
    return seconds, events, size, check(task.lines(final))


async def final_state(graph: Any, task: Task, config: dict, stored: bool) -> dict:
    """The state after the run: what was stored or, without a checkpointer, of a second run that is not measured."""
    if stored:
        return (await graph.aget_state(config)).values
    return await task.compile(None).ainvoke(task.given, config)


async def measure(case: str, durability: str, runs: int, folder: Path) -> dict[str, Any]:
    name, _, store = case.partition("+")
    task = TASKS[name]()
    begin, found = time.perf_counter(), []
    await run_once(task, store, durability, folder)
    while len(found) < runs and time.perf_counter() - begin < SECONDS_MAX or not found:
        found.append(await run_once(task, store, durability, folder))
    seconds = statistics.median(item[0] for item in found)
    events, size, digest = found[0][1:]
    if events != task.events or len({item[3] for item in found}) != 1:
        raise RuntimeError(f"{case}: {events} events, {task.events} expected; checks {[item[3] for item in found]}")
    return {
        "ms": round(seconds * 1000, 3),
        "runs": len(found),
        "supersteps": task.supersteps,
        "ms_per_superstep": round(seconds * 1000 / task.supersteps, 5),
        "events": events,
        "events_per_s": round(events / seconds),
        "bytes": size,
        "check": digest,
    }


def peak_rss_mb() -> float:
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return round(int(kilobytes) / 1024, 1)


def child(case: str, variant: dict[str, str], runs: int, folder: Path) -> None:
    """Runs one variant in this process and prints its line."""
    durability = variant["durability"]
    if case == STORAGE:
        work = storage(variant["channel"], durability, folder)
    else:
        work = measure(case, durability, runs, folder)
    line = {"case": case, "durability": durability or None, **uvloop.run(work), "peak_rss_mb": peak_rss_mb()}
    print(json.dumps(line), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--variant", type=json.loads)
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    cases = options.cases or all_cases()
    if options.list:
        print("\n".join(cases))
        return 0
    if options.variant:
        child(cases[0], options.variant, options.runs, options.folder)
        return 0
    for case in cases:
        for variant in variants(case):
            with tempfile.TemporaryDirectory(dir=options.folder or Path.cwd()) as folder:
                command = [sys.executable, __file__, "--runs", str(options.runs), "--folder", folder]
                subprocess.run([*command, "--variant", json.dumps(variant), case], check=True, timeout=180)
    return 0


if __name__ == "__main__":
    sys.exit(main())
