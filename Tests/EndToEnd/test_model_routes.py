"""Which service answers for which model, read from a file and read again; and how often one may ask."""

import re
from pathlib import Path

import pytest
from harness import behaviours as does
from harness.process import Apus, free_port
from harness.scripted_model import ScriptedModel
from harness.seen import check_error, see
from harness.waiting import eventually

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@pytest.fixture
def spare():
    with ScriptedModel() as spare:
        spare.default = does.say("from the spare")
        yield spare


@pytest.fixture
def routed(apus, tmp_path):
    """Makes a runtime on a models file."""

    def make(text: str, **settings) -> Apus:
        file = tmp_path / "models.yaml"
        file.write_text(text)
        return apus(MODELS_FILE=file, **settings)

    return make


def test_a_file_says_who_is_asked_how_and_who_stands_in(routed, model, spare):
    runtime = routed(f"""
models:
  large:
    upstreams:
      - {{name: first, base_url: "{model.url}/v1", api_key_env: FIRST_KEY, model: big-1, send_config_id: true}}
    fallbacks: [small]
    defaults: {{temperature: 0.25, seed: 7}}
  small:
    upstreams:
      - base_url: {spare.url}
    multimodal: false
  "*":
    upstreams:
      - base_url: http://127.0.0.1:{free_port()}
      - base_url: {spare.url}
        model: whatever
""", FIRST_KEY="secret-of-the-first")
    client = runtime.client
    for name in ("large", "small", "other"):
        client.make_agent(name, llm_config_id=name)
    assert client.chat("hi", model="large", temperature=1).text == "ok"
    sent = model.last
    assert sent.body["model"] == "big-1" and sent.body["temperature"] == 1 and sent.body["seed"] == 7
    assert sent.headers["authorization"] == "Bearer secret-of-the-first" and sent.headers["x-llm-config-id"] == "large"
    model.then(does.fail(500))
    assert client.chat("hi", model="large").text == "from the spare" and spare.last.body["model"] == "small"
    assert "authorization" not in spare.last.headers and "x-llm-config-id" not in spare.last.headers
    assert client.chat("hi", model="other").text == "from the spare" and spare.last.body["model"] == "whatever"
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}]
    assert client.chat(image, model="small").status == 422 and client.chat(image, model="large").status == 200
    names = {upstream["name"] for upstream in runtime.checks["upstreams"]["upstreams"]}
    assert names == {"first", "small/0", "*/0", "*/1"} and "secret-of-the-first" not in runtime.output


def test_a_model_that_the_file_does_not_have_is_named(routed, model):
    runtime = routed(f"models: {{one: {{upstreams: [{{base_url: '{model.url}'}}]}}}}")
    runtime.client.make_agent("bot", llm_config_id="two")
    seen = see(runtime.client, "hi", "bot", False)
    check_error(seen, 502, "LLM_UNAVAILABLE")
    assert "'two'" in seen.json["error"]["message"] and "one" in seen.json["error"]["message"]


WRONG = """models:
  a:
    upstreams:
      - base_url: ftp://example.com
        api_key_env: NOT_SET_ANYWHERE
        timeout: soon
  b:
    upstreams: []
    fallbacks: [nobody]
    limits: {requests_per_minute: 0}
  c:
    upstreams: [{base_url: "http://127.0.0.1:9"}]
    defaults: {model: x}
    colour: red
extra: 1
"""
PLACES = [("4", "models.a.upstreams[0].base_url"), ("5", "models.a.upstreams[0].api_key_env"),
          ("6", "models.a.upstreams[0].timeout"), ("8", "models.b.upstreams"), ("9", "models.b.fallbacks[0]"),
          ("10", "models.b.limits.requests_per_minute"), ("13", "models.c.defaults"), ("14", "models.c.colour"),
          ("15", "extra")]


def refused(apus, file: Path) -> list[str]:
    done = apus(start=False).run("serve", MODELS_FILE=file)
    assert done.returncode == 78 and done.stdout == "", done
    return done.stderr.splitlines()


def test_a_wrong_file_stops_the_start_with_every_fault_and_its_line(apus, tmp_path):
    file = tmp_path / "models.yaml"
    file.write_text(WRONG)
    lines = refused(apus, file)
    found = [re.match(rf"apus: {re.escape(str(file))}:(\d+): (\S+): .+", line) for line in lines]
    assert [match and match.groups() for match in found] == PLACES, lines


NO_FILE = [
    ("models:\n  a: [\n", 3), ("models:\n\ta: 1\n", 2), ("- 1\n", 1), ("", 1),
    # Of a key that is there twice the first place is told.
    ("other: 1\nmodels: {a: 1}\nmodels: {b: 1}\n", 2),
]


@pytest.mark.parametrize("text, line", NO_FILE)
def test_what_is_no_such_file_at_all_stops_the_start_too(apus, tmp_path, text, line):
    file = tmp_path / "models.yaml"
    file.write_text(text)
    lines = refused(apus, file)
    assert lines[0].startswith(f"apus: {file}:{line}:"), lines


