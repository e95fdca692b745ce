"""Runs of the task agent `task` for tests: asked for, waited for, read."""

import sqlite3
from contextlib import closing

from .process import Apus
from .scripted_model import ScriptedModel
from .seen import Seen, see
from .tasks import step
from .waiting import eventually

STEPS = ("one", "two", "three", "four", "five")


def body(message: str = "the task", stream: bool = False, **metadata) -> dict:
    return {"model": "task", "messages": [{"role": "user", "content": message}], "stream": stream, "metadata": metadata}


def ask(runtime: Apus, message="the task", stream: bool = False, **metadata) -> Seen:
    return see(runtime.client, message, "task", stream, metadata=metadata)


def submit(runtime: Apus, message="the task", stream=False, **metadata) -> str:
    reply = runtime.client.post("/v1/chat/completions", body(message, stream, background=True, **metadata))
    assert reply.status == 202, reply.body
    run = reply.json()
    assert reply.headers["location"] == f"/v1/runs/{run['id']}" and run["status"] in ("queued", "running")
    assert run["background"] and run["object"] == "run"
    return run["id"]


def run(runtime: Apus, id: str) -> dict:
    reply = runtime.client.get(f"/v1/runs/{id}")
    assert reply.status == 200, reply.body
    return reply.json()


def ended(runtime: Apus, id: str, status="completed", timeout=20) -> dict:
    eventually(lambda: run(runtime, id)["status"] not in ("queued", "running"), f"{id} has ended", timeout)
    found = run(runtime, id)
    assert found["status"] == status, found
    return found


def events(text: str) -> list[tuple[str | None, str]]:
    """Each event's id and data."""
    found = []
    for event in text.split("\n\n"):
        lines = [line for line in event.split("\n") if line and not line.startswith(":")]
        if lines:
            id = next((line[4:] for line in lines if line.startswith("id: ")), None)
            found.append((id, next(line[6:] for line in lines if line.startswith("data: "))))
    return found


def stored_tasks(runtime: Apus) -> int:
    """How many tasks of a superstep that is not over are stored as done."""
    with closing(sqlite3.connect(f"file:{runtime.database}?mode=ro", uri=True)) as database:
        return database.execute("SELECT count(*) FROM checkpoint_records WHERE place = -1").fetchone()[0]


def asked(model: ScriptedModel) -> list[int | None]:
    return [step(exchange) for exchange in model.requests]
