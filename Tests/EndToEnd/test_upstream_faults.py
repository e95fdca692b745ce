"""Model services that fail: what the caller sees, how often they are asked, and who answers in their place."""

import threading

import pytest
from harness import behaviours as does
from harness.faults import AFTER, PLAIN, STREAMED, TOKENS
from harness.process import Apus, free_port
from harness.scripted_model import ScriptedModel
from harness.seen import check_cut_short, check_error, see
from harness.waiting import Background, eventually

CASES = [("plain", fault) for fault in PLAIN] + [("stream", fault) for fault in STREAMED]
IDS = [f"{kind}-{fault.name}" for kind, fault in CASES]
ALONE, SPARED = "alone", "spared"


def with_fallback(fallback: ScriptedModel) -> dict:
    return {"OPENAI_API_KEY": "spare-key", "OPENAI_BASE_URL": fallback.url + "/v1", "OPENAI_MODEL": "spare"}


class Rig:
    """A runtime, its failing service and perhaps one that is well, with all cases under way at once.

    Each case asks for a model of its own, so that none minds another one's breaker.
    """

    def __init__(self, runtime: Apus, proxy: ScriptedModel, fallback: ScriptedModel | None):
        self.runtime, self.proxy, self.fallback = runtime, proxy, fallback
        self._under_way: dict[str, Background] = {}

    def begin(self, name: str, behaviour, stream: bool) -> None:
        model = f"m{len(self._under_way)}"
        self.proxy.by_model[model] = behaviour
        self.runtime.client.make_agent(model, llm_config_id=model)
        self._under_way[name] = Background(lambda: see(self.runtime.client, name, model, stream))

    def result(self, name: str):
        """What the caller saw, and the requests that each service got."""
        seen = self._under_way[name].result(60)
        return seen, self._asked(self.proxy, name), self._asked(self.fallback, name) if self.fallback else []

    @staticmethod
    def _asked(model: ScriptedModel, name: str) -> list:
        return [exchange for exchange in model.requests if exchange.contents == [f"user: {name}"]]


@pytest.fixture(scope="module", params=[ALONE, SPARED])
def rig(request, apus_binary, tmp_path_factory):
    with ScriptedModel() as proxy, ScriptedModel() as fallback:
        fallback.default = does.say("from the fallback")
        spared = request.param == SPARED
        runtime = Apus(apus_binary, tmp_path_factory.mktemp("apus"), LLM_PROXY_URL=proxy.url,
                       **with_fallback(fallback) if spared else {})
        try:
            runtime.start()
            rig = Rig(runtime, proxy, fallback if spared else None)
            for kind, fault in CASES:
                rig.begin(f"{kind}-{fault.name}", fault.behave, kind == "stream")
            for name, behaviour in AFTER.items():
                rig.begin(f"after-{name}", behaviour, True)
            yield rig
        finally:
            runtime.close()


@pytest.mark.parametrize("kind, fault", CASES, ids=IDS)
def test_a_fault_before_the_first_token(rig, kind, fault):
    seen, asked, spared = rig.result(f"{kind}-{fault.name}")
    if rig.fallback and fault.goes_on:
        assert seen.status == 200 and seen.text.split() == ["from", "the", "fallback"], seen.body
        assert 1 <= len(asked) <= fault.sent_max and len(spared) == 1
        assert spared[0].body["model"] == "spare" and spared[0].headers["authorization"] == "Bearer spare-key"
        assert not seen.is_stream or seen.data.count("[DONE]") == 1
        return
    check_error(seen, fault.status, fault.code)
    assert fault.attempts <= len(asked) <= fault.attempts * fault.sent_max and spared == []
    if fault.retry_after:
        assert int(seen.headers["retry-after"]) == fault.retry_after
    if not fault.goes_on:
        assert f"scripted {fault.status}" in seen.json["error"]["message"]
        assert seen.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("name", AFTER)
def test_a_fault_after_a_token_is_told_in_the_stream_and_nothing_is_repeated(rig, name):
    seen, asked, spared = rig.result(f"after-{name}")
    check_cut_short(seen, TOKENS)
    assert len(asked) == 1 and spared == []


def test_what_looks_broken_and_is_not(bot, model):
    model.then(does.split_character)
    with bot.client.stream("hi") as stream:
        assert list(stream.tokens()) == ["日"]
    assert len(model.requests) == 1


