"""What runs the task: Apus over HTTP, and LangGraph in a process of its own, over the same model server."""

import http.client
import json
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from harness.processes import Failure, Process, free_port, request
from harness.sides import AUTHORIZATION, CHAT, ROOT, TOKEN, Binaries, Side, start_model

STEPS = ["Collect the facts", "Weigh them", "Look for what is missing", "Compare the options", "Recommend"]
CALLS = len(STEPS) + 1  # the composing one is the last
TASK = "Which of the two kettles in the attached list should we buy for the office?"
FAULTS = ("errors", "non_2xx", "bad_answers", "unfinished")

Figures = dict[str, float]


def at(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def figures(times: list[float]) -> Figures:
    return {"p50_ms": at(times, 0.5), "p99_ms": at(times, 0.99), "max_ms": max(times), "complete": len(times)}


class World:
    """A model server with these options, Apus, and LangGraph where its packages are; all end with the `with` block."""

    def __init__(self, binaries: Binaries, folder: Path, model_options: list[str], **settings: str):
        self.binaries, self.folder, self.options, self.settings = binaries, folder, model_options, settings
        self.stack = ExitStack()

    def __enter__(self) -> "World":
        try:
            self.model = start_model(self.binaries, self.folder, self.options)
            self.stack.callback(self.model.process.stop)
            self.apus = self._apus(f"http://127.0.0.1:{self.model.port}")
            self.peer = self._peer(f"http://127.0.0.1:{self.model.port}") if self.binaries.python.exists() else None
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stack.close()

    def _apus(self, model: str) -> Side:
        port = free_port()
        environment = {"RUNTIME_TOKEN": TOKEN, "PORT": str(port), "HOST": "127.0.0.1", "LOG_LEVEL": "ERROR",
                       "LLM_PROXY_URL": model, "DATABASE_URL": f"sqlite:///{self.folder / 'apus.sqlite'}",
                       **self.settings}
        process = Process("apus", [str(self.binaries.apus), "serve"], environment, self.folder)
        self.stack.callback(process.stop)
        process.wait_ready(port, "/ping")
        side = Side("apus", port, process, self.folder, AUTHORIZATION)
        for parallel in (False, True):
            config = {"taskSteps": {"steps": STEPS, "parallelExecution": parallel},
                      "validation": {"strictMode": True, "outputFormat": "text"}}
            name = "parallel" if parallel else "sequential"
            make(side, {"id": name, "name": name, "template_id": "task-execution-bot", "template_config": config})
        make(side, {"id": "conversation", "name": "conversation", "template_id": "customer-service-bot"})
        return side

    def _peer(self, model: str) -> Process:
        command = [str(self.binaries.python), str(ROOT / "Benchmarks/peers/task_peer.py"), model,
                   str(self.folder / "peer.sqlite")]
        settings = {"LANGSMITH_TRACING": "false", "PYTHONDONTWRITEBYTECODE": "1"}
        peer = Process("peer", command, settings, self.folder, is_asked=True)
        self.stack.callback(peer.stop)
        peer.ask(None)
        return peer

    def load(self, side: Side, agent: str, count: int, connections: int = 1, session: str = "",
             stream: bool = False) -> Figures:
        """Figures of the load generator, which checks each answer. A run has a session of its own, if any."""
        body: dict = {"model": agent, "messages": [{"role": "user", "content": TASK}]}
        if session:
            body["metadata"] = {"session_id": f"{session}-@SESSION-NUMBER@"}
        if stream:
            body["stream"] = True
        file = self.folder / "body.json"
        file.write_text(json.dumps(body))
        command = [str(self.binaries.load), "--url", f"http://127.0.0.1:{side.port}{CHAT}", "--body", str(file),
                   "--mode", "stream" if stream else "plain", "--count", str(count), "--connections", str(connections),
                   "--turns-per-session", "1", "--timeout-seconds", "60"]
        for name, value in side.headers.items():
            command += ["--header", f"{name}: {value}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300, check=False)
        found = json.loads(done.stdout or "{}")
        side.process.require_alive()
        if done.returncode != 0 or found["complete"] != count:
            raise Failure(f"{side.name}, {agent}: wrong or missing answers: {found}")
        return found

    def ask_peer(self, runs: int, at_once: int = 1, stored: bool = False, parallel: bool = False) -> dict:
        question = {"runs": runs, "at_once": at_once, "stored": stored, "parallel": parallel, "task": TASK}
        return self.peer.ask(question, 300)

    def stored_bytes(self) -> int:
        """Of Apus's database, its log included."""
        return sum(file.stat().st_size for file in self.folder.glob("apus.sqlite*"))

    def watch_parallel(self) -> tuple[float, float]:
        """A streamed run of the parallel task: milliseconds from the chunk that tells of the first step's start to the
        one that tells of the last step's end, and the longest step by its own `duration_ms`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.apus.port, timeout=60)
        body = {"model": "parallel", "messages": [{"role": "user", "content": TASK}], "stream": True}
        begun = ended = None
        longest = 0.0
        try:
            connection.request("POST", CHAT, json.dumps(body), {"Content-Type": "application/json", **AUTHORIZATION})
            for line in connection.getresponse():
                if not line.startswith(b"data: {"):
                    continue
                steps = [step for step in json.loads(line[6:]).get("metadata", {}).get("execution_steps", [])
                         if step["step"].startswith("task_step_")]
                if steps and begun is None:
                    begun = time.perf_counter()
                if len(steps) == len(STEPS) and ended is None and all(s["status"] == "completed" for s in steps):
                    ended = time.perf_counter()
                    longest = max(step["duration_ms"] for step in steps)
        finally:
            connection.close()
        if begun is None or ended is None:
            raise Failure("a stream did not tell of its steps")
        return (ended - begun) * 1000, longest


def make(side: Side, agent: dict) -> None:
    status, text = request(side.port, "POST", "/v1/agents", agent, AUTHORIZATION)
    if status != 201:
        raise Failure(f"the agent was not created: {status} {text[:500]!r}")
