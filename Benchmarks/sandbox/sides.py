"""The ways to run the program: each side starts what it needs, and gives a case's figures.

A case: language, callers, pause_ms, and count (calls of each caller) or milliseconds (of calls without end).
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.processes import Failure, Process, free_port, request
from harness.sides import ROOT

from . import commands

HERE = Path(__file__).resolve().parent
LANGUAGES = ["python", "javascript", "typescript"]
PROGRAMS = {language: (HERE / "programs" / f"program.{suffix}").read_text()
            for language, suffix in zip(LANGUAGES, ("py", "js", "ts"))}
GIVEN = {"n": 20}
EXPECTED = {"n": 20, "fib": 6765}
TOKEN = "bench-token-" + secrets.token_hex(12)
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}
# As they are preset: Python's, and JavaScript's and TypeScript's together.
POOL = (8, 4)
FULL_SECONDS = 30

Case = dict
Figures = dict


@dataclass
class Tools:
    """Where the programs are that a side may need."""

    apus: Path = ROOT / ".build-release/release/apus"
    load: Path = ROOT / ".build-bench/load"
    libraries: Path = ROOT / ".venv-sandbox-bench/bin/python"
    python: Path = Path("/usr/bin/python3")
    deno: Path = ROOT / ".venv-sandbox/bin/deno"
    bwrap: Path = field(default_factory=lambda: Path(shutil.which("bwrap") or "/usr/bin/bwrap"))

    def beside(self, name: str) -> Path:
        """A program that is built with the service."""
        return self.apus.parent / name

    def words(self) -> dict[str, str]:
        return {"python": str(self.python), "deno": str(self.deno), "bwrap": str(self.bwrap)}


class Contract:
    """The `Sandbox` contract, called in the process that has the sandbox."""

    languages = LANGUAGES
    callers_max = 16

    def __init__(self, tools: Tools, folder: Path, pool: tuple[int, int]) -> None:
        self.process = Process("bench-sandbox", [
            str(tools.beside("bench-sandbox")), "--supervisor", str(tools.beside("apus-sandbox")), "--python",
            str(tools.python), "--deno", str(tools.deno), "--python-idle", str(pool[0]), "--deno-idle", str(pool[1]),
        ], {}, folder, is_asked=True)
        try:
            self.about = self.process.ask(None)
        except BaseException:
            self.process.stop()
            raise

    def ask(self, case: Case, **more: object) -> Figures:
        return self.process.ask({"source": PROGRAMS[case["language"]], "input": GIVEN, "expected": EXPECTED,
                                 "timeout_ms": 30_000, **case, **more})

    def measure(self, case: Case) -> Figures:
        return self.ask(case)

    def stop(self) -> None:
        self.process.stop()


class Http:
    """The whole service: a custom agent for each language, asked by the load generator over kept connections."""

    languages = LANGUAGES
    callers_max = 16

    def __init__(self, tools: Tools, folder: Path, pool: tuple[int, int]) -> None:
        self.load, self.folder, self.port = tools.load, folder, free_port()
        # No model is ever asked, and without one the service does not start.
        self.process = Process("apus", [str(tools.apus), "serve"], {
            "RUNTIME_TOKEN": TOKEN, "PORT": str(self.port), "HOST": "127.0.0.1", "LOG_LEVEL": "ERROR",
            "LLM_PROXY_URL": f"http://127.0.0.1:{free_port()}", "DATABASE_URL": f"sqlite:///{folder / 'apus.sqlite'}",
            "SANDBOX_PYTHON": str(tools.python), "SANDBOX_DENO": str(tools.deno),
            "SANDBOX_PYTHON_IDLE": str(pool[0]), "SANDBOX_DENO_IDLE": str(pool[1])}, folder)
        try:
            self.process.wait_ready(self.port, "/ping")
            self.wait_full()
            for language in LANGUAGES:
                self._make(language)
        except BaseException:
            self.process.stop()
            raise

    def _make(self, language: str) -> None:
        config = {"codeSource": {"type": "inline", "content": PROGRAMS[language]}, "runtime": {"language": language}}
        status, text = request(self.port, "POST", "/v1/agents", {
            "id": language, "name": language, "template_id": "custom-code-bot", "template_config": config}, AUTHORIZATION)
        if status != 201:
            raise Failure(f"the agent in {language} was not made: {status} {text[:500]!r}")

    def wait_full(self) -> dict:
        """Waits until as many workers wait as should; returns the languages, as health tells of them."""
        deadline = time.monotonic() + FULL_SECONDS
        while time.monotonic() < deadline:
            found = json.loads(request(self.port, "GET", "/v1/health", headers=AUTHORIZATION)[1])["checks"]["sandbox"]
            languages = found.get("languages", {}).values()
            if found["status"] == "healthy" and languages and all(
                    "message" not in one and one["busy"] == 0 and one["idle"] >= one["target"] for one in languages):
                return found["languages"]
            time.sleep(0.01)
        raise Failure(f"apus: the sandbox does not become ready: {found}")

    def measure(self, case: Case) -> Figures:
        before = self.wait_full()
        body = self.folder / "body.json"
        body.write_text(json.dumps({
            "model": case["language"], "messages": [{"role": "user", "content": "Go on."}], "metadata": GIVEN}))
        length = (["--count", str(case["count"] * case["callers"])] if case["count"]
                  else ["--seconds", str(max(1, case["milliseconds"] // 1000))])
        done = subprocess.run([
            str(self.load), "--url", f"http://127.0.0.1:{self.port}/v1/chat/completions", "--body", str(body),
            "--connections", str(case["callers"]), "--pause-ms", str(case["pause_ms"]), *length,
            "--expect", str(EXPECTED["fib"]), "--header", f"Authorization: Bearer {TOKEN}",
        ], stdout=subprocess.PIPE, text=True, check=False)
        self.process.require_alive()
        if done.returncode != 0:
            raise Failure(f"wrong or missing answers of apus in {case}: {done.stdout}")
        kept = ("complete", "seconds", "rps", "p50_ms", "p99_ms", "max_ms")
        figures = {key: value for key, value in json.loads(done.stdout).items() if key in kept}
        cold = self.wait_full()[case["language"]]["cold_starts"] - before[case["language"]]["cold_starts"]
        return {**figures, "cold_starts": cold}

    def stop(self) -> None:
        self.process.stop()


class Library:
    """A library of PyPI in a process of its own."""

    callers_max = 1

    def __init__(self, name: str, language: str, tools: Tools, folder: Path) -> None:
        self.languages = [language]
        self.process = Process(name, [str(tools.libraries), str(HERE / "library.py"), name, language], {
            "BENCH_PYTHON": str(tools.python), "BENCH_DENO": str(tools.deno), "BENCH_FOLDER": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1"}, folder, is_asked=True)
        try:
            self.about = self.measure({"language": language, "callers": 1, "pause_ms": 0, "count": 1})
        except BaseException:
            self.process.stop()
            raise

    def measure(self, case: Case) -> Figures:
        return self.process.ask({"source": PROGRAMS[case["language"]], "input": GIVEN, "expected": EXPECTED, **case})

    def stop(self) -> None:
        self.process.stop()


class Spawned:
    """A process a call, started by threads of this one, in the cheapest way that Python has."""

    callers_max = 16

    def __init__(self, make: Callable, languages: list[str], tools: Tools, folder: Path) -> None:
        self.make, self.languages, self.tools, self.folder = make, languages, tools, folder
        self.environment = {"PATH": "/usr/bin:/bin", "DENO_DIR": str(folder / "deno")}

    def measure(self, case: Case) -> Figures:
        command = self.make(case["language"], PROGRAMS[case["language"]], GIVEN, self.tools.words(), self.folder)
        times: list[float] = []
        faults: list[str] = []
        begin = time.perf_counter()

        def calls() -> None:
            made = 0
            while not faults and (made < case["count"] if case["count"]
                                  else time.perf_counter() - begin < case["milliseconds"] / 1000):
                if made:
                    time.sleep(case["pause_ms"] / 1000)
                start = time.perf_counter()
                text = self._call(command)
                times.append((time.perf_counter() - start) * 1000)
                made += 1
                if text is None or not self._is_right(text):
                    faults.append(f"{command[0]} said {text!r}")

        threads = [threading.Thread(target=calls) for _ in range(case["callers"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise Failure(f"{self.make.__name__} in {case}: {faults[0]:.500}")
        return commands.figures(times, time.perf_counter() - begin)

    @staticmethod
    def _is_right(text: bytes) -> bool:
        try:
            return json.loads(text) == EXPECTED
        except ValueError:
            return False

    def _call(self, command: list[str]) -> bytes | None:
        """What it printed; None if it failed."""
        mine, its = os.pipe2(os.O_CLOEXEC)
        try:
            child = os.posix_spawn(command[0], command, self.environment,
                                   file_actions=[(os.POSIX_SPAWN_DUP2, its, 1)])
        finally:
            os.close(its)
        with open(mine, "rb") as output:
            text = output.read()
        return text if os.waitpid(child, 0)[1] == 0 else None

    def stop(self) -> None:
        pass


def nothing(language: str, source: str, given: dict, tools: dict[str, str], folder: Path) -> list[str]:
    """A process that does nothing but say the result: what starting any costs here."""
    return ["/bin/echo", json.dumps(EXPECTED)]


LIBRARIES = {"pydantic-monty": ["python"], "sandlock": LANGUAGES, "langchain-sandbox": ["python"],
             "smolagents": ["python"], "RestrictedPython": ["python"], "mini-racer": ["javascript"],
             "quickjs": ["javascript"]}


def say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)
