"""What is measured: each side is a way from the load generator to the same model server."""

import os
import re
import secrets
import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from .processes import Failure, Process, free_port, request

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "bench-token-" + secrets.token_hex(12)
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}
CHAT = "/v1/chat/completions"
QUESTION = "Hello, where is my order? I bought a kettle last week and it has not arrived."
AGENT = {"id": "bench", "name": "bench", "template_id": "customer-service-bot",
         "system_prompt": "You are a helpful assistant.", "template_config": {}}
NAMES = ["direct", "nginx", "passthrough", "apus", "peer", "peer_2"]
PEERS = ["peer", "peer_2"]
STORED = ["apus", "peer", "peer_2"]

NGINX = """
daemon off;
{user}
worker_processes 2;
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  client_body_buffer_size 64k;
  keepalive_requests 1000000000;
  upstream model {{
    server 127.0.0.1:{model_port};
    keepalive 1024;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""


@dataclass
class Binaries:
    """Where the programs are that a side may need."""

    model: Path = ROOT / ".build-bench/model-server"
    load: Path = ROOT / ".build-bench/load"
    apus: Path = ROOT / ".build-release/release/apus"
    passthrough: Path = ROOT / ".build-release/release/bench-passthrough"
    python: Path = ROOT / ".venv-bench/bin/python"
    # Debian's place for it is not on everyone's PATH.
    nginx: Path = Path(shutil.which("nginx") or "/usr/sbin/nginx")


@dataclass
class Side:
    """A running side."""

    name: str
    port: int
    process: Process
    folder: Path
    headers: dict[str, str] = field(default_factory=dict)

    def chat(self, body: dict) -> tuple[int, bytes]:
        return request(self.port, "POST", CHAT, body, self.headers)

    def check_stored(self, session: str) -> None:
        """A stored session that stores nothing would be a fast one: the thread must be there."""
        if self.name == "apus":
            status, text = request(self.port, "GET", f"/v1/agents/bench/sessions/{session}", headers=self.headers)
            kept = status == 200 and QUESTION.encode() in text
        else:
            with sqlite3.connect(f"file:{self.folder / 'peer.sqlite'}?mode=ro", uri=True) as database:
                rows = database.execute("SELECT count(*) FROM checkpoints WHERE thread_id = ?", [f"bench:{session}"])
                kept = rows.fetchone()[0] > 0
        if not kept:
            raise Failure(f"{self.name} answered, but did not store the session '{session}'")


def start_model(binaries: Binaries, folder: Path, options: list[str]) -> Side:
    folder.mkdir(parents=True, exist_ok=True)
    process = Process("direct", [str(binaries.model), *options], {}, folder)
    for _ in range(500):
        process.require_alive()
        if found := re.search(r"listening on 127\.0\.0\.1:(\d+)", process.log.read_text()):
            return Side("direct", int(found[1]), process, folder)
        time.sleep(0.01)
    process.stop()
    raise Failure("the model server did not say its port")


def command(name: str, binaries: Binaries, folder: Path, port: int,
            model_port: int) -> tuple[list[str], dict[str, str]]:
    """How a side is started: its command and its environment."""
    model_url = f"http://127.0.0.1:{model_port}"
    if name == "nginx":
        # Workers of a master that root starts would run as another user, without access to the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        text = NGINX.format(user=user, folder=folder, port=port, model_port=model_port)
        (folder / "nginx.conf").write_text(text)
        error_log = str(folder / "nginx-error.log")
        return [str(binaries.nginx), "-p", str(folder), "-e", error_log, "-c", str(folder / "nginx.conf")], {}
    if name == "passthrough":
        return [str(binaries.passthrough), str(port), model_url], {}
    shared = {"RUNTIME_TOKEN": TOKEN, "PORT": str(port), "HOST": "127.0.0.1", "LLM_PROXY_URL": model_url}
    if name == "apus":
        return [str(binaries.apus), "serve"], {
            **shared, "DATABASE_URL": f"sqlite:///{folder / 'apus.sqlite'}", "MAX_CONCURRENT_AGENTS": "5000",
            "LOG_LEVEL": "ERROR"}
    return [str(binaries.python), str(ROOT / "Benchmarks/peers/peer.py")], {
        **shared, "PEER_DATABASE": str(folder / "peer.sqlite"), "WORKERS": "2" if name == "peer_2" else "1",
        "LANGSMITH_TRACING": "false", "PYTHONDONTWRITEBYTECODE": "1",
        # The workers import peer.py by name; the folder is the working one.
        "PYTHONPATH": str(ROOT / "Benchmarks/peers")}


def launch(name: str, binaries: Binaries, folder: Path, model_port: int) -> Side:
    """Starts a side without waiting for it."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    arguments, environment = command(name, binaries, folder, port, model_port)
    headers = AUTHORIZATION if name in STORED else {}
    return Side(name, port, Process(name, arguments, environment, folder), folder, headers)


def start(name: str, binaries: Binaries, folder: Path, model_port: int) -> Side:
    """Starts a side, waits until it is ready, and makes its agent."""
    side = launch(name, binaries, folder, model_port)
    try:
        if name == "passthrough":
            wait_listening(side)
        else:
            side.process.wait_ready(side.port, "/health" if name == "nginx" else "/ping")
        if name == "apus":
            status, text = request(side.port, "POST", "/v1/agents", AGENT, {"X-Runtime-Token": TOKEN})
            if status not in (201, 409):
                raise Failure(f"apus did not create the agent: {status} {text[:500]!r}")
    except BaseException:
        side.process.stop()
        raise
    return side


def wait_listening(side: Side) -> None:
    """The pass-through knows one path only: a chat shows that it is there."""
    for _ in range(1000):
        side.process.require_alive()
        try:
            side.chat({"model": "bench", "messages": [{"role": "user", "content": "x"}]})
            return
        except OSError:
            time.sleep(0.02)
    raise Failure(f"{side.name} does not listen; its output is in {side.process.log}")
