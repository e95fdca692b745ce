"""Runs the graph files on LangGraph and says, one JSON line a file, what came of each.

usage: reference.py [--out FOLDER] [--pretty] [NAME ...]

Without names, all files of graphs/. With --out, each line also goes to FOLDER/NAME.json. Exit 1 if a file cannot be
run, or if one of its `differs` notes no longer differs from LangGraph. The format is in README.md.
"""

import argparse
import asyncio
import json
import logging
import sys
from pathlib import Path

from lg.graphs import check_keys
from lg.scenario import run_file

GRAPHS = Path(__file__).resolve().parent / "graphs"
FILE_KEYS = {"name", "about", "covers", "limit", "graph", "scenario", "differs"}


def stale_notes(file: dict, result: dict) -> list[str]:
    """Notes on differences that LangGraph does not show (any more)."""
    stale = []
    for note in file.get("differs", []):
        check_keys("differs", note, {"statement", "why", "step", "expected"})
        found = result if note.get("step") is None else result["steps"][note["step"]]
        stale += [
            f"{file['name']}: '{key}' of step {note.get('step')} does not differ"
            for key, value in note["expected"].items()
            if found.get(key) == value
        ]
    return stale


def load(path: Path) -> dict:
    file = json.loads(path.read_text())
    check_keys(path.name, file, FILE_KEYS)
    if file["name"] != path.stem:
        raise LookupError(f"{path.name}: its name is '{file['name']}'")
    return file


async def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--pretty", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    paths = [GRAPHS / f"{name}.json" for name in options.names] or sorted(GRAPHS.glob("*.json"))
    # LangGraph warns of unknown targets instead of failing; that is what some files show.
    logging.disable(logging.WARNING)
    faults = []
    for path in paths:
        file = load(path)
        try:
            result = await run_file(file)
        except Exception as error:
            faults.append(f"{path.name}: {type(error).__name__}: {error}")
            continue
        faults += stale_notes(file, result)
        line = json.dumps(result, indent=2 if options.pretty else None, sort_keys=True)
        print(line)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / path.name).write_text(line + "\n")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
