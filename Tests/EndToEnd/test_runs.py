"""Runs as things: shown, listed, in the background, followed."""

import json
import threading

import pytest
from harness import behaviours as does
from harness.runs import STEPS, ask, body, ended, events, run, submit
from harness.seen import see
from harness.tasks import make, names, step
from harness.waiting import Background


@pytest.fixture
def runtime(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url)
    make(runtime.client, STEPS)
    return runtime


def test_a_run_is_shown_with_all_that_it_did(runtime, model):
    model.default = lambda exchange: does.say(f"out {step(exchange)}")(exchange)
    seen = ask(runtime, session_id="s", user_id="u", colour="red")
    id = seen.json["metadata"]["run_id"]
    found = run(runtime, id)
    assert (found["agent_id"], found["session_id"], found["user_id"]) == ("task", "s", "u")
    assert (found["status"], found["reason"], found["error"], found["starts"]) == ("completed", None, None, 1)
    assert names(found["steps"]) == names(seen.json["metadata"]["execution_steps"])
    outputs = [(one.get("output") or "").strip() or None for one in found["steps"]]
    assert outputs == [None] + [f"out {n}" for n in range(1, 6)] + [None]
    assert [one["usage"]["total_tokens"] for one in found["steps"][1:6]] == [10] * 5
    assert found["usage"]["total_tokens"] == 60 and found["output"]["message"]["content"] == "out None"
    assert found["created_at"] <= found["started_at"] <= found["ended_at"] and found["metadata"]["colour"] == "red"
    # The answer's own steps have no outputs.
    assert all("output" not in one for one in seen.json["metadata"]["execution_steps"])


def test_a_run_in_memory_is_shown_too(runtime, model):
    seen = ask(runtime)
    found = run(runtime, seen.json["metadata"]["run_id"])
    assert found["status"] == "completed" and found["output"]["message"]["content"] == "ok"
    assert runtime.client.get("/v1/runs").json()["data"] == [], "lists have those that are kept"
    model.default = does.fail(500)
    failed = ask(runtime)
    found = run(runtime, failed.json["details"]["run_id"])
    assert found["status"] == "failed" and found["error"]["code"] == "EXECUTION_ERROR"


def test_a_chat_of_another_agent_is_a_run_as_well(runtime, model):
    runtime.client.make_agent("bot")
    id = runtime.client.chat("hello", "bot").json()["metadata"]["run_id"]
    found = run(runtime, id)
    assert (found["agent_id"], found["status"], found["output"]["message"]["content"]) == ("bot", "completed", "ok")


def test_runs_are_listed_by_agent_and_status_page_by_page(runtime, model):
    make(runtime.client, ("only",), id="other", retryCount=0)
    ids = [ask(runtime, session_id="s").json["metadata"]["run_id"] for _ in range(5)]
    model.then(does.fail(400))
    see(runtime.client, "x", "other", False, metadata={"run_id": "mine"})
    listed = runtime.client.get("/v1/runs?agent_id=task").json()
    assert [one["id"] for one in listed["data"]] == ids[::-1] and listed["next"] is None
    assert "output" not in listed["data"][0] and "steps" not in listed["data"][0]
    assert [one["id"] for one in runtime.client.get("/v1/runs?status=failed").json()["data"]] == ["mine"]
    first = runtime.client.get("/v1/runs?agent_id=task&limit=2").json()
    second = runtime.client.get(f"/v1/runs?agent_id=task&limit=3&after={first['next']}").json()
    assert [one["id"] for one in first["data"] + second["data"]] == ids[::-1] and second["next"] is None


@pytest.mark.parametrize(("method", "path", "status", "code"), [
    ("GET", "/v1/runs/none", 404, "NOT_FOUND"), ("POST", "/v1/runs/none/cancel", 404, "NOT_FOUND"),
    ("POST", "/v1/runs/none/resume", 404, "NOT_FOUND"), ("GET", "/v1/runs/none/stream", 404, "NOT_FOUND"),
    ("GET", "/v1/runs?status=done", 422, "VALIDATION_ERROR"), ("GET", "/v1/runs?limit=0", 422, "VALIDATION_ERROR"),
    ("GET", "/v1/runs?after=x", 422, "VALIDATION_ERROR"), ("DELETE", "/v1/runs/none", 405, "METHOD_NOT_ALLOWED"),
])
def test_what_is_not_there(runtime, method, path, status, code):
    reply = runtime.client.request(method, path)
    assert (reply.status, reply.code) == (status, code), reply.body


@pytest.mark.parametrize("metadata", [{"run_id": ""}, {"run_id": "a/b"}, {"run_id": 7}, {"run_id": "x" * 129},
                                      {"background": "yes"}])
def test_bad_metadata_is_refused(runtime, model, metadata):
    seen = ask(runtime, **metadata)
    assert seen.status == 422 and model.requests == []
    assert seen.json["error"]["param"] == "metadata." + next(iter(metadata))


def test_a_run_in_the_background(runtime, model):
    hold = threading.Event()
    model.then(does.after(hold, does.say("one")))
    id = submit(runtime)
    model.wait_for(1)
    found = run(runtime, id)
    assert found["status"] == "running" and names(found["steps"]) == ["validate_task completed", "task_step_1_one running"]
    hold.set()
    assert ended(runtime, id)["output"]["message"]["content"] == "ok"


def test_any_agent_runs_in_the_background(runtime, model):
    runtime.client.make_agent("bot")
    reply = runtime.client.chat("hello", "bot", metadata={"background": True, "session_id": "s"})
    assert reply.status == 202
    assert ended(runtime, reply.json()["id"])["output"]["message"]["content"] == "ok"
    messages = runtime.client.get("/v1/agents/bot/sessions/s").json()["messages"]
    assert [one["content"] for one in messages] == ["hello", "ok"]


