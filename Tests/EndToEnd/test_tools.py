"""Agents that act: built-in tools driven by a scripted model, their faults, and the callers' own tools."""

import os
from pathlib import Path

import openai
import pytest
from conftest import TOOLSETS
from harness import behaviours as does
from harness.pages import Pages, Slow, hang_up, redirect, text
from harness.scripted_model import ScriptedModel
from harness.seen import check_error, check_whole, metadata, results, see

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
SUM = ("calculator", {"expression": "0.1 + 0.2"})
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@BOTH
def test_the_models_calls_are_made_and_their_results_go_back(actor, model, pages, stream):
    pages["/page"] = text("<h1>Title</h1><script>no()</script><p>Body</p>", content_type="text/html")
    model.then(
        does.call_tools(SUM, ("http_fetch", {"url": pages.url("/page")}), text="One moment. "),
        does.call_tools(("current_time", {"time_zone": "Asia/Shanghai"}), prefix="again"), does.say("all done"))
    seen = see(actor.client, "act", "bot", stream)
    check_whole(seen, "One moment. all done" if stream else "all done")
    first, second, third = model.requests
    assert [tool["function"]["name"] for tool in first.body["tools"]] == ["calculator", "current_time", "http_fetch"]
    calling = second.messages[1]
    assert calling["role"] == "assistant" and [call["id"] for call in calling["tool_calls"]] == ["call_0", "call_1"]
    assert [message["tool_call_id"] for message in second.messages[2:]] == ["call_0", "call_1"]
    computed, page = results(second)
    assert computed == "0.3" and "Title" in page and "Body" in page and "no()" not in page
    assert "Asia/Shanghai" in results(third)[-1] and "+08:00" in results(third)[-1] and len(third.messages) == 6
    told = metadata(seen)
    assert told["tools_used"] == ["calculator", "http_fetch", "current_time"]
    steps = [step["step"] for step in told["execution_steps"]]
    assert steps[0] == "process_message" and steps.count("generate_response") == 3 and steps[-1] == "generate_response"
    assert {"call_tool_calculator", "call_tool_http_fetch", "call_tool_current_time"} < set(steps)
    assert all(step["status"] == "completed" and step["duration_ms"] >= 0 for step in told["execution_steps"])
    usage = seen.chunks[-1]["usage"] if stream else seen.json["usage"]
    assert usage["total_tokens"] == 30, "the sum over all calls of the model"


@pytest.mark.filterwarnings("error")
def test_the_openai_sdk_is_undisturbed(actor, model):
    settings = {"base_url": f"http://127.0.0.1:{actor.port}/v1", "api_key": actor.token, "max_retries": 0}
    ask = {"model": "bot", "messages": [{"role": "user", "content": "act"}]}
    with openai.OpenAI(**settings) as sdk:
        for _ in range(2):
            model.then(does.call_tools(SUM), does.say("done"))
        # No text comes before the tools: what is told of them is the first that there is to tell.
        with sdk.chat.completions.stream(**ask) as stream:
            assert "".join(event.delta for event in stream if event.type == "content.delta") == "done "
            assert stream.get_final_completion().choices[0].message.role == "assistant"
        with sdk.chat.completions.create(**ask, stream=True) as stream:
            first, *rest = stream
    assert first.choices[0].delta.role == "assistant" and "metadata" not in (first.model_extra or {})
    assert any("metadata" in (chunk.model_extra or {}) for chunk in rest[:-1])


def test_a_stream_tells_of_tools_while_they_run(actor, model, pages):
    slow = Slow()
    pages["/slow"] = slow
    model.then(does.call_tools(("http_fetch", {"url": pages.url("/slow")})), does.say("done"))
    with actor.client.stream("act") as stream:
        chunks = stream.chunks()
        running = next(chunk for chunk in chunks if "execution_steps" in (chunk.get("metadata") or {}))
        assert running["choices"][0]["delta"].get("content") is None and running["choices"][0]["finish_reason"] is None
        assert running["metadata"]["execution_steps"][-1]["step"] == "call_tool_http_fetch"
        assert running["metadata"]["execution_steps"][-1]["status"] == "running"
        slow.go_on.set()
        rest = list(chunks)
    assert not any(chunk["choices"][0]["delta"].get("tool_calls") for chunk in rest)
    assert "".join(c["choices"][0]["delta"].get("content") or "" for c in rest) == "done "


WRONG = {
    "no such tool": ("launch", {}, "There is no tool 'launch'; there are: calculator, current_time, http_fetch"),
    "no JSON": ("calculator", '{"expression": ', "not JSON"),
    "no object": ("calculator", "[1]", "not an object"),
    "a missing argument": ("calculator", {}, "expression"),
    "an argument of another type": ("calculator", {"expression": 5}, "expression"),
    "an argument too many": ("calculator", {"expression": "1", "extra": 1}, "extra"),
    "a division by zero": ("calculator", {"expression": "1/0"}, "zero"),
    "an unknown time zone": ("current_time", {"time_zone": "Mars/Base"}, "Mars/Base"),
    "a host that is not allowed": ("http_fetch", {"url": "http://127.0.0.2/"}, "127.0.0.2"),
    "a scheme that is not allowed": ("http_fetch", {"url": "file:///etc/passwd"}, "http"),
    "no such page": ("http_fetch", {"url": "/none"}, "status 404"),
    "a page that hangs up": ("http_fetch", {"url": "/gone"}, "could not be fetched"),
    "a way out": ("http_fetch", {"url": "/out"}, "169.254.169.254"),
    "a page too long": ("http_fetch", {"url": "/long"}, "The rest was cut off"),
}


