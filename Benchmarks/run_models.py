#!/usr/bin/env python3
"""What failing model services, leaving callers and long tool loops cost: Apus against itself with a model that works.

Run by scripts/bench-models.sh, which builds what is needed. Prints one JSON line a case.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.processes import Failure, Process, free_port, request
from harness.sides import AGENT, AUTHORIZATION, CHAT, QUESTION, TOKEN, Binaries, Side, start_model

BINARIES = Binaries()
BODY = {"model": "bench", "messages": [{"role": "user", "content": QUESTION}]}


def apus(folder: Path, name: str, agent: dict | None = None, **settings: str) -> Side:
    """A started runtime with the agent `bench`."""
    folder = folder / name
    folder.mkdir()
    port = free_port()
    environment = {"RUNTIME_TOKEN": TOKEN, "PORT": str(port), "HOST": "127.0.0.1", "LOG_LEVEL": "ERROR",
                   "MAX_CONCURRENT_AGENTS": "5000", "DATABASE_URL": f"sqlite:///{folder / 'apus.sqlite'}", **settings}
    side = Side(name, port, Process(name, [str(BINARIES.apus), "serve"], environment, folder), folder, AUTHORIZATION)
    side.process.wait_ready(port, "/ping")
    status, text = request(port, "POST", "/v1/agents", {**AGENT, **(agent or {})}, AUTHORIZATION)
    if status != 201:
        raise Failure(f"the agent was not created: {status} {text[:500]!r}")
    return side


def load(side: Side, count: int, connections: int, mode: str = "plain") -> dict:
    """The load generator's figures; it ends with an error if one answer was wrong."""
    body = side.folder / f"{mode}.json"
    body.write_text(json.dumps({**BODY, **({"stream": True} if mode == "stream" else {})}))
    command = [str(BINARIES.load), "--url", f"http://127.0.0.1:{side.port}{CHAT}", "--body", str(body), "--mode", mode,
               "--count", str(count), "--connections", str(connections),
               "--header", f"Authorization: Bearer {TOKEN}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    figures = json.loads(done.stdout or "{}")
    figures["failed"] = done.returncode != 0
    return figures


def stats(model: Side) -> dict:
    return json.loads(request(model.port, "GET", "/stats")[1])


def failing(folder: Path, count: int, connections: int) -> None:
    """An upstream that fails 20 % before the first byte, and one that works: against the same without failures."""
    good = start_model(BINARIES, folder / "good", [])
    bad = start_model(BINARIES, folder / "bad", ["--fail-percent", "20"])
    sides = {
        "none": apus(folder, "apus-whole", LLM_PROXY_URL=f"http://127.0.0.1:{good.port}"),
        "20%": apus(folder, "apus-failing", LLM_PROXY_URL=f"http://127.0.0.1:{bad.port}", OPENAI_API_KEY="key",
                    OPENAI_BASE_URL=f"http://127.0.0.1:{good.port}/v1")}
    try:
        for mode in ("plain", "stream"):
            figures = {name: load(side, count, connections, mode) for name, side in sides.items()}
            print(json.dumps({"case": f"failing_20_percent_{mode}", "requests": count, "connections": connections,
                              "any_failed": figures["20%"]["failed"], "without_failures": figures["none"],
                              "with_failures": figures["20%"]}), flush=True)
    finally:
        for side in [*sides.values(), good, bad]:
            side.process.stop()


def dead(folder: Path, count: int) -> None:
    """A dead upstream after its breaker opened, against the fallback asked directly; one connection, by turns."""
    good = start_model(BINARIES, folder / "good-2", [])
    url = f"http://127.0.0.1:{good.port}"
    sides = {
        "direct": apus(folder, "apus-direct", OPENAI_API_KEY="key", OPENAI_BASE_URL=f"{url}/v1"),
        "fallback": apus(folder, "apus-fallback", LLM_PROXY_URL=f"http://127.0.0.1:{free_port()}",
                         OPENAI_API_KEY="key", OPENAI_BASE_URL=f"{url}/v1")}
    try:
        for side in sides.values():
            load(side, 200, 1)
        rounds: dict[str, list[float]] = {"direct": [], "fallback": []}
        for _ in range(6):
            for name, side in sides.items():
                figures = load(side, count, 1)
                rounds[name].append(figures["p50_ms"])
        best = {name: min(values) for name, values in rounds.items()}
        print(json.dumps({"case": "open_breaker", "direct_p50_ms": best["direct"], "fallback_p50_ms": best["fallback"],
                          "ratio": round(best["fallback"] / best["direct"], 3)}), flush=True)
    finally:
        for side in [*sides.values(), good]:
            side.process.stop()


def leaving(folder: Path, count: int) -> None:
    """Callers that leave a stream under way: how soon the upstream connection is closed, and what stays behind."""
    model = start_model(BINARIES, folder / "slow", ["--interval-ms", "500", "--tokens", "100"])
    side = apus(folder, "apus-leaving", LLM_PROXY_URL=f"http://127.0.0.1:{model.port}")
    body = json.dumps({**BODY, "stream": True}).encode()
    head = (f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    times = []
    try:
        memory = memory_kb(side)
        for number in range(count):
            with socket.create_connection(("127.0.0.1", side.port)) as caller:
                caller.sendall(head + body)
                while stats(model)["active"] < 1:
                    time.sleep(0.0005)
                left = time.perf_counter()
            while stats(model)["active"] > 0:
                if time.perf_counter() - left > 5:
                    raise Failure(f"request {number}: the upstream connection is open 5 s after its caller left")
                time.sleep(0.0005)
            times.append((time.perf_counter() - left) * 1000)
        times.sort()
        print(json.dumps({"case": "callers_that_leave", "count": count, "p50_ms": round(times[count // 2], 2),
                          "max_ms": round(times[-1], 2), "upstream_connections_left": stats(model)["connections"] - 1,
                          "memory_kb_before": memory, "memory_kb_after": memory_kb(side)}), flush=True)
    finally:
        side.process.stop()
        model.process.stop()


def memory_kb(side: Side) -> int:
    text = Path(f"/proc/{side.process.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")))


def looping(folder: Path, turns: int) -> None:
    """A loop of so many tool turns over a model and a tool that answer at once, without a session and with one."""
    model = start_model(BINARIES, folder / "calling", ["--tool-turns", str(turns)])
    toolsets = folder / "toolsets.yaml"
    toolsets.write_text("toolsets:\n  math:\n    builtin:\n      tools: [calculator]\n")
    side = apus(folder, "apus-looping", {"toolsets": ["math"], "limits": {"max_tool_turns": turns}},
                LLM_PROXY_URL=f"http://127.0.0.1:{model.port}", TOOLSETS_FILE=str(toolsets))
    try:
        for name in ("stateless", "session"):
            times = []
            for number in range(6):
                body = {**BODY, **({"metadata": {"session_id": f"s{number}"}} if name == "session" else {})}
                start = time.perf_counter()
                status, text = side.chat(body)
                times.append((time.perf_counter() - start) * 1000)
                steps = json.loads(text)["metadata"]["execution_steps"]
                if status != 200 or sum(step["step"] == "call_tool_calculator" for step in steps) != turns:
                    raise Failure(f"the loop did not take {turns} turns: {status} {text[:300]!r}")
            print(json.dumps({"case": f"tool_loop_{name}", "turns": turns, "first_ms": round(times[0], 1),
                              "best_ms": round(min(times), 1)}), flush=True)
    finally:
        side.process.stop()
        model.process.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--leave", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--apus", type=Path, default=BINARIES.apus, help="the binary that is measured")
    options = parser.parse_args()
    BINARIES.apus = options.apus.resolve()
    with tempfile.TemporaryDirectory(prefix="apus-bench-") as name:
        folder = Path(name)
        try:
            failing(folder, options.requests, options.connections)
            dead(folder, 2000)
            leaving(folder, options.leave)
            looping(folder, options.turns)
        except Failure as failure:
            print(f"error: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