def test_a_wrong_reload_changes_nothing_and_a_right_one_does(routed, model, spare):
    right = "models: {{'*': {{upstreams: [{{base_url: '{}'}}]}}}}\n"
    runtime = routed(right.format(model.url))
    runtime.client.make_agent("bot")
    file = runtime.settings["MODELS_FILE"]
    file.write_text(WRONG)
    runtime.hang_up()
    failed = eventually(lambda: runtime.checks.get("configuration"), "health tells of the wrong file")
    assert failed["status"] == "degraded" and [one["name"] for one in failed["failed_reloads"]] == ["MODELS_FILE"]
    assert f"{file}:15: extra" in failed["failed_reloads"][0]["message"]
    health = runtime.client.get("/v1/health")
    assert (health.status, health.json()["status"]) == (200, "degraded")
    assert any(record["level"] == "error" and "MODELS_FILE" in record["message"] for record in runtime.logs)
    assert runtime.client.chat("hi").text == "ok", "what was in force stays"

    file.write_text(right.format(spare.url))
    runtime.hang_up()
    eventually(lambda: "configuration" not in runtime.checks, "health is well again")
    assert runtime.client.chat("hi").text.split() == ["from", "the", "spare"]
    assert [one["base_url"] for one in runtime.checks["upstreams"]["upstreams"]] == [f"{spare.url}/v1"]


def test_a_request_under_way_ends_as_it_began(routed, model, spare):
    right = "models: {{'*': {{upstreams: [{{base_url: '{}'}}]}}}}\n"
    runtime = routed(right.format(model.url))
    runtime.client.make_agent("bot")
    model.then(does.hang_after("t0 "))
    with runtime.client.stream("hi") as stream:
        assert next(stream.tokens()) == "t0 "
        runtime.settings["MODELS_FILE"].write_text(right.format(spare.url))
        runtime.hang_up()
        eventually(lambda: runtime.client.chat("hi").text == "from the spare", "the new file is in force")
        assert not model.requests[0].disconnected.is_set()


def check_limited(seen, unit: str, limit: int, wait_max: int, words: str) -> None:
    check_error(seen, 429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(seen.headers["retry-after"]) <= wait_max and words in seen.json["error"]["message"]
    assert seen.headers[f"x-ratelimit-limit-{unit}"] == str(limit)
    assert seen.headers[f"x-ratelimit-remaining-{unit}"] == "0" and seen.headers[f"x-ratelimit-reset-{unit}"]


@BOTH
def test_a_model_may_be_asked_so_often_by_all_agents_together(routed, model, stream):
    runtime = routed(f"""
models:
  scarce: {{upstreams: [{{base_url: "{model.url}"}}], limits: {{requests_per_minute: 2}}}}
  "*": {{upstreams: [{{base_url: "{model.url}"}}]}}
""")
    for name in ("one", "two"):
        runtime.client.make_agent(name, llm_config_id="scarce")
    runtime.client.make_agent("free")
    first = see(runtime.client, "hi", "one", stream)
    assert first.status == 200 and first.headers["x-ratelimit-limit-requests"] == "2"
    assert first.headers["x-ratelimit-remaining-requests"] == "1" and first.headers["x-ratelimit-reset-requests"]
    assert see(runtime.client, "hi", "two", stream).status == 200
    check_limited(see(runtime.client, "hi", "one", stream), "requests", 2, 30, "scarce")
    free = see(runtime.client, "hi", "free", stream)
    assert free.status == 200 and not any(name.startswith("x-ratelimit") for name in free.headers)
    assert len(model.requests) == 3


@BOTH
def test_an_agent_may_be_asked_so_often(bot, model, stream):
    bot.client.make_agent("limited", limits={"requests_per_minute": 1})
    assert see(bot.client, "hi", "limited", stream).status == 200
    check_limited(see(bot.client, "hi", "limited", stream), "requests", 1, 60, "limited")
    assert see(bot.client, "hi", "bot", stream).status == 200 and len(model.requests) == 2


@BOTH
def test_an_agent_may_use_so_many_tokens(bot, model, stream):
    bot.client.make_agent("limited", limits={"tokens_per_minute": 20})
    # They are known when they are used, so that one request may go over the limit.
    model.default = does.say("ok", prompt_tokens=20, completion_tokens=5)
    assert see(bot.client, "hi", "limited", stream).status == 200
    check_limited(see(bot.client, "hi", "limited", stream), "tokens", 20, 60, "limited")
    assert len(model.requests) == 1


def test_callers_are_limited_by_token_and_by_address(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, RUNTIME_TOKEN="first-token-1,second-token-2", RATE_LIMIT_PER_TOKEN="2/h")
    with_token = {"first-token-1": [], "second-token-2": []}
    for token, statuses in with_token.items():
        for _ in range(3):
            reply = runtime.client.get("/v1/agents", headers={"X-Runtime-Token": token})
            statuses.append(reply.status)
        assert reply.code == "RATE_LIMIT_EXCEEDED" and 1 <= int(reply.headers["retry-after"]) <= 1800
        assert reply.headers["x-ratelimit-limit-requests"] == "2"
    assert list(with_token.values()) == [[200, 200, 429]] * 2
    runtime.restart(RATE_LIMIT_PER_TOKEN=None, RATE_LIMIT_PER_IP="2/h")
    statuses = [runtime.client.get("/v1/agents", headers={"X-Runtime-Token": token}).status
                for token in ("first-token-1", "second-token-2", "first-token-1", "wrong")]
    assert statuses == [200, 200, 429, 429]
    assert all(runtime.client.get("/ping").status == 200 for _ in range(5)), "probes always learn how it is"
