"""Runs with a name: joined, ended and gone on with; and sessions, whose runs come one after the other."""

import threading

import pytest
from harness import behaviours as does
from harness.runs import STEPS, ask, asked, body, ended, run
from harness.seen import see
from harness.tasks import make, names
from harness.waiting import Background, eventually


@pytest.fixture
def runtime(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url)
    make(runtime.client, STEPS)
    return runtime


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
