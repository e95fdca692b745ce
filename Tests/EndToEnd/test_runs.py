"""Runs that are kept: joined, shown, ended, gone on with, followed, and gone on with after a crash."""

import json
import sqlite3
import threading
from contextlib import closing

import pytest
from harness import behaviours as does
from harness.seen import see
from harness.tasks import make, names, step
from harness.waiting import Background, eventually

STEPS = ("one", "two", "three", "four", "five")


@pytest.fixture
def runtime(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url)
    make(runtime.client, STEPS)
    return runtime


def body(message="the task", stream=False, **metadata):
    return {"model": "task", "messages": [{"role": "user", "content": message}], "stream": stream, "metadata": metadata}


def ask(runtime, message="the task", stream=False, **metadata):
    return see(runtime.client, message, "task", stream, metadata=metadata)


def submit(runtime, message="the task", stream=False, **metadata) -> str:
    reply = runtime.client.post("/v1/chat/completions", body(message, stream, background=True, **metadata))
    assert reply.status == 202, reply.body
    run = reply.json()
    assert reply.headers["location"] == f"/v1/runs/{run['id']}" and run["status"] in ("queued", "running")
    assert run["background"] and run["object"] == "run"
    return run["id"]


def run(runtime, id: str) -> dict:
    reply = runtime.client.get(f"/v1/runs/{id}")
    assert reply.status == 200, reply.body
    return reply.json()


def ended(runtime, id: str, status="completed", timeout=20) -> dict:
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


def stored_tasks(runtime) -> int:
    """How many tasks of a superstep that is not over are stored as done."""
    with closing(sqlite3.connect(f"file:{runtime.database}?mode=ro", uri=True)) as database:
        return database.execute("SELECT count(*) FROM checkpoint_records WHERE place = -1").fetchone()[0]


def asked(model) -> list[int | None]:
    return [step(exchange) for exchange in model.requests]


# --- What a run shows


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


# --- Names


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_same_name_again_is_the_same_answer(runtime, model, stream):
    model.default = lambda exchange: does.say(f"out {len(model.requests)}")(exchange)
    first = ask(runtime, run_id="r")
    again = ask(runtime, stream=stream, run_id="r")
    assert again.text.strip() == first.text.strip() == "out 6" and len(model.requests) == 6


def test_who_comes_later_joins(runtime, model):
    hold = threading.Event()
    model.then(does.say("one"), does.after(hold, does.say("two")))
    first = Background(lambda: ask(runtime, run_id="r"))
    model.wait_for(2)
    second, third = Background(lambda: ask(runtime, run_id="r")), Background(lambda: ask(runtime, stream=True, run_id="r"))
    hold.set()
    assert first.result().text == second.result().text == "ok" and third.result().text.strip() == "ok"
    assert len(model.requests) == 6
    starts = [chunk["metadata"]["execution_steps"] for chunk in third.result().chunks if "metadata" in chunk]
    assert names(starts[0])[0] == "validate_task completed", "a stream that joins is told from the start"


def test_a_name_is_one_run_alone(runtime, model):
    make(runtime.client, id="other")
    ask(runtime, run_id="r", user_id="ada")
    assert see(runtime.client, "the task", "other", False, metadata={"run_id": "r"}).status == 409
    assert ask(runtime, "another task", run_id="r").status == 409
    stranger = ask(runtime, run_id="r", user_id="bob")
    assert (stranger.status, stranger.json["error"]["code"]) == (403, "ACCESS_DENIED")
    for path in ("", "/stream"):
        assert runtime.client.get(f"/v1/runs/r{path}?user_id=bob").status == 403
    assert runtime.client.post("/v1/runs/r/cancel?user_id=bob").status == 403


