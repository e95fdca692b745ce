"""The program as a command of its own: an interpreter that gets the input as its last argument and prints the value.

Imported by the benchmark and, alone, by library.py in an environment of its own: the standard library only.
"""

import json
import math
from pathlib import Path

PYTHON_TAIL = "\nimport json, sys\nprint(json.dumps(main(json.loads(sys.argv[1]))))\n"
SCRIPT_TAIL = "\nconsole.log(JSON.stringify(main(JSON.parse(Deno.args[0]))));\n"
# What keeps Deno from looking around; it has no permission in any case.
DENO_RUN = ["run", "--no-prompt", "--quiet", "--no-remote", "--no-npm", "--no-config", "--no-lock"]
JAIL = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
        "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp"]


def script(folder: Path, language: str, source: str) -> Path:
    """The file that Deno is given, made once."""
    path = folder / ("main.ts" if language == "typescript" else "main.js")
    if not path.exists():
        path.write_text(source + SCRIPT_TAIL)
    return path


def plain(language: str, source: str, given: dict, tools: dict[str, str], folder: Path) -> list[str]:
    """An interpreter without any isolation but Deno's own permissions, of which it has none."""
    if language == "python":
        return [tools["python"], "-c", source + PYTHON_TAIL, json.dumps(given)]
    return [tools["deno"], *DENO_RUN, str(script(folder, language, source)), json.dumps(given)]


def bubblewrap(language: str, source: str, given: dict, tools: dict[str, str], folder: Path) -> list[str]:
    """The same in new namespaces: no network, no processes of others, of the files the system's programs alone."""
    inside = plain(language, source, given, tools, folder)
    if language == "python":
        return [tools["bwrap"], *JAIL, "--", *inside]
    path = f"/{script(folder, language, source).name}"
    inside[0], inside[-2] = "/deno", path
    return [tools["bwrap"], *JAIL, "--ro-bind", tools["deno"], "/deno", "--ro-bind", str(folder / path[1:]), path,
            "--setenv", "DENO_DIR", "/tmp/deno", "--", *inside]


def figures(times_ms: list[float], seconds: float) -> dict:
    """As the load generator and bench-sandbox count: the nearest rank."""
    ordered = sorted(times_ms)

    def at(part: float) -> float:
        return round(ordered[max(1, math.ceil(part * len(ordered))) - 1], 4)

    return {"complete": len(ordered), "seconds": round(seconds, 4), "rps": round(len(ordered) / seconds, 2),
            "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1)}