def on(pages, arguments):
    """The arguments with a path made the address of a page."""
    path = arguments.get("url", "") if isinstance(arguments, dict) else ""
    return {"url": pages.url(path)} if path.startswith("/") else arguments


@BOTH
def test_faults_of_tools_are_told_to_the_model(actor, model, pages, stream):
    pages["/gone"], pages["/out"], pages["/long"] = hang_up, redirect("http://169.254.169.254/"), "x" * 100_000
    calls = [(name, on(pages, arguments)) for name, arguments, _ in WRONG.values()]
    model.then(does.call_tools(*calls), does.say("sorry"))
    seen = see(actor.client, "act", "bot", stream)
    check_whole(seen, "sorry")
    told = results(model.last)
    assert len(told) == len(WRONG)
    for (case, (_, _, words)), result in zip(WRONG.items(), told, strict=True):
        assert words in result and len(result) < 5000, f"{case}: {result}"
    steps = [step for step in metadata(seen)["execution_steps"] if step["step"].startswith("call_tool_")]
    failed = [step for step in steps if step["status"] == "error"]
    # All but the page that is cut.
    assert len(failed) == len(WRONG) - 1 and all(step["error"] for step in failed), steps


def test_a_page_whose_certificate_nobody_vouches_for_is_not_fetched(apus, model, tmp_path):
    with Pages(certificate=Path(__file__).parent / "fixtures" / "self-signed.pem") as pages:
        pages["/secret"] = "not for strangers"
        file = tmp_path / "toolsets.yaml"
        file.write_text(TOOLSETS.format(host=pages.host))
        runtime = apus(LLM_PROXY_URL=model.url, TOOLSETS_FILE=file)
        runtime.client.make_agent("bot", toolsets=["web"])
        model.then(does.call_tools(("http_fetch", {"url": pages.url("/secret")})), does.say("no"))
        check_whole(see(runtime.client, "act", "bot", False), "no")
        told = results(model.last)[0]
        assert "could not be fetched" in told and "certificate" in told.lower() and "/secret" not in pages.asked, told


def test_the_model_is_told_how_much_of_a_page_it_does_not_see(actor, model, pages):
    pages["/long"] = "x" * 100_000
    model.then(does.call_tools(("http_fetch", {"url": pages.url("/long")})), does.say("long"))
    check_whole(see(actor.client, "act", "bot", False), "long")
    assert "only the first" in results(model.last)[0] or "100000" in results(model.last)[0]


def test_a_tool_that_there_is_not_was_not_used(actor, model):
    model.then(does.call_tools(("launch", {}), SUM), does.say("done"))
    assert metadata(see(actor.client, "act", "bot", False))["tools_used"] == ["calculator"]


def test_a_tool_has_a_time_and_what_it_waits_for_is_let_go(actor, model, pages):
    slow = Slow()
    pages["/slow"] = slow
    actor.client.make_agent("hasty", toolsets=["hasty"])
    model.then(does.call_tools(("http_fetch", {"url": pages.url("/slow")})), does.say("too slow"))
    check_whole(see(actor.client, "act", "hasty", False), "too slow")
    assert "no result within" in results(model.last)[0] and slow.left.wait(20)


@BOTH
def test_who_leaves_ends_the_tools_work(actor, model, pages, stream):
    slow = Slow()
    pages["/slow"] = slow
    model.then(does.call_tools(("http_fetch", {"url": pages.url("/slow")})))
    body = {"model": "bot", "messages": [{"role": "user", "content": "act"}], "stream": stream}
    with pytest.raises(TimeoutError):
        with actor.client.open("POST", "/v1/chat/completions", json_body=body, timeout=0.5) as reply:
            reply.read()
    assert slow.left.wait(20)
    assert actor.client.chat("still there?").text == "ok" and len(model.requests) == 2


def test_tools_have_an_end(actor, model):
    actor.client.make_agent("busy", toolsets=["math"], limits={"max_tool_turns": 2})
    model.then(does.call_tools(SUM), does.call_tools(SUM), does.say("enough"))
    check_whole(see(actor.client, "act", "busy", False), "enough")
    assert [exchange.body.get("tool_choice") for exchange in model.requests] == [None, None, "none"]
    model.default = does.call_tools(SUM)
    seen = see(actor.client, "act", "busy", False)
    check_error(seen, 500, "EXECUTION_ERROR")
    assert "max_tool_turns" in seen.json["error"]["message"] and seen.headers["x-should-retry"] == "false"
    assert len(model.requests) == 6


