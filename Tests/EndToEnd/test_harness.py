"""The scripted model is itself tested: a test of Apus is worth what its counterpart is worth."""

import json
import threading

import pytest
from harness import behaviours as does
from harness.client import Client
from harness.scripted_model import ScriptedModel


@pytest.fixture
def model():
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def client(model):
    return Client(int(model.url.rsplit(":", 1)[1]), "none")


def chunks(stream):
    return [json.loads(data) for data in stream.data() if data != "[DONE]"]


def test_answers_plain_and_records(model, client):
    reply = client.chat("hello there")
    assert reply.text == "ok" and reply.json()["usage"]["total_tokens"] == 10
    assert model.last.contents == ["user: hello there"] and model.last.headers["x-runtime-token"] == "none"
    assert model.last.ended.wait(20)


def test_answers_streamed_with_usage_only_when_asked(model, client):
    model.default = does.say("one two three")
    with client.stream("x", stream_options={"include_usage": True}) as stream:
        received = chunks(stream)
    assert [c["choices"][0]["delta"].get("content") for c in received[:-1]] == [None, "one ", "two ", "three ", None]
    assert received[-1]["choices"] == [] and received[-1]["usage"]["completion_tokens"] == 3
    with client.stream("x") as stream:
        assert not any("usage" in chunk for chunk in chunks(stream))


def test_behaviours_are_taken_in_order_then_the_default(model, client):
    model.then(does.fail(429, headers={"Retry-After": "1"}), does.say("second"))
    first = client.chat("x")
    assert first.status == 429 and first.headers["retry-after"] == "1"
    assert [client.chat("x").text for _ in range(2)] == ["second", "ok"]


def test_a_stepped_stream_waits_for_its_signal(model, client):
    step = threading.Event()
    model.then(does.stepped([step]))
    with client.stream("x") as stream:
        tokens = stream.tokens()
        assert next(tokens) == "t0 "
        assert not model.last.ended.is_set()
        step.set()
        assert list(tokens) == ["t1 "]


@pytest.mark.parametrize("behaviour", [does.hang_after("a"), does.paced(1000, 0.05)])
def test_notices_a_client_that_leaves_a_stream(model, client, behaviour):
    model.then(behaviour)
    with client.stream("x") as stream:
        next(stream.tokens())
    assert model.last.disconnected.wait(20) and model.last.disconnected_at >= model.last.started_at


def test_notices_a_client_that_leaves_before_the_first_byte(model, client):
    model.then(does.hang)
    with pytest.raises(TimeoutError):
        client.stream("x", timeout=0.2)
    assert model.last.disconnected.wait(20)


@pytest.mark.parametrize("behaviour, received", [
    (does.end_without_done("a", "b"), ["a", "b"]),
    (does.broken_event_after(b'{"choices": [\xff', "a"), None),
])
def test_broken_streams_are_broken_as_said(model, client, behaviour, received):
    model.then(behaviour)
    with client.stream("x") as stream:
        if received is None:
            with pytest.raises((UnicodeDecodeError, json.JSONDecodeError)):
                list(stream.tokens())
        else:
            lines = list(stream.data())
            assert "[DONE]" not in lines and len(lines) == len(received)


def test_an_error_event_ends_the_stream(model, client):
    model.then(does.error_event_after("a"))
    with client.stream("x") as stream:
        assert json.loads(list(stream.data())[-1])["error"]["code"] == 500


def test_cuts_before_and_within_an_answer(model, client):
    model.then(does.cut, does.cut_after("a"))
    with pytest.raises((ConnectionError, OSError)):
        client.chat("x")
    with client.stream("x") as stream:
        tokens = stream.tokens()
        assert next(tokens) == "a"
        with pytest.raises(Exception):
            list(tokens)
            raise ConnectionError("a clean end, which http.client takes a cut chunk for")


def test_a_flood_waits_for_a_slow_reader(model, client):
    model.then(does.flood(64 << 20))
    with client.stream("x"):
        model.wait_for(1)
        # Sockets' buffers hold a few MiB; the rest waits.
        assert not model.last.ended.wait(0.5)
        assert model.last.sent_bytes < 32 << 20
    assert model.last.disconnected.wait(20)


def test_probes_are_answered_and_not_recorded(model, client):
    assert client.get("/v1/models").json()["data"] and model.requests == []
