"""What a caller sees when model services fail: alone, with a fallback, with breakers, by a models file."""

import json
import signal
import socket
import time

import pytest
from harness import behaviours as b
from harness.client import chat_body
from harness.process import free_port
from harness.scripted_model import ScriptedModel

# A failure; the caller's status without a fallback; how often the one upstream is asked; whether a fallback helps.
BEFORE_A_TOKEN = [
    (b.cut, 502, None, True), (b.fail(500), 502, 3, True), (b.fail(503), 502, 3, True), (b.fail(408), 502, 3, True),
    (b.fail(409), 502, 3, True), (b.fail(429, headers={"retry-after-ms": "10"}), 429, 3, True),
    (b.fail(429, headers={"Retry-After": "90"}), 429, 1, True), (b.fail(400), 400, 1, False),
    (b.fail(422), 422, 1, False), (b.fail(413), 413, 1, False), (b.fail(401), 502, 1, True),
    (b.fail(403), 502, 1, True), (b.fail(404), 502, 1, True), (b.hang, 502, 1, True),
    (b.plain(b"<html>", content_type="text/html"), 502, None, True), (b.end_without_done(), 502, 3, True),
    (b.error_event_after(), 502, 3, True), (b.broken_event_after(b'{"half'), 502, 1, True),
    (b.broken_event_after(b'{"x": "\xe2\x82"}'), 502, 1, True),
]
NAMES = ["cut", "500", "503", "408", "409", "429 soon", "429 late", "400", "422", "413", "401", "403", "404", "hang",
         "html", "no done", "error event", "garbage", "half a character"]
STREAM_ONLY = {"no done", "error event", "garbage", "half a character"}


@pytest.fixture(scope="module")
def pair(apus_binary, tmp_path_factory):
    """Two runtimes on one failing model: one alone, one with a fallback that works."""
    from harness.process import Apus
    with ScriptedModel() as failing, ScriptedModel() as spare:
        spare.default = b.say("from the spare")
        common = {"LLM_PROXY_URL": failing.url, "LLM_REQUEST_TIMEOUT": 1}
        alone = Apus(apus_binary, tmp_path_factory.mktemp("alone"), **common)
        backed = Apus(apus_binary, tmp_path_factory.mktemp("backed"), **common, OPENAI_API_KEY="key",
                      OPENAI_BASE_URL=f"{spare.url}/v1")
        try:
            for runtime in (alone, backed):
                runtime.start()
            yield failing, alone, backed
        finally:
            alone.close()
            backed.close()