@BOTH
@pytest.mark.parametrize("session", [None, "s1"], ids=["no session", "session"])
def test_the_callers_tools_beside_the_agents(actor, model, stream, session):
    extra = {"tools": [WEATHER], **({"metadata": {"session_id": session}} if session else {})}
    model.then(does.call_tools(SUM, ("weather", {"city": "Bern"})), does.say("mild and 0.3"))
    seen = see(actor.client, "act", "bot", stream, **extra)
    check_whole(seen, "", "tool_calls")
    if stream:
        deltas = [chunk["choices"][0]["delta"]["tool_calls"] for chunk in seen.chunks
                  if chunk["choices"][0]["delta"].get("tool_calls")]
        shown = [call for delta in deltas for call in delta]
        assert [call["index"] for call in shown] == [0]
        shown = [{key: value for key, value in call.items() if key != "index"} for call in shown]
    else:
        shown = seen.json["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["name"] for call in shown] == ["weather"], "the agent's calls are its own"
    assert metadata(seen)["tools_used"] == ["calculator"] and len(model.requests) == 1

    answer = {"role": "tool", "tool_call_id": shown[0]["id"], "content": "mild"}
    before = [{"role": "user", "content": "act"}, {"role": "assistant", "content": None, "tool_calls": shown}]
    body = {"model": "bot", "messages": [answer] if session else [*before, answer], "stream": stream} | extra
    assert actor.client.post("/v1/chat/completions", body).status == 200
    # With what the agent's own tools did, in an order that models accept.
    asked = model.last.messages
    assert [message["role"] for message in asked] == ["user", "assistant", "tool", "tool"]
    assert {message["tool_call_id"]: message["content"] for message in asked[2:]} == {"call_0": "0.3", "call_1": "mild"}
    assert [call["id"] for call in asked[1]["tool_calls"]] == ["call_0", "call_1"]


def test_a_callers_tool_must_not_have_the_name_of_an_agents(actor, model):
    tool = {"type": "function", "function": {"name": "calculator", "parameters": {"type": "object"}}}
    seen = see(actor.client, "act", "bot", False, tools=[WEATHER, tool])
    check_error(seen, 422, "VALIDATION_ERROR")
    assert seen.json["detail"][0]["loc"] == ["body", "tools", 1, "function", "name"] and model.requests == []


@BOTH
def test_a_fallback_goes_on_in_the_midst_of_a_run(actor, model, stream):
    with ScriptedModel() as fallback:
        fallback.default = does.say("from the fallback")
        actor.restart(OPENAI_API_KEY="k", OPENAI_BASE_URL=fallback.url + "/v1")
        model.then(does.call_tools(SUM), does.cut_after() if stream else does.fail(500))
        check_whole(see(actor.client, "act", "bot", stream), "from the fallback")
        assert results(fallback.last) == ["0.3"] and len(fallback.requests) == 1 and len(model.requests) == 2


def test_a_call_that_is_cut_was_not_forwarded_and_so_another_service_is_asked(actor, model):
    with ScriptedModel() as fallback:
        fallback.then(does.call_tools(SUM))
        actor.restart(OPENAI_API_KEY="k", OPENAI_BASE_URL=fallback.url + "/v1")
        model.then(does.cut_within_a_call, does.say("whole"))
        check_whole(see(actor.client, "act", "bot", True), "whole")
        assert len(fallback.requests) == 1 and results(model.last) == ["0.3"]


def test_toolsets_that_are_not_configured_are_warned_of(actor, model):
    body = {"id": "hopeful", "name": "h", "template_id": "customer-service-bot", "toolsets": ["math", "nowhere"]}
    stored = actor.client.post("/v1/agents", body)
    assert stored.status == 201 and any("nowhere" in text for text in stored.json()["validation_results"]["warnings"])
    model.then(does.call_tools(SUM), does.say("done"))
    seen = see(actor.client, "act", "hopeful", False)
    check_whole(seen, "done")
    assert any("nowhere" in text for text in metadata(seen)["warnings"]) and results(model.last) == ["0.3"]


@pytest.mark.skipif(not os.environ.get("APUS_TEST_TOOL_MODEL_URL"), reason="APUS_TEST_TOOL_MODEL_URL names no model")
def test_a_real_model_calls_tools(apus, tmp_path):
    """Against a model that can call tools: APUS_TEST_TOOL_MODEL_URL, APUS_TEST_TOOL_MODEL (its name), …_KEY."""
    file = tmp_path / "toolsets.yaml"
    file.write_text(TOOLSETS.format(host="localhost"))
    runtime = apus(
        LLM_PROXY_URL=os.environ["APUS_TEST_TOOL_MODEL_URL"], TOOLSETS_FILE=file,
        DEFAULT_LLM_CONFIG_ID=os.environ.get("APUS_TEST_TOOL_MODEL"),
        LLM_PROXY_TOKEN=os.environ.get("APUS_TEST_TOOL_MODEL_KEY"))
    runtime.client.make_agent("bot", toolsets=["math"])
    seen = see(runtime.client, "What is 48213 * 9177? Use the calculator.", "bot", False)
    assert "calculator" in metadata(seen)["tools_used"] and "442450701" in seen.text.replace(",", ""), seen.body
