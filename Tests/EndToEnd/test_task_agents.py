"""Task agents through the whole service: steps, their failures, and what clients see of them."""

import threading

import openai
import pytest
from harness import behaviours as does
from harness.scripted_model import ScriptedModel
from harness.seen import check_error, check_whole, metadata, see
from harness.tasks import make, names, step
from harness.waiting import Background

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@pytest.fixture
def runtime(apus, model):
    return apus(LLM_PROXY_URL=model.url)


def test_the_template_is_told_of(runtime):
    templates = runtime.client.get("/v1/schema").json()["supportedAgentTemplates"]
    assert [one["template_id"] for one in templates] == ["customer-service-bot", "task-execution-bot", "custom-code-bot"]
    task = templates[1]
    assert (task["type"], task["version"], task["displayName"]) == ("task", "1.1.0", "任务型智能体")
    fields = {one["id"]: one for section in task["configSchema"]["sections"] for one in section["fields"]}
    assert list(fields) == [
        "steps", "stepTimeout", "retryCount", "parallelExecution", "strictMode", "outputFormat"]
    assert [one["defaultValue"] for one in fields.values()] == [
        ["分析需求", "制定计划", "执行任务", "验证结果"], 300, 2, False, True, "structured"]


WRONG = {
    "no steps": ({"taskSteps": {"steps": []}}, ["taskSteps.steps"]),
    "too many steps": ({"taskSteps": {"steps": ["x"] * 21}}, ["taskSteps.steps"]),
    "a blank step": ({"taskSteps": {"steps": ["x", " "]}}, ["taskSteps.steps"]),
    "all at once": ({"taskSteps": {"steps": "x", "stepTimeout": 9, "retryCount": 6, "parallelExecution": "yes"},
                     "validation": {"strictMode": 1, "outputFormat": "xml"}},
                    ["taskSteps.steps", "taskSteps.stepTimeout", "taskSteps.retryCount",
                     "taskSteps.parallelExecution", "validation.strictMode", "validation.outputFormat"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_refused_with_its_path(runtime, case):
    config, paths = WRONG[case]
    reply = runtime.client.post("/v1/agents", {
        "name": "x", "template_id": "task-execution-bot", "template_config": config})
    assert reply.status == 422 and reply.code == "VALIDATION_ERROR"
    assert sorted(".".join(fault["loc"]) for fault in reply.json()["detail"]) == sorted(
        "body.template_config." + path for path in paths)


def test_default_steps_are_warned_of(runtime):
    reply = runtime.client.post("/v1/agents", {"name": "x", "template_id": "task-execution-bot"})
    warnings = reply.json()["validation_results"]["warnings"]
    assert reply.status == 201 and len(warnings) == 1 and "taskSteps.steps is not set" in warnings[0]


@BOTH
def test_a_task_is_carried_out(runtime, model, stream):
    assert make(runtime.client, fields={"system_prompt": "be kind"}).json()["validation_results"]["warnings"] == []
    model.then(does.say("found it"), does.say("wrote it"), does.say("here you are"))
    seen = see(runtime.client, "the task", "task", stream, temperature=0.5)
    check_whole(seen, "here you are")
    assert [step(exchange) for exchange in model.requests] == [1, 2, None]
    for exchange in model.requests:
        assert exchange.messages[0] == {"role": "system", "content": "be kind"} and len(exchange.messages) == 2
        assert exchange.messages[1]["content"].startswith("the task\n") and exchange.body["temperature"] == 0.5
    first, second, last = [exchange.messages[1]["content"] for exchange in model.requests]
    assert "found it" not in first and "found it" in second and "wrote it" not in second
    assert "found it" in last and "wrote it" in last and "2. write  <- this step" in second
    told = metadata(seen)
    assert names(told["execution_steps"]) == [
        "validate_task completed", "task_step_1_find completed", "task_step_2_write completed",
        "generate_response completed"]
    assert [one.get("attempts") for one in told["execution_steps"]] == [None, 1, 1, None]
    assert all(one["duration_ms"] >= 0 for one in told["execution_steps"]) and told["agent_type"] == "task"
    usage = seen.chunks[-1]["usage"] if stream else seen.json["usage"]
    assert usage["total_tokens"] == 30, "the sum over all calls of the model"


def test_a_stream_tells_of_steps_as_they_begin_and_end(runtime, model):
    make(runtime.client)
    first, answer = threading.Event(), threading.Event()
    model.then(does.after(first, does.say("found it")), does.say("wrote it"), does.stepped([answer]))
    with runtime.client.stream("the task", model="task") as stream:
        chunks = stream.chunks()
        opening = next(chunks)
        assert opening["choices"][0]["delta"] == {"role": "assistant"} and "metadata" not in opening
        seen = [next(chunks)]
        assert names(seen[0]["metadata"]["execution_steps"]) == ["validate_task completed", "task_step_1_find running"]
        first.set()
        seen += [next(chunks) for _ in range(4)]
        told = [names(chunk["metadata"]["execution_steps"])[-1] for chunk in seen]
        assert told == ["task_step_1_find running", "task_step_1_find completed", "task_step_2_write running",
                        "task_step_2_write completed", "generate_response running"]
        deltas = [chunk["choices"][0]["delta"] for chunk in seen]
        assert deltas == [{}] * 5
        # The first token of the answer comes before the model makes the second.
        assert next(chunks)["choices"][0]["delta"] == {"content": "t0 "}
        answer.set()
        rest = list(chunks)
    assert [chunk["choices"][0]["finish_reason"] for chunk in rest if chunk["choices"]][-1] == "stop"


@BOTH
def test_parallel_steps_are_asked_at_once(runtime, model, stream):
    steps = ["a", "b", "c", "d", "e"]
    make(runtime.client, steps, parallelExecution=True)
    # Passed when all five are there.
    together = threading.Barrier(len(steps), timeout=20)

    def behave(exchange):
        number = step(exchange)
        if number:
            together.wait()
        does.say(f"result-{number}" if number else "done")(exchange)

    model.default = behave
    check_whole(see(runtime.client, "the task", "task", stream), "done")
    *asked, last = model.requests
    assert sorted(step(exchange) for exchange in asked) == [1, 2, 3, 4, 5] and step(last) is None
    assert not any("result-" in exchange.messages[-1]["content"] for exchange in asked)
    places = [last.messages[-1]["content"].index(f"result-{number}") for number in range(1, 6)]
    assert places == sorted(places)


@BOTH
def test_a_step_is_tried_again(runtime, model, stream):
    make(runtime.client, retryCount=1)
    model.then(does.fail(400), does.say("found it"), does.say("wrote it"), does.say("done"))
    seen = see(runtime.client, "the task", "task", stream)
    check_whole(seen, "done")
    assert [step(exchange) for exchange in model.requests] == [1, 1, 2, None]
    assert metadata(seen)["execution_steps"][1]["attempts"] == 2


@BOTH
def test_strict_a_step_that_fails_ends_the_run(runtime, model, stream):
    make(runtime.client, retryCount=1)
    model.then(does.say("found it"), does.fail(400, "not today"), does.fail(400, "not today"))
    seen = see(runtime.client, "the task", "task", stream)
    assert len(model.requests) == 3
    steps = ["validate_task completed", "task_step_1_find completed", "task_step_2_write error"]
    if stream:
        assert seen.status == 200 and seen.data[-1] == "[DONE]" and seen.tokens == []
        assert seen.chunks[-1]["choices"][0]["finish_reason"] == "error"
        assert seen.chunks[-1]["error"]["code"] == "EXECUTION_ERROR"
        told = seen.chunks[-2]["metadata"]["execution_steps"]
    else:
        check_error(seen, 500, "EXECUTION_ERROR")
        assert seen.headers["x-should-retry"] == "false"
        told = seen.json["details"]["execution_steps"]
        assert [one["output"].strip() for one in seen.json["details"]["steps"]][0] == "found it"
    assert names(told) == steps and told[2]["attempts"] == 2 and "not today" in told[2]["error"]
    # The model's words are content: they are not logged.
    assert "not today" not in runtime.output


@BOTH
def test_lenient_the_run_goes_on(runtime, model, stream):
    make(runtime.client, strict=False, retryCount=0)
    model.then(does.fail(400, "not today"), does.say("wrote it"), does.say("done"))
    seen = see(runtime.client, "the task", "task", stream)
    check_whole(seen, "done")
    assert names(metadata(seen)["execution_steps"])[1:3] == ["task_step_1_find error", "task_step_2_write completed"]
    assert "This step failed" in model.last.messages[-1]["content"]


@BOTH
def test_steps_use_tools(actor, model, stream):
    make(actor.client, fields={"toolsets": ["math"]})
    model.then(does.call_tools(("calculator", {"expression": "6 * 7"})), does.say("it is 42"), does.say("wrote it"),
               does.say("done"))
    seen = see(actor.client, "the task", "task", stream)
    check_whole(seen, "done")
    assert model.requests[1].messages[-1]["content"] == "42" and metadata(seen)["tools_used"] == ["calculator"]
    assert "tools" in model.requests[2].body and "tools" not in model.requests[3].body
    assert names(metadata(seen)["execution_steps"])[1:3] == [
        "task_step_1_find completed", "call_tool_calculator completed"]


@BOTH
@pytest.mark.parametrize("parallel", [True, False])
def test_who_leaves_ends_the_steps(runtime, model, stream, parallel):
    make(runtime.client, strict=False, parallelExecution=parallel)
    model.default = does.hang
    body = {"model": "task", "messages": [{"role": "user", "content": "the task"}], "stream": stream}
    with pytest.raises(TimeoutError):
        with runtime.client.open("POST", "/v1/chat/completions", json_body=body, timeout=0.5) as reply:
            reply.read()
    model.wait_for(2 if parallel else 1)
    assert all(exchange.disconnected.wait(20) for exchange in model.requests)
    assert len(model.requests) == (2 if parallel else 1)


def test_time_is_up(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, AGENT_EXECUTION_TIMEOUT=1)
    make(runtime.client, strict=False)
    model.then(does.say("found it"), does.hang)
    seen = see(runtime.client, "the task", "task", False)
    check_error(seen, 408, "TIMEOUT_ERROR")
    assert names(seen.json["details"]["execution_steps"])[1:] == ["task_step_1_find completed", "task_step_2_write error"]


@BOTH
def test_no_task_is_refused_with_a_status(runtime, model, stream):
    make(runtime.client)
    body = {"model": "task", "messages": [{"role": "system", "content": "x"}], "stream": stream}
    reply = runtime.client.post("/v1/chat/completions", body)
    assert reply.status == 422 and not model.requests


def test_many_at_once(runtime, model: ScriptedModel):
    make(runtime.client, ["a", "b", "c"], output="text", parallelExecution=True)
    runs = [Background(lambda: see(runtime.client, "the task", "task", True)) for _ in range(20)]
    for run in runs:
        check_whole(run.result(), "ok")
    assert len(model.requests) == 80


@pytest.fixture
def sdk(runtime):
    settings = {"base_url": f"http://127.0.0.1:{runtime.port}/v1", "api_key": runtime.token, "max_retries": 0}
    with openai.OpenAI(**settings) as client:
        yield client


ASK = {"model": "task", "messages": [{"role": "user", "content": "the task"}]}


@pytest.mark.filterwarnings("error")
def test_the_openai_sdk_is_undisturbed(runtime, model, sdk):
    make(runtime.client)
    whole = sdk.chat.completions.create(**ASK)
    assert whole.choices[0].message.content == "ok" and whole.usage.total_tokens == 30
    with sdk.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "ok "
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == [30]
    with sdk.chat.completions.stream(**ASK) as stream:
        texts = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert texts == ["ok "] and final.choices[0].message.content == "ok " and final.choices[0].finish_reason == "stop"


def test_the_openai_sdk_sees_failures(runtime, model, sdk):
    make(runtime.client, retryCount=0)
    model.default = does.fail(400)
    with pytest.raises(openai.InternalServerError) as caught:
        sdk.chat.completions.create(**ASK)
    assert caught.value.status_code == 500 and caught.value.code == "EXECUTION_ERROR"
    with pytest.raises(openai.APIError, match="Step 1 of the task failed"):
        list(sdk.chat.completions.create(**ASK, stream=True))


def test_twenty_steps(runtime, model):
    steps = [f"part {number}" for number in range(1, 21)]
    make(runtime.client, steps)
    model.default = lambda exchange: does.say(f"out {step(exchange)}")(exchange)
    seen = see(runtime.client, "the task", "task", False, metadata={"session_id": "s"})
    assert seen.status == 200 and [step(exchange) for exchange in model.requests] == [*range(1, 21), None]
    last = model.requests[-1].messages[-1]["content"]
    assert all(f"out {number}" in last for number in range(1, 21))
    assert len(metadata(seen)["execution_steps"]) == 22


def test_a_real_model_carries_a_task_out(apus, model_url):
    runtime = apus(LLM_PROXY_URL=model_url)
    make(runtime.client, ("Name a colour", "Name a fruit of that colour"), strict=False, output="structured")
    seen = see(runtime.client, "Help me to paint", "task", True, max_tokens=40, metadata={"run_id": "real"})
    assert seen.status == 200 and seen.chunks[-1]["choices"][0]["finish_reason"] in ("stop", "length"), seen.body[-500:]
    run = runtime.client.get("/v1/runs/real").json()
    assert run["status"] == "completed" and [one["status"] for one in run["steps"]] == ["completed"] * 4
    assert all(one["output"].strip() for one in run["steps"][1:3]) and run["usage"]["completion_tokens"] > 0
    assert run["output"]["message"]["content"].strip()
