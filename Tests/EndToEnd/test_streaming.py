"""Tokens leave when they arrive, failures say so, and who goes away is not worked for."""

import json
import socket
import threading
import time

import pytest
from harness import behaviours as does
from harness.waiting import Background, eventually

# Below what one stream may hold: the runtime bounds the bytes of an answer at 64 MiB, framing included.
FLOOD = 56 << 20


def test_a_token_leaves_before_the_next_one_is_made(bot, model):
    steps = [threading.Event() for _ in range(5)]
    model.then(does.stepped(steps))
    with bot.client.stream("hi") as stream:
        assert stream.status == 200
        tokens = stream.tokens()
        assert next(tokens) == "t0 "
        for number, step in enumerate(steps, 1):
            # The model waits for this: what the client reads next was not made yet.
            step.set()
            assert next(tokens) == f"t{number} "
        assert list(tokens) == []


def test_the_form_of_a_stream(bot, model):
    model.then(does.say("a b c", prompt_tokens=5, completion_tokens=3))
    with bot.client.stream("hi", session="s1", metadata={"colour": "red"}) as stream:
        lines = [line for line in stream.lines() if line]
        headers = stream.headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-cache" and headers["x-accel-buffering"] == "no"
    assert all(line.startswith("data: ") for line in lines) and lines[-1] == "data: [DONE]"
    chunks = [json.loads(line[6:]) for line in lines[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1 and {chunk["model"] for chunk in chunks} == {"bot"}
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert [delta["role"] for delta in deltas if "role" in delta] == ["assistant"] and "role" in deltas[0]
    assert [delta["content"] for delta in deltas if delta.get("content")] == ["a ", "b ", "c "]
    last = chunks[-1]
    assert last["choices"][0]["finish_reason"] == "stop" and deltas[-1] == {}
    assert last["usage"] == {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    metadata = last["metadata"]
    assert metadata["agent_id"] == "bot" and metadata["session_id"] == "s1" and metadata["colour"] == "red"
    assert metadata["run_id"] and metadata["processing_time_ms"] >= 0 and metadata["confidence_score"] is None
    assert [step["step"] for step in metadata["execution_steps"]] == ["process_message", "generate_response"]
    assert model.last.body["stream_options"]["include_usage"] is True


def test_usage_stands_in_a_last_chunk_only_where_it_was_asked_for(bot, model):
    with bot.client.stream("hi", stream_options={"include_usage": True}) as stream:
        chunks = list(stream.chunks())
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["total_tokens"] == 10
    assert not any(chunk.get("usage") for chunk in chunks[:-1])


@pytest.mark.parametrize("behaviour", [does.hang, does.half_an_answer], ids=["before the first byte", "within the answer"])
def test_a_client_that_leaves_a_plain_request_cancels_the_upstream_at_once(bot, model, behaviour):
    model.then(behaviour)
    with pytest.raises(TimeoutError):
        bot.client.request("POST", "/v1/chat/completions", timeout=0.5, json_body={
            "model": "bot", "messages": [{"role": "user", "content": "hi"}]})
    check_cancelled(bot, model, time.monotonic())


def test_a_client_that_leaves_before_the_first_token_cancels_the_upstream_at_once(bot, model):
    model.then(does.hang)
    with pytest.raises(TimeoutError):
        bot.client.stream("hi", timeout=0.5)
    check_cancelled(bot, model, time.monotonic())


def test_a_client_that_leaves_a_stream_cancels_the_upstream_at_once(bot, model):
    model.then(does.hang_after("t0 "))
    with bot.client.stream("hi") as stream:
        next(stream.tokens())
        left = time.monotonic()
    check_cancelled(bot, model, left)


def check_cancelled(bot, model, left: float) -> None:
    assert model.last.disconnected.wait(20), "the upstream goes on"
    assert model.last.disconnected_at - left < 1
    assert bot.client.chat("still there?").status == 200


def test_a_polite_goodbye_cancels_as_well(bot, model):
    """A client that closes without a reset: only its end of the connection says so."""
    model.then(does.hang_after("t0 "))
    stream = bot.client.stream("hi")
    next(stream.tokens())
    stream.sock.shutdown(socket.SHUT_RDWR)
    assert model.last.disconnected.wait(20)
    stream.close()


def test_a_client_that_leaves_in_the_midst_of_a_paced_stream(bot, model):
    model.then(does.paced(10_000, 0.01))
    with bot.client.stream("hi") as stream:
        tokens = stream.tokens()
        assert [next(tokens) for _ in range(5)] == [f"t{n} " for n in range(5)]
    assert model.last.disconnected.wait(20)


def test_many_that_leave_leave_nothing_behind(bot, model):
    model.default = does.hang_after("t0 ")
    for number in range(40):
        with bot.client.stream("hi") as stream:
            next(stream.tokens())
        assert model.wait_for(number + 1).disconnected.wait(20)
    model.default = does.say("ok")
    # MAX_CONCURRENT_AGENTS is 100: runs that were not ended would fill it soon.
    for _ in range(80):
        assert bot.client.chat("hi").status == 200


FIRST = [
    ("500", does.fail(500), 502, "LLM_UNAVAILABLE"),
    ("503", does.fail(503), 502, "LLM_UNAVAILABLE"),
    ("cut", does.cut, 502, "LLM_UNAVAILABLE"),
    ("401", does.fail(401), 502, "LLM_UNAVAILABLE"),
    ("403", does.fail(403), 502, "LLM_UNAVAILABLE"),
    ("404", does.fail(404), 502, "LLM_UNAVAILABLE"),
    ("400", does.fail(400, "context too long"), 400, "VALIDATION_ERROR"),
    ("422", does.fail(422, "bad schema"), 422, "VALIDATION_ERROR"),
    ("429", does.fail(429, "slow down", {"Retry-After": "1"}), 429, "RATE_LIMIT_EXCEEDED"),
    ("no JSON", does.plain(b"<html>a proxy's page</html>", 200, "text/html"), 502, "LLM_UNAVAILABLE"),
    ("an empty answer", does.plain(b""), 502, "LLM_UNAVAILABLE"),
    ("an end before any token", does.end_without_done(), 502, "LLM_UNAVAILABLE"),
    ("an error event at once", does.error_event_after(), 502, "LLM_UNAVAILABLE"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("behaviour, status, code", [row[1:] for row in FIRST], ids=[row[0] for row in FIRST])
def test_a_failure_before_the_first_token_is_an_http_status(bot, model, behaviour, status, code, stream):
    # Every attempt fails, however often it is retried.
    model.default = behaviour
    reply = bot.client.chat("hi", stream=stream)
    assert (reply.status, reply.code) == (status, code), reply.body
    assert reply.headers["content-type"].startswith("application/json")
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"]
    if status in (400, 422):
        assert ("context too long" in reply.json()["message"]) or ("bad schema" in reply.json()["message"])
    if status == 429:
        assert int(reply.headers["retry-after"]) >= 1


LATER = [
    ("cut", does.cut_after("t0 ", "t1 ")),
    ("clean end without [DONE]", does.end_without_done("t0 ", "t1 ")),
    ("error event", does.error_event_after("t0 ", "t1 ")),
    ("invalid UTF-8", does.broken_event_after(b'{"choices":[{"index":0,"delta":{"content":"\xff"}}]}', "t0 ", "t1 ")),
    ("no JSON", does.broken_event_after(b"{broken", "t0 ", "t1 ")),
    ("no chunk", does.broken_event_after(b"[1, 2]", "t0 ", "t1 ")),
]


@pytest.mark.parametrize("behaviour", [row[1] for row in LATER], ids=[row[0] for row in LATER])
def test_a_failure_after_the_first_token_is_an_error_chunk(bot, model, behaviour):
    model.then(behaviour)
    with bot.client.stream("hi", session="s1") as stream:
        assert stream.status == 200
        data = list(stream.data())
    assert data[-1] == "[DONE]"
    chunks = [json.loads(text) for text in data[:-1]]
    assert [c["choices"][0]["delta"]["content"] for c in chunks[:-1]] == ["t0 ", "t1 "]
    assert chunks[-1]["choices"][0]["finish_reason"] == "error"
    error = chunks[-1]["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["code"] == "LLM_UNAVAILABLE"

    def figures() -> tuple:
        metrics = bot.client.get("/v1/health").json()["metrics"]
        return metrics["total_executions"], metrics["error_rate"]

    eventually(lambda: figures() == (1, 1), "the execution is counted as failed")


@pytest.mark.parametrize("tokens", [[], ["t0 "]], ids=["no first byte", "silence after a token"])
def test_a_silent_model_is_given_up(apus, model, tokens):
    runtime = apus(LLM_PROXY_URL=model.url, LLM_REQUEST_TIMEOUT=1)
    runtime.client.make_agent("bot")
    model.default = does.hang_after(*tokens) if tokens else does.hang
    if not tokens:
        reply = runtime.client.chat("hi", stream=True)
        assert (reply.status, reply.code) == (502, "LLM_UNAVAILABLE")
    else:
        with runtime.client.stream("hi") as stream:
            chunks = list(stream.chunks())
        assert chunks[-1]["choices"][0]["finish_reason"] == "error"
    assert model.requests[0].disconnected.wait(20)


@pytest.mark.parametrize("tokens", [[], ["t0 "]], ids=["before a token", "after a token"])
def test_an_execution_that_takes_too_long_is_ended(apus, model, tokens):
    runtime = apus(LLM_PROXY_URL=model.url, AGENT_EXECUTION_TIMEOUT=1)
    runtime.client.make_agent("bot")
    model.default = does.hang_after(*tokens) if tokens else does.hang
    if not tokens:
        reply = runtime.client.chat("hi")
        assert (reply.status, reply.code) == (408, "TIMEOUT_ERROR") and reply.headers["x-should-retry"] == "false"
    else:
        with runtime.client.stream("hi") as stream:
            last = list(stream.chunks())[-1]
        assert last["error"]["code"] == "TIMEOUT_ERROR"
    assert model.requests[0].disconnected.wait(20)


def test_more_executions_than_allowed_are_refused(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, MAX_CONCURRENT_AGENTS=2)
    runtime.client.make_agent("bot")
    go_on = threading.Event()
    model.default = does.after(go_on, does.say("ok"))
    two = [Background(lambda: runtime.client.chat("hi")) for _ in range(2)]
    model.wait_for(2)
    refused = runtime.client.chat("hi", stream=True)
    assert (refused.status, refused.code) == (429, "RATE_LIMIT_EXCEEDED") and refused.headers["retry-after"]
    go_on.set()
    assert [chat.result().status for chat in two] == [200, 200]
    assert runtime.client.chat("hi").status == 200


def test_a_slow_reader_slows_the_model_and_not_the_memory(bot, model):
    bot.client.chat("warm up")
    before = bot.rss_kib
    model.then(does.flood(FLOOD))
    with bot.client.stream("hi", timeout=120) as stream:
        flooding = model.wait_for(2)
        sent = -1
        # Until nothing moves any more: every buffer on the way is full.
        while sent != flooding.sent_bytes:
            sent = flooding.sent_bytes
            time.sleep(0.5)
            assert bot.rss_kib - before < 30 * 1024, f"{bot.rss_kib - before} KiB more after {sent} bytes"
        assert not flooding.ended.is_set(), "all of it fitted into buffers"
        assert bot.client.get("/ping").status == 200
        received = sum(len(token) for token in stream.tokens())
    assert received == FLOOD


def test_parameters_reach_the_model_and_the_requests_win(bot, model):
    bot.client.put("/v1/agents/bot", {"conversation_config": {"temperature": 0.5, "max_tokens": 50},
                                      "llm_config_id": "big"})
    bot.client.chat("hi", temperature=1.5, top_p=0.9, stop=["x"], seed=1, future_field={"deep": [1, None, 1.0]})
    sent = model.last.body
    assert sent["temperature"] == 1.5 and sent["max_tokens"] == 50 and sent["top_p"] == 0.9 and sent["stop"] == ["x"]
    assert sent["future_field"] == {"deep": [1, None, 1.0]} and sent["model"] == "big"
    assert model.last.headers["x-llm-config-id"] == "big"
    assert not {"metadata", "conversation_config"} & set(sent)
    assert model.last.path == "/v1/chat/completions"


def test_the_request_id_and_the_proxys_token_go_upstream(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url + "/v1/", LLM_PROXY_TOKEN="proxy-secret")
    runtime.client.make_agent("bot")
    reply = runtime.client.post("/v1/chat/completions", {"model": "bot", "messages": [{"role": "user", "content": "x"}]},
                                headers={"X-Request-ID": "mine-1"})
    assert reply.status == 200 and model.last.headers["x-request-id"] == "mine-1"
    assert model.last.headers["authorization"] == "Bearer proxy-secret" and model.last.path == "/v1/chat/completions"