@pytest.fixture
def hasty(apus, model):
    """A runtime that waits a second for a byte, and its two services."""
    with ScriptedModel() as fallback:
        fallback.default = does.say("from the fallback")
        runtime = apus(LLM_PROXY_URL=model.url, LLM_REQUEST_TIMEOUT=1, **with_fallback(fallback))
        runtime.client.make_agent("bot")
        yield runtime, model, fallback


def test_a_service_that_is_too_slow_is_given_up(hasty):
    runtime, model, fallback = hasty
    model.by_model = {"p1": does.hang, "p2": does.half_an_answer, "s1": does.hang, "s2": does.hang_after(),
                      "late": does.hang_after(*TOKENS)}
    for name in model.by_model:
        runtime.client.make_agent(name, llm_config_id=name)
    calls = {name: Background(lambda name=name: see(runtime.client, "hi", name, name[0] != "p"))
             for name in model.by_model}
    check_cut_short(calls.pop("late").result(), TOKENS)
    for name, call in calls.items():
        assert call.result().text.split() == ["from", "the", "fallback"]
        assert len(model.asked_for(name)) == 1
    assert len(fallback.requests) == len(calls)
    # The connections are not left open.
    assert all(exchange.disconnected.wait(20) for exchange in model.requests)


def test_too_slow_with_nobody_else_is_not_waited_for_again(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, LLM_REQUEST_TIMEOUT=1)
    runtime.client.make_agent("bot")
    model.default = does.hang
    calls = [Background(lambda stream=stream: see(runtime.client, "hi", "bot", stream)) for stream in (False, True)]
    for call in calls:
        check_error(call.result(), 502, "LLM_UNAVAILABLE")
    assert len(model.requests) == 2


SIZE = 100 << 20
# An answer may have 64 MiB and an event 16; the rest is what else goes on.
MEMORY_KIB = 110 << 10
HUGE = [
    ("plain", False, does.long_body(SIZE), None), ("streamed", True, does.long_line_after(SIZE), None),
    ("after a token", True, does.long_line_after(SIZE, *TOKENS), TOKENS),
]


@pytest.mark.parametrize("stream, behaviour, tokens", [row[1:] for row in HUGE], ids=[row[0] for row in HUGE])
def test_a_line_of_100_mb_costs_no_more_than_an_answer_may(bot, model, stream, behaviour, tokens):
    before = bot.rss_kib
    model.default = behaviour
    seen = see(bot.client, "hi", "bot", stream)
    assert bot.peak_rss_kib - before < MEMORY_KIB
    if tokens:
        check_cut_short(seen, tokens)
    else:
        check_error(seen, 502, "LLM_UNAVAILABLE")
    assert len(model.requests) == 1 and model.last.disconnected.wait(20)
    assert model.last.sent_bytes < SIZE


def test_an_endless_stream_has_an_end(bot, model):
    before = bot.rss_kib
    model.default = does.endless("x" * 65536)
    with bot.client.stream("hi", timeout=60) as stream:
        size, last = 0, None
        for last in stream.chunks():
            size += len(last["choices"][0]["delta"].get("content") or "")
    assert last["choices"][0]["finish_reason"] == "error" and last["error"]["code"] == "LLM_UNAVAILABLE"
    assert 32 << 20 < size <= 64 << 20 and bot.peak_rss_kib - before < MEMORY_KIB
    assert len(model.requests) == 1 and model.last.disconnected.wait(20)


def test_comments_without_end_hold_a_run_no_longer_than_its_time(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, AGENT_EXECUTION_TIMEOUT=1)
    runtime.client.make_agent("bot")
    model.default = does.endless_comments
    check_error(see(runtime.client, "hi", "bot", True), 408, "TIMEOUT_ERROR")
    assert model.last.disconnected.wait(20)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_who_leaves_during_a_pause_is_not_asked_for_again(apus, model, stream):
    runtime = apus(LLM_PROXY_URL=model.url, MAX_CONCURRENT_AGENTS=1)
    runtime.client.make_agent("bot")
    model.then(does.fail(503, headers={"Retry-After": "50"}))
    body = {"model": "bot", "messages": [{"role": "user", "content": "first"}], "stream": stream}
    with pytest.raises(TimeoutError):
        runtime.client.post("/v1/chat/completions", body, timeout=0.5)
    # The run that paused has ended when its place is free.
    eventually(lambda: runtime.client.chat("second").status == 200, "the place is free again")
    assert [exchange.contents for exchange in model.requests] == [["user: first"], ["user: second"]]


