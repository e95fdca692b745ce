"""Formats of task agents' answers, through the whole service."""

import json

import pytest
from harness import behaviours as does
from harness.seen import check_error, metadata, see
from harness.tasks import make

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
RESULT = {"summary": "all went well", "steps": [
    {"step": "find", "status": "completed", "output": "found"},
    {"step": "write", "status": "completed", "output": "written"}], "result": "the text"}


@pytest.fixture
def runtime(apus, model):
    return apus(LLM_PROXY_URL=model.url)


@BOTH
def test_structured_answers(runtime, model, stream):
    make(runtime.client, output="structured")
    model.then(does.say("f"), does.say("w"), does.say(json.dumps(RESULT)))
    seen = see(runtime.client, "the task", "task", stream)
    assert seen.status == 200 and json.loads(seen.text) == RESULT
    asked = model.last.body["response_format"]
    assert asked["type"] == "json_schema"
    assert set(asked["json_schema"]["schema"]["properties"]) == {"summary", "steps", "result"}


@BOTH
@pytest.mark.parametrize("strict", [True, False])
def test_an_answer_without_json_is_repaired_once(runtime, model, stream, strict):
    make(runtime.client, output="json", strict=strict)
    model.then(does.say("f"), does.say("w"), does.say("I think so."), does.say('```json {"a": 1}\n``` Sure: {"a": 1}'))
    seen = see(runtime.client, "the task", "task", stream)
    assert json.loads(seen.text) == {"a": 1} and len(model.requests) == 4
    assert "There is no JSON in it" in model.last.messages[-1]["content"]
    model.then(does.say("f"), does.say("w"), does.say("I think so."), does.say("Still no."))
    seen = see(runtime.client, "the task", "task", stream)
    if not strict:
        assert json.loads(seen.text)["text"].strip() == "I think so."
        assert "outputFormat" in metadata(seen)["warnings"][0]
    elif stream:
        assert seen.tokens == [] and seen.chunks[-1]["error"]["code"] == "EXECUTION_ERROR"
    else:
        check_error(seen, 500, "EXECUTION_ERROR")


def test_a_model_that_takes_no_format_is_asked_in_words(runtime, model):
    make(runtime.client, ["find"], output="json")
    model.then(does.say("f"), does.fail(400, "unknown parameter"), does.say('{"a": 1}'))
    assert json.loads(see(runtime.client, "the task", "task", False).text) == {"a": 1}
    assert "response_format" in model.requests[1].body and "response_format" not in model.requests[2].body