def test_more_than_may_run_wait_for_a_place(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, MAX_CONCURRENT_AGENTS=2)
    make(runtime.client, ("only",))
    hold = threading.Event()
    model.default = does.after(hold, does.say("ok"))
    ids = [submit(runtime) for _ in range(6)]
    model.wait_for(2)
    assert ask(runtime).status == 429, "who waits at the line is told at once"
    hold.set()
    for id in ids:
        ended(runtime, id)
    assert len(model.requests) == 12


def test_a_stream_is_followed_from_the_start_and_from_an_event(runtime, model):
    hold = threading.Event()
    model.then(*[does.say("x")] * 5, does.after(hold, does.say("one two three")))
    id = submit(runtime, stream=True)
    model.wait_for(6)
    early = Background(lambda: runtime.client.get(f"/v1/runs/{id}/stream").body.decode())
    hold.set()
    told = events(early.result())
    assert told[-1] == (None, "[DONE]") and [event for event, _ in told[:4]] == [None, "1-1", "1-2", "1-3"]
    chunks = [json.loads(data) for _, data in told[:-1]]
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert text.split() == ["one", "two", "three"] and chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert [chunk["choices"][0]["delta"].get("role") for chunk in chunks].count("assistant") == 1
    assert sum(bool(chunk["choices"][0]["delta"].get("content")) for chunk in chunks) == 3, "token by token"
    place = next(index for index, (event, _) in enumerate(told) if event == "1-5")
    rest = runtime.client.get(f"/v1/runs/{id}/stream", headers={"Last-Event-ID": "1-5"}).body.decode()
    assert events(rest) == told[place + 1:]
    other = runtime.client.get(f"/v1/runs/{id}/stream", headers={"Last-Event-ID": "9-5"}).body.decode()
    assert events(other) == told, "an id of another telling begins anew"


def test_an_ended_run_is_told_after_a_restart(runtime, model):
    id = submit(runtime, stream=True)
    ended(runtime, id)
    runtime.restart()
    told = events(runtime.client.get(f"/v1/runs/{id}/stream").body.decode())
    assert [event for event, _ in told] == [None, "end-1", "end-2", None, None]
    assert json.loads(told[2][1])["choices"][0]["delta"]["content"].strip() == "ok"


def test_a_runs_checkpoints_are_no_session(runtime, model):
    ask(runtime, session_id="s", run_id="r")
    for session in ("s", "run%2Fr"):
        path = f"/v1/agents/task/sessions/{session}"
        assert runtime.client.get(path).status == runtime.client.delete(path).status == 404


def test_tokens_are_counted_once_a_run_whoever_waits_for_it(runtime, model):
    def counted() -> dict[str, int]:
        lines = runtime.client.get("/metrics").body.decode().splitlines()
        return {line.split("_")[1]: int(float(line.split()[-1])) for line in lines if "_tokens_total " in line and line[0] != "#"}

    for _ in range(2):
        assert ask(runtime, run_id="r").status == 200
    assert counted() == {"prompt": 6 * 7, "completion": 6 * 3}
    ended(runtime, submit(runtime))
    assert sum(counted().values()) == 120


def test_the_head_of_a_stream_has_no_body(runtime, model):
    id = submit(runtime)
    ended(runtime, id)
    reply = runtime.client.request("HEAD", f"/v1/runs/{id}/stream")
    assert (reply.status, reply.body) == (200, b"") and reply.headers["content-type"] == "text/event-stream"
    assert run(runtime, id)["status"] == "completed", "the connection serves on"


@pytest.mark.parametrize("last", ["", "x", "1-", "1--5", "1-x", "1-99999999999999999999", "end-1", "\u00e9"])
def test_an_id_that_is_none_begins_anew(runtime, model, last):
    id = submit(runtime)
    ended(runtime, id)
    path = f"/v1/runs/{id}/stream"
    told = runtime.client.get(path, headers={"Last-Event-ID": last}).body
    assert told == runtime.client.get(path).body and told.endswith(b"data: [DONE]\n\n")


def test_a_reader_who_leaves_does_not_end_the_run(runtime, model):
    hold = threading.Event()
    model.then(does.say("one"), does.after(hold, does.say("two")))
    id = submit(runtime)
    model.wait_for(2)
    with runtime.client.open("GET", f"/v1/runs/{id}/stream") as stream:
        next(stream.chunks())
    hold.set()
    assert ended(runtime, id)["reason"] is None


def test_a_run_that_is_refused_at_once_is_kept_as_failed(runtime, model):
    request = body(run_id="r") | {"messages": [{"role": "system", "content": "no task"}]}
    assert runtime.client.post("/v1/chat/completions", request).status == 422
    found = run(runtime, "r")
    assert (found["status"], found["error"]["code"]) == ("failed", "VALIDATION_ERROR") and found["ended_at"]


def test_a_run_in_memory_tells_that_its_caller_left(runtime, model):
    hold = threading.Event()
    model.then(does.after(hold, does.say("one")))
    with runtime.client.open("POST", "/v1/chat/completions", json_body=body(stream=True)) as stream:
        id = next(chunk["metadata"]["run_id"] for chunk in stream.chunks() if "metadata" in chunk)
        model.wait_for(1)
    found = ended(runtime, id, "cancelled")
    assert found["reason"] == "disconnected" and found["error"]["message"] == "The run's caller left."
