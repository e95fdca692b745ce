"""What was acknowledged is there: after kill -9 at any moment, and with a full disk."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from harness import behaviours as does
from harness.process import Apus
from harness.waiting import Background, eventually

ROUNDS = 15
SEED = int(os.environ.get("APUS_TEST_SEED", "20261122"))


@dataclass
class Writer:
    """Creates agents, updates its own one and takes turns in its session, and remembers what was acknowledged."""

    runtime: Apus
    name: str
    created: list[str] = field(default_factory=list)
    updated: int = 0
    sent: int = 0
    turns: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def run(self) -> None:
        client, number = self.runtime.client, 0
        try:
            while True:
                number += 1
                self._create(client, f"{self.name}-{number}")
                self._update(client)
                self._turn(client, f"{self.name} says {number}")
        except OSError:
            # The process was killed: what was under way was not acknowledged.
            return

    def _create(self, client, id: str) -> None:
        body = {"id": id, "name": id, "template_id": "customer-service-bot", "system_prompt": id * 100}
        if self._check(client.post("/v1/agents", body), 201):
            self.created.append(id)

    def _update(self, client) -> None:
        self.sent += 1
        if self._check(client.put(f"/v1/agents/{self.name}", {"description": str(self.sent)}), 200):
            self.updated = self.sent

    def _turn(self, client, text: str) -> None:
        if self._check(client.chat(text, model=self.name, session="s"), 200):
            self.turns.append(text)

    def _check(self, reply, status: int) -> bool:
        if reply.status != status:
            self.faults.append(f"{reply.status}: {reply.body[:300]}")
        return reply.status == status


def verify(runtime: Apus, writer: Writer) -> None:
    client = runtime.client
    assert writer.faults == []
    for id in writer.created:
        agent = client.get(f"/v1/agents/{id}")
        assert agent.status == 200, f"{id} was acknowledged and is gone"
        assert agent.json()["name"] == id and agent.json()["system_prompt"] == id * 100
    own = client.get(f"/v1/agents/{writer.name}").json()
    # An update that was not acknowledged may have been stored: not more than the one under way.
    assert writer.updated <= int(own["description"] or 0) <= writer.sent
    assert own["revision"] == int(own["description"] or 0) + 1
    revisions = client.get(f"/v1/agents/{writer.name}/revisions").json()["revisions"]
    assert sorted(entry["revision"] for entry in revisions) == list(range(1, own["revision"] + 1))
    session = client.get(f"/v1/agents/{writer.name}/sessions/s")
    messages = [m["content"] for m in session.json()["messages"]] if session.status == 200 else []
    expected = [text for turn in writer.turns for text in (turn, f"echo {turn}")]
    assert messages[: len(expected)] == expected, "an acknowledged turn is gone or changed"
    assert len(messages) - len(expected) in (0, 2), "half a turn was stored"


def test_kill_minus_nine_at_random_moments(apus, model):
    model.default = does.echo
    chance = random.Random(SEED)
    runtime = apus(LLM_PROXY_URL=model.url)
    acknowledged = 0
    for number in range(ROUNDS):
        writers = [Writer(runtime, f"r{number}w{index}") for index in range(4)]
        for writer in writers:
            runtime.client.make_agent(writer.name)
        at_work = [Background(writer.run) for writer in writers]
        time.sleep(chance.uniform(0.02, 0.6))
        runtime.kill()
        for work in at_work:
            work.result(20)
        runtime.start()
        for writer in writers:
            verify(runtime, writer)
            acknowledged += len(writer.created) + writer.updated + len(writer.turns)
    assert acknowledged > ROUNDS * 5, f"only {acknowledged} writes were acknowledged: the test tests nothing"


def test_nothing_is_lost_at_an_orderly_end(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url)
    runtime.client.make_agent("bot")
    assert runtime.client.chat("one", session="s").status == 200
    assert runtime.stop() == 0
    runtime.start()
    assert runtime.client.chat("two", session="s").status == 200
    assert model.last.contents == ["user: one", "assistant: ok", "user: two"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        reason = f"a small file system cannot be mounted: {mounted.stderr.strip()}"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> Path:
    """Leaves no byte free."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


def database_check(runtime: Apus) -> tuple[int, str, str]:
    reply = runtime.client.get("/v1/health")
    return reply.status, reply.json()["status"], reply.json()["checks"]["database"]["status"]


def test_a_full_disk(apus, model, small_disk: Path):
    # Four slashes: an absolute path. The log is not on the small disk.
    runtime = apus(LLM_PROXY_URL=model.url, DATABASE_URL=f"sqlite:///{small_disk / 'apus.sqlite'}")
    client = runtime.client
    client.make_agent("bot")
    assert client.chat("one", session="s").status == 200
    filler = fill(small_disk)

    def write(number: int):
        return client.post("/v1/agents", {"name": "x", "id": f"full-{number}", "template_id": "customer-service-bot",
                                          "system_prompt": "p" * 60_000})

    # Space that the database holds already may take a few more.
    replies = [write(number) for number in range(200)]
    stored = [f"full-{number}" for number, reply in enumerate(replies) if reply.status == 201]
    assert {reply.status for reply in replies} <= {201, 503} and replies[-1].status == 503
    assert replies[-1].code == "SERVICE_UNAVAILABLE"
    # Reads go on, and so do runs that store nothing.
    assert client.get("/v1/agents/bot").status == 200 and client.get("/v1/agents/bot/sessions/s").status == 200
    assert client.chat("stateless").status == 200
    assert client.chat("m" * 30_000, session="s").status == 503
    eventually(lambda: database_check(runtime)[1:] == ("degraded", "degraded"), "health says so", timeout=30)
    assert database_check(runtime)[0] == 200, "reads go on: not unhealthy"
    assert client.get("/ready").status == 200

    filler.unlink()
    assert eventually(lambda: write(1000).status == 201, "writes work again once there is space", timeout=10)
    assert client.chat("two", session="s").status == 200
    assert model.last.contents == ["user: one", "assistant: ok", "user: two"]
    eventually(lambda: database_check(runtime) == (200, "healthy", "healthy"), "health is well again", timeout=30)
    runtime.restart()
    for id in stored + ["bot", "full-1000"]:
        assert runtime.client.get(f"/v1/agents/{id}").status == 200
    refused = [number for number, reply in enumerate(replies) if reply.status == 503]
    assert all(runtime.client.get(f"/v1/agents/full-{number}").status == 404 for number in refused)
