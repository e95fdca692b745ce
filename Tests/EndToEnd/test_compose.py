"""Composing agents through the whole service: a model proposes, what it proposes can be created, nothing is by itself."""

import json
import threading

import pytest
from harness import behaviours as does
from harness.code import ready
from harness.process import Apus
from harness.waiting import Background

PATH = "/v1/agents/compose"
MEMBERS = {"template_id", "template_version", "proposal", "reasoning", "validation_results", "usage"}
RESULTS = {"valid", "errors", "warnings", "attempts"}
CONFIGS = {
    "customer-service-bot": {"conversation": {"continuous": True, "historyLength": 20}},
    "task-execution-bot": {
        "taskSteps": {"steps": ["collect", "compare"], "stepTimeout": 60, "retryCount": 1, "parallelExecution": False},
        "validation": {"strictMode": False, "outputFormat": "text"}},
    "custom-code-bot": {
        "codeSource": {"type": "inline", "content": "def main(request):\n    return 'hello'", "entryPoint": "main",
                       "dependencies": []},
        "runtime": {"language": "python", "version": "", "timeout": 10, "memoryLimit": 128}},
}
# The local model is small and slow.
LOCAL_SECONDS = 240


def answer(template: str = "customer-service-bot", **fields) -> str:
    """What a model says that does as it is told."""
    return json.dumps({"reasoning": "it fits", "name": "Composed", "description": "does it", "system_prompt": "be kind",
                       "template_config": CONFIGS[template], "toolsets": []} | fields)


def ask(template: str = "customer-service-bot", **fields) -> dict:
    return {"template_id": template, "instructions": "Help our customers."} | fields


@pytest.fixture
def runtime(apus, model) -> Apus:
    return apus(LLM_PROXY_URL=model.url)


@pytest.mark.parametrize("template", CONFIGS)
def test_a_proposal_can_be_created_as_it_is(runtime, model, template):
    model.then(does.say(answer(template)))
    reply = runtime.client.post(PATH, ask(template))
    body = reply.json()
    assert reply.status == 200 and set(body) == MEMBERS and set(body["validation_results"]) == RESULTS
    assert body["validation_results"] | {"warnings": []} == {"valid": True, "errors": [], "warnings": [], "attempts": 1}
    assert (body["template_id"], body["reasoning"]) == (template, "it fits")
    assert body["usage"]["total_tokens"] == 10
    assert runtime.client.get("/v1/agents").json() == [], "nothing is created"
    created = runtime.client.post("/v1/agents", body["proposal"])
    assert created.status == 201, created.body
    agent = runtime.client.get(f"/v1/agents/{created.json()['agent_id']}").json()
    assert agent["template_config"] == CONFIGS[template] and agent["name"] == "Composed"
    assert agent["template_version_id"] == body["template_version"] and agent["status"] == "draft"


def test_what_the_model_is_asked(actor, model):
    model.then(does.say(answer(toolsets=["web"])))
    reply = actor.client.post(PATH, ask(suggested_name="Mine", suggested_tools=["math"], llm_config_id="big"))
    proposal = reply.json()["proposal"]
    assert (proposal["name"], proposal["toolsets"], proposal["llm_config_id"]) == ("Mine", ["math", "web"], "big")
    asked = model.last
    assert asked.headers["x-llm-config-id"] == "big" and asked.headers["x-request-id"] == reply.headers["x-request-id"]
    schema = asked.body["response_format"]["json_schema"]["schema"]
    assert "name" not in schema["properties"] and "historyLength" in json.dumps(schema)
    rules, wishes = (message["content"] for message in asked.messages)
    assert "calculator" in rules and "guarded" in rules and "Help our customers." in wishes
    created = actor.client.post("/v1/agents", proposal)
    assert created.status == 201 and created.json()["validation_results"]["warnings"] == []


def test_a_faulty_proposal_is_mended(runtime, model):
    faulty = answer(template_config={"conversation": {"historyLength": 4}}, toolsets=["nope"])
    model.then(does.say("```json\n" + faulty + "\n```"), does.say("Sorry! Here it is:\n" + answer()))
    body = runtime.client.post(PATH, ask()).json()
    assert body["validation_results"] == {"valid": True, "errors": [], "warnings": [], "attempts": 2}
    assert body["usage"]["total_tokens"] == 20
    told = model.last.messages[-1]["content"]
    assert "template_config.conversation.historyLength: 4 is not" in told and "toolsets[0]" in told


def test_what_cannot_be_mended_is_shown(runtime, model):
    model.default = does.say(answer(template_config={"conversation": {"historyLength": 4}}))
    reply = runtime.client.post(PATH, ask())
    results = reply.json()["validation_results"]
    assert reply.status == 200 and len(model.requests) == 3
    assert (results["valid"], results["attempts"]) == (False, 3)
    assert [fault["loc"] for fault in results["errors"]] == [
        ["proposal", "template_config", "conversation", "historyLength"]]
    assert runtime.client.post("/v1/agents", reply.json()["proposal"]).status == 422
    model.default = does.say("I would rather not.")
    body = runtime.client.post(PATH, ask()).json()
    assert body["proposal"] is None and not body["validation_results"]["valid"]