def test_a_caller_who_leaves_ends_the_run_which_can_be_gone_on_with(runtime, model):
    hold = threading.Event()
    model.then(does.say("one"), does.say("two"), does.after(hold, does.say("three")))
    with runtime.client.open("POST", "/v1/chat/completions", json_body=body(stream=True, run_id="r")) as stream:
        next(stream.chunks())
        model.wait_for(3)
    found = ended(runtime, "r", "cancelled")
    assert found["reason"] == "disconnected" and names(found["steps"])[:4] == [
        "validate_task completed", "task_step_1_one completed", "task_step_2_two completed", "task_step_3_three error"]
    assert model.requests[2].disconnected.wait(5), "the model's work ends too"
    assert ask(runtime, run_id="r").text.strip() == "ok"
    assert asked(model) == [1, 2, 3, 3, 4, 5, None] and run(runtime, "r")["starts"] == 2


def test_while_one_caller_stays_the_run_does(runtime, model):
    hold = threading.Event()
    model.then(does.after(hold, does.say("one")))
    with runtime.client.open("POST", "/v1/chat/completions", json_body=body(stream=True, run_id="r")) as stream:
        next(stream.chunks())
        model.wait_for(1)
        other = Background(lambda: ask(runtime, run_id="r"))
        third = runtime.client.open("POST", "/v1/chat/completions", json_body=body(stream=True, run_id="r"))
        next(third.chunks())
    assert run(runtime, "r")["status"] == "running"
    hold.set()
    assert other.result().text.strip() == "ok"


# --- In the background


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
    assert told[-1] == (None, "[DONE]") and [event for event, _ in told[:3]] == ["1-1", "1-2", "1-3"]
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
    assert [event for event, _ in told] == ["end-1", "end-2", None, None]
    assert json.loads(told[1][1])["choices"][0]["delta"]["content"].strip() == "ok"


# --- Cancel and resume


def test_cancel_and_resume(runtime, model):
    hold = threading.Event()
    model.then(does.say("one"), does.after(hold, does.say("two")))
    caller = Background(lambda: ask(runtime, session_id="s", run_id="r"))
    model.wait_for(2)
    reply = runtime.client.post("/v1/runs/r/cancel")
    assert reply.status == 200 and (reply.json()["status"], reply.json()["reason"]) == ("cancelled", "cancelled")
    assert caller.result().status == 409 and model.requests[1].disconnected.wait(5)
    assert runtime.client.post("/v1/runs/r/cancel").status == 200, "once more is no fault"
    resumed = runtime.client.post("/v1/runs/r/resume")
    assert resumed.status == 202 and resumed.json()["status"] == "running"
    found = ended(runtime, "r")
    assert asked(model) == [1, 2, 2, 3, 4, 5, None] and found["output"]["message"]["content"] == "ok"
    assert names(found["steps"])[:2] == ["validate_task completed", "task_step_1_one completed"]
    assert found["usage"]["total_tokens"] == 60, "what was done before counts"
    for path, code in (("cancel", 409), ("resume", 409)):
        assert runtime.client.post(f"/v1/runs/r/{path}").status == code


def test_a_run_in_memory_is_cancelled_too(runtime, model):
    hold = threading.Event()
    model.then(does.after(hold, does.say("one")))
    with runtime.client.open("POST", "/v1/chat/completions", json_body=body(stream=True)) as stream:
        chunks = stream.chunks()
        id = next(chunk["metadata"]["run_id"] for chunk in chunks if "metadata" in chunk)
        model.wait_for(1)
        assert runtime.client.post(f"/v1/runs/{id}/cancel").status == 200
        last = list(chunks)[-1]
    assert last["choices"][0]["finish_reason"] == "error" and last["error"]["code"] == "CONFLICT"
    assert ended(runtime, id, "cancelled")["reason"] == "cancelled"