def upstreams(runtime: Apus) -> dict:
    return {upstream["name"]: upstream for upstream in runtime.checks["upstreams"]["upstreams"]}


def attempts(runtime: Apus, upstream: str) -> int:
    """How often a service was asked, whatever came of it."""
    lines = runtime.client.get("/metrics").body.decode().splitlines()
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines
               if line.startswith("apus_model_attempts_total") and f'upstream="{upstream}"' in line)


def test_a_dead_service_is_left_alone_until_it_answers_a_probe(apus):
    port = free_port()
    with ScriptedModel() as fallback:
        fallback.default = does.say("spare")
        runtime = apus(LLM_PROXY_URL=f"http://127.0.0.1:{port}", **with_fallback(fallback))
        client = runtime.client
        client.make_agent("bot")
        assert upstreams(runtime)["llm_proxy"]["breaker"] == "closed"
        for _ in range(10):
            assert client.chat("hi").text == "spare"
        proxy = upstreams(runtime)["llm_proxy"]
        assert (proxy["breaker"], proxy["attempts_30s"], proxy["failures_30s"]) == ("open", 10, 10)
        assert 0 < proxy["next_attempt_ms"] <= 5000 and proxy["message"]
        assert upstreams(runtime)["openai"]["breaker"] == "closed"
        health = client.get("/v1/health")
        assert (health.status, health.json()["status"]) == (200, "degraded")
        asked = attempts(runtime, "llm_proxy")
        assert client.chat("hi").text == "spare" and attempts(runtime, "llm_proxy") == asked == 10

        answer = threading.Event()
        with ScriptedModel(port) as revived:
            revived.default = does.after(answer, does.say("revived"))
            probe = eventually(lambda: probing(runtime, revived), "a probe is let through", timeout=20)
            assert upstreams(runtime)["llm_proxy"]["breaker"] == "half_open"
            # One probe alone; all others go on as before.
            assert client.chat("hi").text == "spare" and len(revived.requests) == 1
            answer.set()
            assert probe.result().text == "revived"
            assert upstreams(runtime)["llm_proxy"]["breaker"] == "closed"
            assert client.chat("hi").text == "revived"
            eventually(lambda: client.get("/v1/health").json()["status"] == "healthy", "health is well again", 20)


def probing(runtime: Apus, revived: ScriptedModel) -> Background | None:
    """A chat that has reached the revived service, if this one does."""
    chat = Background(lambda: runtime.client.chat("hi"))
    eventually(lambda: chat.done or revived.requests, "the chat ends or arrives")
    return chat if revived.requests else None


def test_with_all_services_dead_callers_soon_learn_when_to_come_again(apus):
    dead = {"LLM_PROXY_URL": f"http://127.0.0.1:{free_port()}", "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1"}
    runtime = apus(**dead)
    runtime.client.make_agent("bot")
    # Three attempts of each service for every one of them: together enough to open both breakers.
    calls = [Background(lambda: see(runtime.client, "hi", "bot", False)) for _ in range(4)]
    statuses = {call.result().status for call in calls}
    assert 502 in statuses and statuses <= {502, 503}
    assert [upstream["breaker"] for upstream in upstreams(runtime).values()] == ["open", "open"]
    for stream in (False, True):
        seen = see(runtime.client, "hi", "bot", stream)
        check_error(seen, 503, "SERVICE_UNAVAILABLE")
        assert 1 <= int(seen.headers["retry-after"]) <= 5


def test_an_answer_is_never_told_twice_however_services_fail_in_turn(apus, model):
    """Some answers fail at once, some within the stream: a text is whole, or is cut and says so."""
    with ScriptedModel() as fallback:
        fallback.default = does.say("a b c d")
        runtime = apus(LLM_PROXY_URL=model.url, **with_fallback(fallback))
        runtime.client.make_agent("bot")
        whole = does.say("a b c d")
        # Less than half of them: no breaker opens.
        rows = [whole, does.fail(500), whole, does.cut_after("a ", "b "), whole] * 4
        model.then(*rows)
        for number in range(len(rows)):
            seen = see(runtime.client, "hi", "bot", True)
            if number % 5 == 3:
                check_cut_short(seen, ["a ", "b "])
            else:
                assert seen.tokens == ["a ", "b ", "c ", "d "]
        assert len(fallback.requests) == 4