def test_code_that_does_not_parse_is_a_fault(runtime, model):
    ready(runtime)
    broken = json.loads(json.dumps(CONFIGS["custom-code-bot"]))
    broken["codeSource"]["content"] = "def main(request:"
    model.then(does.say(answer("custom-code-bot", template_config=broken)), does.say(answer("custom-code-bot")))
    body = runtime.client.post(PATH, ask("custom-code-bot")).json()
    assert body["validation_results"]["valid"] and body["validation_results"]["attempts"] == 2
    assert "template_config.codeSource.content: line 1" in model.last.messages[-1]["content"]


def test_a_model_that_takes_no_format(runtime, model):
    model.then(does.fail(400, "response_format is not supported"), does.say(answer()))
    assert runtime.client.post(PATH, ask()).json()["validation_results"]["valid"]
    assert ["response_format" in exchange.body for exchange in model.requests] == [True, False]


@pytest.mark.parametrize("status, seen, code", [(401, 502, "LLM_UNAVAILABLE"), (400, 400, "VALIDATION_ERROR"),
                                                (413, 413, "PAYLOAD_TOO_LARGE")])
def test_a_model_that_fails(runtime, model, status, seen, code):
    model.default = does.fail(status)
    reply = runtime.client.post(PATH, ask())
    assert (reply.status, reply.code) == (seen, code)


def test_time_is_up(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, AGENT_EXECUTION_TIMEOUT=1)
    model.default = does.hang
    reply = runtime.client.post(PATH, ask())
    assert (reply.status, reply.code) == (408, "TIMEOUT_ERROR")
    assert model.last.disconnected.wait(20)


def test_who_leaves_ends_it(runtime, model):
    model.default = does.hang
    with pytest.raises(TimeoutError):
        runtime.client.post(PATH, ask(), timeout=0.5)
    assert model.wait_for(1).disconnected.wait(20) and len(model.requests) == 1


def test_it_counts_against_the_executions(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, MAX_CONCURRENT_AGENTS=1)
    go = threading.Event()
    model.then(does.after(go, does.say(answer())))
    first = Background(lambda: runtime.client.post(PATH, ask()))
    model.wait_for(1)
    refused = runtime.client.post(PATH, ask())
    assert (refused.status, refused.code) == (429, "RATE_LIMIT_EXCEEDED") and refused.headers["retry-after"]
    go.set()
    assert first.result().json()["validation_results"]["valid"]


def test_what_was_asked_is_not_logged(runtime, model):
    model.then(does.say(answer(system_prompt="the-content-nobody-may-log")))
    assert runtime.client.post(PATH, ask(instructions="the-content-nobody-may-log")).status == 200
    assert runtime.stop() == 0 and "the-content-nobody-may-log" not in runtime.output
    record = next(line for line in runtime.logs if line.get("path") == PATH)
    assert record["prompt_tokens"] == 7 and record["status"] == 200


def test_a_repair_that_the_model_refuses(runtime, model):
    model.then(does.say(answer(name="")), does.fail(400, "too long"), does.fail(400, "too long"))
    results = runtime.client.post(PATH, ask()).json()["validation_results"]
    assert (results["valid"], results["attempts"]) == (False, 1) and "model_rejected" in results["warnings"][0]


def test_a_real_model(apus, model_url, tmp_path):
    """It may be small, and what it proposes wrong: the shape must be right."""
    file = tmp_path / "models.yaml"
    # Small models do not always find an end.
    file.write_text(f"""
models:
  "*":
    upstreams: [{{base_url: "{model_url}", model: local}}]
    defaults: {{max_tokens: 300, temperature: 0, seed: 7}}
""")
    runtime = apus(MODELS_FILE=file, LLM_REQUEST_TIMEOUT=LOCAL_SECONDS, AGENT_EXECUTION_TIMEOUT=LOCAL_SECONDS)
    reply = runtime.client.post(PATH, ask(instructions="A friendly helper for the visitors of a small museum."),
                                timeout=LOCAL_SECONDS + 10)
    body = reply.json()
    assert reply.status == 200, body
    assert set(body) == MEMBERS and set(body["validation_results"]) == RESULTS
    results = body["validation_results"]
    assert results["valid"] == (not results["errors"]) and 1 <= results["attempts"] <= 3
    assert body["proposal"] is None or body["proposal"]["template_id"] == "customer-service-bot"
    if results["valid"]:
        assert runtime.client.post("/v1/agents", body["proposal"]).status == 201