def test_a_failed_run_keeps_what_it_did_and_goes_on(runtime, model):
    runtime.client.put("/v1/agents/task", {"template_config": {
        "taskSteps": {"steps": list(STEPS), "retryCount": 0}, "validation": {"outputFormat": "text"}}})
    model.then(does.say("one"), does.say("two"), does.fail(400))
    seen = ask(runtime, run_id="r")
    assert seen.status == 500 and seen.json["details"]["run_id"] == "r"
    found = run(runtime, "r")
    assert found["status"] == "failed" and found["error"]["code"] == "EXECUTION_ERROR"
    assert [(one.get("output") or "").strip() or None for one in found["steps"][:3]] == [None, "one", "two"]
    assert "Step 3" in found["error"]["message"] and found["steps"][3]["error"]
    assert ask(runtime, run_id="r").text == "ok" and asked(model) == [1, 2, 3, 3, 4, 5, None]


def test_a_run_that_took_too_long_can_be_gone_on_with(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, AGENT_EXECUTION_TIMEOUT=1)
    make(runtime.client, STEPS)
    model.then(does.say("one"), does.after(threading.Event(), does.say("never")))
    assert ask(runtime, run_id="r").status == 408
    found = run(runtime, "r")
    assert (found["status"], found["reason"], found["error"]["code"]) == ("failed", "timed_out", "TIMEOUT_ERROR")
    assert ask(runtime, run_id="r").text == "ok" and asked(model) == [1, 2, 2, 3, 4, 5, None]


def test_a_run_goes_on_as_it_was_begun(runtime, model):
    model.then(does.say("one"), does.fail(400), does.fail(400), does.fail(400))
    runtime.client.put("/v1/agents/task", {"template_config": {
        "taskSteps": {"steps": ["a", "b", "c"], "retryCount": 0}, "validation": {"outputFormat": "text"}}})
    assert ask(runtime, run_id="r").status == 500
    runtime.client.put("/v1/agents/task", {"template_config": {
        "taskSteps": {"steps": ["other"]}, "validation": {"outputFormat": "text"}}})
    model._next.clear()
    assert ask(runtime, run_id="r").text == "ok" and asked(model) == [1, 2, 2, 3, None]


# --- Sessions


def test_runs_of_a_session_come_one_after_the_other(runtime, model):
    hold = threading.Event()
    model.then(does.after(hold, does.say("one")))
    first = Background(lambda: ask(runtime, "first", session_id="s", run_id="r1"))
    model.wait_for(1)
    second = Background(lambda: ask(runtime, "second", session_id="s", run_id="r2"))
    eventually(lambda: runtime.client.get("/v1/runs/r2").status == 200, "the second is kept")
    assert run(runtime, "r2")["status"] == "queued" and run(runtime, "r1")["status"] == "running"
    hold.set()
    assert first.result().status == second.result().status == 200
    texts = [exchange.messages[-1]["content"].split("\n")[0] for exchange in model.requests]
    assert texts == ["first"] * 6 + ["second"] * 6


@pytest.mark.parametrize(("policy", "status"), [("reject", 409), ("interrupt", 200), ("rollback", 200)])
def test_a_busy_session(runtime, model, policy, status):
    hold = threading.Event()
    model.then(does.after(hold, does.say("one")))
    first = Background(lambda: ask(runtime, session_id="s", run_id="r1"))
    model.wait_for(1)
    second = Background(lambda: see(runtime.client, "the task", "task", False, metadata={"session_id": "s"},
                                    conversation_config={"on_busy": policy}))
    if status == 200:
        assert second.result().status == 200 and first.result().status == 409
        found = run(runtime, "r1")
        assert (found["status"], found["reason"]) == ("cancelled", "superseded")
        return
    assert second.result().status == 409
    hold.set()
    assert first.result().status == 200


# --- Crashes


