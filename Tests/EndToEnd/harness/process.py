"""The real binary as a process: started on a free port with a folder of its own, killed, restarted, read."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

from .client import Client

START_SECONDS = 30
STOP_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(**settings) -> dict[str, str]:
    """Only what a process needs: no setting of the caller's reaches the binary."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {name: str(value) for name, value in settings.items() if value is not None}


class Apus:
    """One runtime. Settings are environment variables; None leaves one out."""

    def __init__(self, binary: Path, directory: Path, **settings):
        self.binary, self.directory = binary, directory
        self.token = secrets.token_hex(16)
        self.port = free_port()
        self.database = directory / "apus.sqlite"
        # Four slashes: an absolute path.
        defaults = {"HOST": "127.0.0.1", "PORT": self.port, "RUNTIME_TOKEN": self.token,
                    "DATABASE_URL": f"sqlite:///{self.database}"}
        self.settings = defaults | settings
        self.process: subprocess.Popen | None = None
        self.starts = 0

    @property
    def client(self) -> Client:
        return Client(self.port, self.token)

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self, wait: bool = True, within: tuple[str, ...] = (), **changes) -> "Apus":
        """`within`: a command that runs the binary in its own way."""
        self.settings |= changes
        self.starts += 1
        self._output = self.directory / f"output-{self.starts}.log"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [*within, self.binary, "serve"], cwd=self.directory, env=clean_environment(**self.settings),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"apus ended with {self.process.returncode}:\n{self.output[-3000:]}"
            try:
                if self.client.get("/ready", timeout=2).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"apus was not ready within {START_SECONDS} s:\n{self.output[-3000:]}")

    def kill(self) -> None:
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ends it as an operator would; the exit code."""
        self.terminate()
        return self.process.wait(STOP_SECONDS)

    def hang_up(self) -> None:
        """Has it read its configuration files again."""
        self.process.send_signal(signal.SIGHUP)

    @property
    def checks(self) -> dict:
        """What health tells of each part."""
        return self.client.get("/v1/health").json()["checks"]

    def restart(self, **changes) -> "Apus":
        """Kill -9, then a start on the same data."""
        self.kill()
        return self.start(**changes)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def close(self) -> None:
        """For a test's end: however it went, nothing is left."""
        if not self.alive:
            return
        self.terminate()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def rss_kib(self) -> int:
        return self._status("VmRSS:")

    @property
    def peak_rss_kib(self) -> int:
        """The most that it ever had."""
        return self._status("VmHWM:")

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))

    @property
    def output(self) -> str:
        """Everything that the last start printed."""
        return self._output.read_text(errors="replace")

    @property
    def logs(self) -> list[dict]:
        """The log's records. A line that is no JSON object fails the test that asks."""
        return [json.loads(line) for line in self.output.splitlines() if line.strip()]

    def run(self, *arguments: str, timeout: float = 30, stdin: str = "", **settings) -> subprocess.CompletedProcess:
        """Runs another command of the binary to its end, with this runtime's settings."""
        return subprocess.run(
            [self.binary, *arguments], cwd=self.directory, env=clean_environment(**(self.settings | settings)),
            input=stdin, capture_output=True, text=True, timeout=timeout)
