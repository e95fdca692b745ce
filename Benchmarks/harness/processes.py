"""Processes of a run: started with files of their own, waited for, measured through /proc, ended."""

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """What stops the benchmark; its text says what to do."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(port: int, method: str, path: str, body: dict | None = None, headers: dict | None = None,
            timeout: float = 30) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def descendants(root: int) -> list[int]:
    """A process, and all that it and its descendants started."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                waiting += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except OSError:
            continue  # it ended meanwhile
    return found


class Process:
    """A started server and whatever it starts."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], folder: Path,
                 is_asked: bool = False):
        self.name = name
        self.log = folder / f"{name}.log"
        # Only what is given: no key or proxy of the caller's environment reaches a side.
        inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if key in os.environ}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env={**inherited, **environment}, cwd=folder,
                                            stdin=subprocess.PIPE if is_asked else subprocess.DEVNULL,
                                            stdout=subprocess.PIPE if is_asked else log, stderr=log,
                                            start_new_session=True)

    def require_alive(self) -> None:
        if (code := self.process.poll()) is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise Failure(f"{self.name} ended with code {code}:\n{tail}")

    def ask(self, question: dict | None, seconds: float = 120) -> dict:
        """Of a process that answers each line of its standard input with a line of JSON: the next answer."""
        if question is not None:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise Failure(f"{self.name} did not answer within {seconds:.0f} s; its output is in {self.log}")
        if line := self.process.stdout.readline():
            return json.loads(line)
        self.process.wait(10)
        self.require_alive()
        raise Failure(f"{self.name} closed its output")

    def wait_ready(self, port: int, path: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.require_alive()
            try:
                if request(port, "GET", path, timeout=5)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise Failure(f"{self.name} did not answer GET {path} within {seconds:.0f} s; its output is in {self.log}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                # The session it leads was made for it alone.
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def tree(self) -> list[int]:
        return descendants(self.process.pid)

    def cpu_seconds(self) -> float:
        """User and system time of the tree, ended children included."""
        ticks = 0
        for pid in self.tree():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += sum(map(int, fields[11:15]))
        return ticks / TICKS_PER_SECOND

    def reset_peak(self) -> None:
        """VmHWM starts anew from what is resident now."""
        for pid in self.tree():
            try:
                Path(f"/proc/{pid}/clear_refs").write_text("5")
            except OSError:
                continue

    def children(self, name: str) -> list[int]:
        """Those of the tree that run the program `name`, and all below them."""
        found = []
        for pid in self.tree()[1:]:
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    found += descendants(pid)
            except OSError:
                continue
        return sorted(set(found))

    def memory_mb(self, field: str) -> float:
        """VmRSS or VmHWM of the tree, in MB of 10^6 bytes; shared pages count for each process."""
        total = 0
        for pid in self.tree():
            try:
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith(field + ":"))
        return total * 1024 / 1e6
