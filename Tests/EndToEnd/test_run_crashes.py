"""Runs that a crash or a restart has cut go on by themselves, and repeat nothing that was done."""

import json
import threading

import pytest
from harness import behaviours as does
from harness.runs import STEPS, ask, asked, ended, run, stored_tasks, submit
from harness.seen import see
from harness.tasks import make, step
from harness.waiting import Background, eventually


@pytest.fixture
def runtime(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url)
    make(runtime.client, STEPS)
    return runtime


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