# Each case has an agent and a model of its own, so that no breaker has seen failures before.
@pytest.mark.parametrize("streams", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_failures_before_a_token(pair, number, streams):
    failing, alone, backed = pair
    if NAMES[number] in STREAM_ONLY and not streams:
        pytest.skip("a failure of streams")
    behaviour, status, asked, helps = BEFORE_A_TOKEN[number]
    agent = f"a{number}-{streams}"
    failing.default = behaviour
    for runtime in (alone, backed):
        runtime.client.make_agent(agent, llm_config_id=agent)
    before = len(failing.requests)
    reply = alone.client.chat("hello", agent, stream=streams)
    assert reply.status == status, reply.body
    assert reply.headers["content-type"] == "application/json" and reply.code
    if status == 429:
        assert int(reply.headers["retry-after"]) >= 1
    if asked:
        assert len(failing.requests) - before == asked
    reply = backed.client.chat("hello", agent, stream=streams)
    if not helps:
        assert reply.status == status
    elif streams:
        assert b"from " in reply.body and reply.body.rstrip().endswith(b"[DONE]")
    else:
        assert reply.status == 200 and reply.text == "from the spare"


@pytest.mark.parametrize("behaviour", [
    b.cut_after("one ", "two "), b.hang_after("one ", "two "), b.end_without_done("one ", "two "),
    b.error_event_after("one ", "two "), b.broken_event_after(b"{", "one ", "two ")])
def test_failures_after_a_token_are_told_in_the_stream(pair, behaviour):
    failing, _, backed = pair
    agent = f"late-{id(behaviour)}"
    failing.default = behaviour
    backed.client.make_agent(agent, llm_config_id=agent)
    before = len(failing.requests)
    with backed.client.stream("hello", agent) as stream:
        chunks = list(stream.chunks())
    text = "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks)
    assert text == "one two "  # each once, and nothing of the spare's
    assert chunks[-1]["choices"][0]["finish_reason"] == "error" and chunks[-1]["error"]["code"] == "LLM_UNAVAILABLE"
    assert len(failing.requests) - before == 1


def upstream(runtime, name):
    checks = runtime.client.get("/v1/health").json()["checks"]
    return next(u for u in checks["upstreams"]["upstreams"] if u["name"] == name)


def test_a_dead_proxy_is_passed_by_until_it_is_back(apus, model):
    model.default = b.say("from the spare")
    port = free_port()
    runtime = apus(LLM_PROXY_URL=f"http://127.0.0.1:{port}", OPENAI_API_KEY="key", OPENAI_BASE_URL=f"{model.url}/v1")
    runtime.client.make_agent("bot")
    for _ in range(12):
        assert runtime.client.chat("hello").text == "from the spare"
    assert upstream(runtime, "llm_proxy")["breaker"] == "open"
    assert runtime.client.get("/v1/health").json()["status"] == "degraded"
    metrics = runtime.client.get("/metrics").body.decode()
    assert 'apus_model_attempts_total{outcome="model_unavailable",upstream="llm_proxy"} 10' in metrics or (
        'apus_model_attempts_total{upstream="llm_proxy",outcome="model_unavailable"} 10' in metrics)


def test_everything_down_is_503(apus):
    runtime = apus(LLM_PROXY_URL=f"http://127.0.0.1:{free_port()}")
    runtime.client.make_agent("bot")
    statuses = [runtime.client.chat("hello").status for _ in range(5)]
    # Three attempts each: the breaker opens at the tenth.
    assert statuses == [502, 502, 502, 502, 503]
    reply = runtime.client.chat("hello")
    assert reply.code == "SERVICE_UNAVAILABLE" and 1 <= int(reply.headers["retry-after"]) <= 5


def test_who_leaves_during_a_pause_is_not_asked_for_again(bot, model):
    model.default = b.fail(429, headers={"Retry-After": "1"})
    body = json.dumps(chat_body("hello", "bot")).encode()
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Runtime-Token: {bot.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", bot.port)) as caller:
        caller.sendall(head + body)
        model.wait_for(1)
        time.sleep(0.1)
    time.sleep(1.5)
    assert len(model.requests) == 1


MODELS = """
models:
  limited:
    upstreams: [{{base_url: "{url}", api_key_env: MODEL_KEY, model: real-name}}]
    limits: {{requests_per_minute: 2}}
    defaults: {{temperature: 0.3}}
    multimodal: false
  backed:
    upstreams: [{{base_url: "http://127.0.0.1:{dead}"}}]
    fallbacks: [limited]
"""


def test_a_models_file(apus, model, tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text(MODELS.format(url=model.url, dead=free_port()))
    runtime = apus(MODELS_FILE=path, MODEL_KEY="the-key")
    client = runtime.client
    client.make_agent("one", llm_config_id="limited")
    client.make_agent("two", llm_config_id="backed")
    reply = client.chat("hello", "one")
    assert reply.status == 200 and reply.headers["x-ratelimit-limit-requests"] == "2"
    assert reply.headers["x-ratelimit-remaining-requests"] == "1"
    sent = model.last
    assert sent.headers["authorization"] == "Bearer the-key" and sent.body["model"] == "real-name"
    assert sent.body["temperature"] == 0.3
    part = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]
    assert client.chat(part, "one").status == 422
    reply = client.chat("hello", "one")
    assert reply.status == 429 and int(reply.headers["retry-after"]) >= 1
    assert reply.headers["x-ratelimit-remaining-requests"] == "0" and "limited" in reply.json()["error"]["message"]
    assert client.chat("hello", "two").text == "ok"
    client.make_agent("three", llm_config_id="unknown")
    assert client.chat("hello", "three").code == "LLM_UNAVAILABLE"


def test_a_models_file_is_read_again(apus, model, tmp_path):
    path = tmp_path / "models.yaml"
    good = 'models:\n  m:\n    upstreams: [{base_url: "%s", model: %s}]\n'
    path.write_text(good % (model.url, "first"))
    runtime = apus(MODELS_FILE=path, DEFAULT_LLM_CONFIG_ID="m")
    runtime.client.make_agent("bot")

    def reload(text, is_done):
        path.write_text(text)
        runtime.process.send_signal(signal.SIGHUP)
        for _ in range(200):
            if is_done(runtime.client.get("/v1/health").json()["checks"]):
                return
            time.sleep(0.02)
        raise AssertionError("the reload shows no effect")

    reload("models:\n  m:\n    upstream: []\n", lambda checks: "configuration" in checks)
    health = runtime.client.get("/v1/health").json()
    assert health["status"] == "degraded"
    message = health["checks"]["configuration"]["failed_reloads"][0]["message"]
    assert "models.yaml:3" in message and "upstream" in message
    assert runtime.client.chat("hello").status == 200 and model.last.body["model"] == "first"
    reload(good % (model.url, "second"), lambda checks: "configuration" not in checks)
    assert runtime.client.chat("hello").status == 200 and model.last.body["model"] == "second"


def test_a_wrong_models_file_stops_the_start(apus, tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text("models:\n  a:\n    upstreams:\n      - base_url: ftp://x\n        modle: x\n  b: 7\n")
    runtime = apus(start=False, MODELS_FILE=path)
    done = runtime.run("serve")
    assert done.returncode == 78
    lines = [line for line in done.stderr.splitlines() if "models.yaml:" in line]
    assert len(lines) == 3
    for number, what in [(4, "base_url"), (5, "modle"), (6, "models.b")]:
        assert any(f"models.yaml:{number}" in line and what in line for line in lines), lines


def test_an_agents_own_limits(bot, model):
    bot.client.make_agent("rare", limits={"requests_per_minute": 1, "tokens_per_minute": 1000})
    assert bot.client.chat("hello", "rare").status == 200
    reply = bot.client.chat("hello", "rare")
    assert reply.status == 429 and reply.code == "RATE_LIMIT_EXCEEDED"
    assert reply.headers["x-ratelimit-limit-tokens"] == "1000"
    assert bot.client.chat("hello").status == 200
