#!/usr/bin/env python3
"""Writes the sandbox's bootstraps into the supervisor's header, so that its binary stands alone.

usage: scripts/embed.py [--check]     with --check it only says whether the header is up to date
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "Sources/AgentSandbox/Bootstrap"
HEADER = ROOT / "Sources/apus-sandbox/Bootstrap.h"
FILES = {
    "bootstrap_python": ["python.py", "python_worker.py", "python_check.py", "python_main.py"],
    "bootstrap_deno": ["deno.js"],
    "bootstrap_probe": ["probe.py"],
}


def text() -> str:
    parts = ["// Made by scripts/embed.py from Sources/AgentSandbox/Bootstrap: do not edit.\n#pragma once\n"]
    for name, files in FILES.items():
        content = b"\n\n".join((FOLDER / file).read_bytes() for file in files)
        parts.append(f"static const unsigned char {name}[] = {{{','.join(map(str, content))}}};\n")
    return "\n".join(parts)


if __name__ == "__main__":
    wanted = text()
    if sys.argv[1:] == ["--check"]:
        if not HEADER.exists() or HEADER.read_text() != wanted:
            sys.exit("Sources/apus-sandbox/Bootstrap.h is not made from the bootstraps: run scripts/embed.py")
    else:
        HEADER.write_text(wanted)
