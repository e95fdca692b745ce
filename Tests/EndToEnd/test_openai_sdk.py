"""The real `openai` package against the real binary and a real model: what a user's program sees."""

import asyncio
from types import SimpleNamespace

import openai
import pytest
from harness.process import Apus

QUESTION = [{"role": "user", "content": "Say hello in one short sentence."}]
# The likeliest token each time: the same answer on every run.
OPTIONS = {"model": "bot", "messages": QUESTION, "max_tokens": 24, "temperature": 0, "seed": 7}
LOCAL_SECONDS = 120


@pytest.fixture(scope="module")
def runtime(apus_binary, model_url, tmp_path_factory):
    runtime = Apus(apus_binary, tmp_path_factory.mktemp("apus"), LLM_PROXY_URL=model_url)
    try:
        runtime.start()
        runtime.client.make_agent("bot", system_prompt="You are a friendly assistant.")
        runtime.client.make_agent("revoked")
        assert runtime.client.request("PATCH", "/v1/agents/revoked/status", json_body={"status": "revoked"}).status == 200
        yield runtime
    finally:
        runtime.close()


def settings(runtime: Apus, **changes) -> dict:
    return {"base_url": f"http://127.0.0.1:{runtime.port}/v1", "api_key": runtime.token, "max_retries": 0,
            "timeout": LOCAL_SECONDS} | changes


@pytest.fixture
def client(runtime):
    with openai.OpenAI(**settings(runtime)) as client:
        yield client


def check_whole(completion) -> None:
    assert completion.object == "chat.completion" and completion.id.startswith("chatcmpl-")
    assert completion.choices[0].message.role == "assistant" and completion.choices[0].message.content
    assert completion.choices[0].finish_reason in ("stop", "length")
    check_usage(completion.usage)


def check_usage(usage) -> None:
    assert usage.prompt_tokens > 0 and 0 < usage.completion_tokens <= 24
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def check_stream(chunks: list, include_usage: bool) -> None:
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    pieces = [delta.content for delta in deltas if delta.content]
    assert len(pieces) > 1, "the answer came in one piece"
    assert [delta.role for delta in deltas if delta.role] == ["assistant"] and deltas[0].role == "assistant"
    last = [chunk for chunk in chunks if chunk.choices][-1]
    assert last.choices[0].finish_reason in ("stop", "length")
    assert last.metadata["agent_id"] == "bot" and last.metadata["agent_type"] == "conversation"
    with_usage = [chunk for chunk in chunks if chunk.usage]
    assert len(with_usage) == 1, "clients add up what they see"
    check_usage(with_usage[0].usage)
    assert with_usage[0] is chunks[-1] and bool(with_usage[0].choices) is not include_usage


def test_plain(client):
    completion = client.chat.completions.create(**OPTIONS)
    check_whole(completion)
    assert completion.model == "bot" and completion.metadata["agent_id"] == "bot"
    assert [step["step"] for step in completion.metadata["execution_steps"]] == ["process_message", "generate_response"]


@pytest.mark.parametrize("include_usage", [True, False, None])
def test_streamed(client, include_usage):
    options = {} if include_usage is None else {"stream_options": {"include_usage": include_usage}}
    with client.chat.completions.create(**OPTIONS, stream=True, **options) as stream:
        check_stream(list(stream), include_usage is True)


def test_the_stream_helper_collects_the_answer(client):
    with client.chat.completions.stream(**OPTIONS) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        # Not the final completion: the package refuses to give one that was cut at max_tokens.
        assert "".join(pieces) == stream.current_completion_snapshot.choices[0].message.content


def test_async_plain_and_streamed(runtime):
    async def both():
        async with openai.AsyncOpenAI(**settings(runtime)) as client:
            whole = await client.chat.completions.create(**OPTIONS)
            stream = await client.chat.completions.create(**OPTIONS, stream=True, stream_options={"include_usage": True})
            return whole, [chunk async for chunk in stream]

    whole, chunks = asyncio.run(both())
    check_whole(whole)
    check_stream(chunks, True)


def test_async_answers_at_once(runtime):
    async def many():
        async with openai.AsyncOpenAI(**settings(runtime)) as client:
            return await asyncio.gather(*(client.chat.completions.create(**OPTIONS) for _ in range(4)))

    for completion in asyncio.run(many()):
        check_whole(completion)


def test_a_session_remembers(client):
    extra = {"metadata": {"session_id": "sdk", "user_id": "u1"}}
    first = client.chat.completions.create(**OPTIONS, extra_body=extra)
    second = client.chat.completions.create(**OPTIONS, extra_body=extra)
    assert second.metadata["session_id"] == "sdk"
    assert second.usage.prompt_tokens > first.usage.prompt_tokens, "the model saw no more than the first time"


def test_models(client):
    assert "bot" in [model.id for model in client.models.list()]
    model = client.models.retrieve("bot")
    assert model.id == "bot" and model.object == "model" and model.created > 0 and model.owned_by


def test_raw_response_has_the_request_id(client):
    raw = client.chat.completions.with_raw_response.create(**OPTIONS, extra_headers={"X-Request-ID": "sdk-request-1"})
    assert raw.headers["x-request-id"] == "sdk-request-1"
    assert raw.parse()._request_id == "sdk-request-1"


BAD = [
    SimpleNamespace(kind=openai.AuthenticationError, status=401, code="INVALID_TOKEN", client={"api_key": "wrong"}),
    SimpleNamespace(kind=openai.NotFoundError, status=404, code="AGENT_NOT_FOUND", chat={"model": "nobody"}),
    SimpleNamespace(kind=openai.PermissionDeniedError, status=403, code="ACCESS_DENIED", chat={"model": "revoked"}),
    SimpleNamespace(kind=openai.UnprocessableEntityError, status=422, code="VALIDATION_ERROR", chat={"messages": []}),
    SimpleNamespace(kind=openai.UnprocessableEntityError, status=422, code="VALIDATION_ERROR", chat={"temperature": 3}),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.status}-{getattr(bad, 'chat', 'token')}")
def test_errors_are_the_packages_own(runtime, bad, stream):
    with openai.OpenAI(**settings(runtime, **getattr(bad, "client", {}))) as client:
        with pytest.raises(bad.kind) as raised:
            client.chat.completions.create(**OPTIONS | getattr(bad, "chat", {}), stream=stream)
    assert raised.value.status_code == bad.status and raised.value.code == bad.code
    assert raised.value.message and raised.value.type and raised.value.request_id


def test_an_unknown_model_cannot_be_retrieved(client):
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("nobody")
    assert raised.value.code == "AGENT_NOT_FOUND"


def test_an_unreachable_model_is_an_error_that_names_itself(apus):
    runtime = apus(LLM_PROXY_URL="http://127.0.0.1:9")
    runtime.client.make_agent("bot")
    with openai.OpenAI(**settings(runtime)) as client, pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(**OPTIONS)
    assert raised.value.status_code == 502 and raised.value.code == "LLM_UNAVAILABLE"