@pytest.mark.parametrize("point", range(1, 7))
@pytest.mark.parametrize("background", [False, True], ids=["caller", "background"])
def test_a_run_survives_kill_9_at_each_step(runtime, model, point, background):
    hold = threading.Event()
    model.then(*[lambda exchange: does.say(f"out {step(exchange)}")(exchange)] * (point - 1),
               does.after(hold, does.say("never")))
    model.default = lambda exchange: does.say(f"out {step(exchange)}")(exchange)
    caller = Background(lambda: ask(runtime, run_id="r", background=background))
    model.wait_for(point)
    runtime.restart()
    found = ended(runtime, "r")
    due = [1, 2, 3, 4, 5, None]
    assert asked(model) == due[:point] + due[point - 1:], "what was done is not done again"
    assert [(one.get("output") or "").strip() or None for one in found["steps"][1:6]] == [f"out {n}" for n in due[:5]]
    assert found["starts"] == 2 and found["usage"]["total_tokens"] == 60
    hold.set()
    if not background:
        with pytest.raises(OSError):
            caller.result()
    assert ask(runtime, run_id="r").text == "out None", "the name finds the answer"


def test_parallel_steps_that_have_ended_are_not_repeated(runtime, model):
    make(runtime.client, STEPS, id="parallel", parallelExecution=True)
    hold = threading.Event()
    model.default = lambda exchange: (does.after(hold, does.say("never")) if step(exchange) in (2, 4) and not hold.is_set()
                                      else does.say(f"out {step(exchange)}"))(exchange)
    caller = Background(lambda: see(runtime.client, "x", "parallel", False, metadata={"run_id": "r"}))
    eventually(lambda: stored_tasks(runtime) == 3, "three steps are stored as ended")
    runtime.kill()
    hold.set()
    runtime.start()
    ended(runtime, "r")
    with pytest.raises(OSError):
        caller.result()
    counts = {n: asked(model).count(n) for n in (1, 2, 3, 4, 5, None)}
    assert counts == {1: 1, 2: 2, 3: 1, 4: 2, 5: 1, None: 1}


def test_failed_attempts_and_drafts_are_not_repeated(runtime, model):
    runtime.client.put("/v1/agents/task", {"template_config": {
        "taskSteps": {"steps": ["a"], "retryCount": 1}, "validation": {"outputFormat": "json"}}})
    hold = threading.Event()
    model.then(does.fail(400), does.after(hold, does.say("never")))
    Background(lambda: ask(runtime, run_id="r"))
    model.wait_for(2)
    model.then(does.say("a"), does.say("no json"), does.after(hold, does.say("never")))
    runtime.restart()
    model.wait_for(5)
    model.then(does.say('{"a":1}'))
    runtime.restart()
    found = ended(runtime, "r")
    assert json.loads(found["output"]["message"]["content"]) == {"a": 1}
    assert len(model.requests) == 6 and found["starts"] == 3
    hold.set()


def test_queued_runs_survive_in_their_order(runtime, model):
    hold = threading.Event()
    model.then(does.after(hold, does.say("never")))
    ids = [submit(runtime, f"number {n}", session_id="s") for n in range(4)]
    model.wait_for(1)
    runtime.restart()
    for id in ids:
        ended(runtime, id)
    texts = [exchange.messages[-1]["content"].split("\n")[0] for exchange in model.requests]
    assert texts == ["number 0"] + [f"number {n}" for n in range(4) for _ in range(6)]
    hold.set()


def test_a_shutdown_leaves_runs_to_the_next_start(runtime, model):
    hold = threading.Event()
    model.then(does.say("one"), does.after(hold, does.say("never")))
    id = submit(runtime)
    model.wait_for(2)
    assert runtime.stop() == 0
    runtime.start()
    ended(runtime, id)
    assert asked(model) == [1, 2, 2, 3, 4, 5, None]
    hold.set()


def test_a_deleted_agent_takes_its_runs_along(runtime, model):
    hold = threading.Event()
    model.then(does.after(hold, does.say("one")))
    id = submit(runtime)
    model.wait_for(1)
    assert runtime.client.delete("/v1/agents/task").status == 200
    eventually(lambda: runtime.client.get(f"/v1/runs/{id}").status == 404, "the run is gone")
    assert model.requests[0].disconnected.wait(5)
