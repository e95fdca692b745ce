"""What people really call with: the `openai` package's helpers, LangChain's ChatOpenAI, the OpenAI Agents SDK."""

import asyncio
import json

import openai
import pytest
from agents import Agent, OpenAIChatCompletionsModel, RunConfig, Runner, function_tool
from harness import behaviours as does
from harness.process import Apus
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

HELLO = [{"role": "user", "content": "hello"}]
SUM = ("calculator", {"expression": "0.1 + 0.2"})
# With the agent's own tools, and without any.
AGENTS = pytest.mark.parametrize("agent", ["bot", "actor"])
# The package means a map of texts by `metadata`, the runtime's contract more than that: writing a completion warns.
pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")


class City(BaseModel):
    """A city and how many live there."""

    name: str
    people: int


BERN = City(name="Bern", people=137_000)
FITS, DOES_NOT = BERN.model_dump_json(), '{"name": "Bern", "people": "many"}'


@pytest.fixture
def runtime(actor: Apus) -> Apus:
    """The agent `bot` without tools, and `actor` with some."""
    client = actor.client
    assert client.put("/v1/agents/bot", {"toolsets": []}).status == 200
    client.make_agent("actor", toolsets=["math"])
    return actor


def address(runtime: Apus) -> dict:
    return {"base_url": f"http://127.0.0.1:{runtime.port}/v1", "api_key": runtime.token}


@pytest.fixture
def sdk(runtime):
    with openai.OpenAI(**address(runtime), max_retries=2, timeout=30) as client:
        yield client


def first(*behaviours, agent: str):
    """With the agent that has tools, it uses one first."""
    return [*([does.call_tools(SUM, prefix="own")] if agent == "actor" else []), *behaviours]


# --- openai ---


@AGENTS
def test_openai_parse(sdk, model, agent):
    model.then(*first(does.say(FITS), agent=agent))
    completion = sdk.chat.completions.parse(model=agent, messages=HELLO, response_format=City)
    assert completion.choices[0].message.parsed == BERN and completion.choices[0].finish_reason == "stop"
    sent = model.last.body["response_format"]
    assert sent["type"] == "json_schema" and sent["json_schema"]["strict"] is True
    assert set(sent["json_schema"]["schema"]["properties"]) == {"name", "people"}


def test_openai_parse_gets_the_second_try_of_a_model_that_errs(sdk, model):
    model.then(does.say(DOES_NOT), does.say(FITS))
    completion = sdk.chat.completions.parse(model="bot", messages=HELLO, response_format=City)
    assert completion.choices[0].message.parsed == BERN and completion.usage.total_tokens == 20
    assert [m["role"] for m in model.last.messages] == ["user", "assistant", "user"]
    assert "people" in model.last.contents[-1]


def test_openai_parse_learns_of_a_model_that_errs_twice(sdk, model):
    model.default = does.say(DOES_NOT)
    with pytest.raises(openai.InternalServerError) as raised:
        sdk.chat.completions.parse(model="bot", messages=HELLO, response_format=City)
    assert raised.value.code == "EXECUTION_ERROR" and "people" in raised.value.message
    assert len(model.requests) == 2, "the package does not repeat what would fail again"


def test_openai_streams_what_does_not_fit_with_a_warning(sdk, model):
    """It was read before it was whole: there is no second try."""
    model.then(does.say(DOES_NOT))
    asked = {"type": "json_schema", "json_schema": {"name": "City", "schema": City.model_json_schema()}}
    chunks = list(sdk.chat.completions.create(model="bot", messages=HELLO, response_format=asked, stream=True))
    assert chunks[-1].choices[0].finish_reason == "stop" and len(model.requests) == 1
    assert any("people" in warning for warning in chunks[-1].metadata["warnings"])


@AGENTS
def test_openai_tools_as_classes(sdk, model, agent):
    tools = [openai.pydantic_function_tool(City, name="city", description="Looks a city up")]
    model.then(*first(does.call_tools(("city", json.loads(FITS))), agent=agent))
    completion = sdk.chat.completions.parse(model=agent, messages=HELLO, tools=tools)
    choice = completion.choices[0]
    assert choice.finish_reason == "tool_calls" and len(choice.message.tool_calls) == 1
    call = choice.message.tool_calls[0]
    assert call.function.name == "city" and call.function.parsed_arguments == BERN
    answer = {"role": "tool", "tool_call_id": call.id, "content": "found"}
    messages = [*HELLO, choice.message.model_dump(exclude_none=True), answer]
    assert sdk.chat.completions.parse(model=agent, messages=messages, tools=tools).choices[0].message.content == "ok"
    assert model.last.contents[-1] == "tool: found"


@AGENTS
def test_openai_stream_helper_parses(sdk, model, agent):
    model.then(*first(does.say(FITS), agent=agent))
    with sdk.chat.completions.stream(model=agent, messages=HELLO, response_format=City) as stream:
        done = [event.parsed for event in stream if event.type == "content.done"]
    assert done == [BERN] and stream.get_final_completion().choices[0].message.parsed == BERN


@AGENTS
def test_openai_stream_helper_collects_calls(sdk, model, agent):
    tools = [openai.pydantic_function_tool(City, name="city")]
    calls = [("city", json.loads(FITS)), ("city", {"name": "Basel", "people": 1})]
    model.then(*first(does.call_tools(*calls, text="Looking. "), agent=agent))
    with sdk.chat.completions.stream(model=agent, messages=HELLO, tools=tools,
                                     stream_options={"include_usage": True}) as stream:
        done = [event.parsed_arguments for event in stream if event.type == "tool_calls.function.arguments.done"]
    final = stream.get_final_completion()
    assert [city.name for city in done] == ["Bern", "Basel"] and final.choices[0].finish_reason == "tool_calls"
    assert [call.function.parsed_arguments for call in final.choices[0].message.tool_calls] == done
    assert final.choices[0].message.content == "Looking. "
    assert final.usage.total_tokens == (20 if agent == "actor" else 10)


def test_openai_sees_an_error_within_a_stream(sdk, model):
    model.then(does.cut_after("t0 ", "t1 "))
    tokens = []
    with pytest.raises(openai.APIError) as raised:
        for chunk in sdk.chat.completions.create(model="bot", messages=HELLO, stream=True):
            tokens.append(chunk.choices[0].delta.content)
    assert tokens == ["t0 ", "t1 "] and raised.value.code == "LLM_UNAVAILABLE"


def test_openai_sees_limits_as_its_own(runtime, sdk):
    runtime.client.make_agent("limited", limits={"requests_per_minute": 1})
    raw = sdk.chat.completions.with_raw_response.create(model="limited", messages=HELLO)
    assert raw.headers["x-ratelimit-remaining-requests"] == "0" and raw.parse().choices[0].message.content == "ok"
    with pytest.raises(openai.RateLimitError) as raised:
        sdk.with_options(max_retries=0).chat.completions.create(model="limited", messages=HELLO)
    assert raised.value.code == "RATE_LIMIT_EXCEEDED" and int(raised.value.response.headers["retry-after"]) <= 60


def test_openai_callers_decide_on_approvals(runtime, sdk, model):
    runtime.client.make_agent("careful", toolsets=["guarded"])
    model.then(does.call_tools(SUM), does.say("it is 0.3"))
    session = {"session_id": "s"}
    asked = sdk.chat.completions.create(model="careful", messages=HELLO, extra_body={"metadata": session})
    assert asked.choices[0].finish_reason == "stop"
    approvals = [{"id": one["id"], "decision": "approve"} for one in asked.metadata["pending_approvals"]]
    done = sdk.chat.completions.create(model="careful", messages=[],
                                       extra_body={"metadata": session | {"approvals": approvals}})
    assert done.choices[0].message.content == "it is 0.3" and "pending_approvals" not in done.metadata


# --- langchain-openai ---


@tool
def weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"mild in {city}"


@pytest.fixture
def lang(runtime):
    def make(agent: str = "bot", **options) -> ChatOpenAI:
        return ChatOpenAI(model=agent, **address(runtime), max_retries=0, timeout=30, **options)

    return make


@AGENTS
def test_langchain_invoke_and_stream(lang, model, agent):
    model.then(*first(does.say("one two three"), agent=agent))
    answer = lang(agent).invoke("hello")
    assert answer.content == "one two three" and answer.response_metadata["finish_reason"] == "stop"
    assert answer.usage_metadata["total_tokens"] == (20 if agent == "actor" else 10) and not answer.tool_calls
    model.then(*first(does.say("one two three"), agent=agent))
    pieces = list(lang(agent, stream_usage=True).stream("hello"))
    whole = sum(pieces[1:], pieces[0])
    assert whole.content == "one two three " and [p.content for p in pieces if p.content] == ["one ", "two ", "three "]
    assert whole.usage_metadata["total_tokens"] == (20 if agent == "actor" else 10), "usage was counted twice, or not"
    assert not whole.tool_call_chunks


def test_langchain_async(lang, model):
    async def both():
        chat = lang()
        answer = await chat.ainvoke("hello")
        return answer.content, [piece.content async for piece in chat.astream("hello") if piece.content]

    assert asyncio.run(both()) == ("ok", ["ok "])


@AGENTS
@pytest.mark.parametrize("streamed", [False, True], ids=["invoke", "stream"])
def test_langchain_bind_tools(lang, model, agent, streamed):
    chat = lang(agent).bind_tools([weather])
    model.then(*first(does.call_tools(("weather", {"city": "Bern"})), does.say("It is mild."), agent=agent))
    messages = [HumanMessage("hello")]
    if streamed:
        pieces = list(chat.stream(messages))
        asked = sum(pieces[1:], pieces[0])
    else:
        asked = chat.invoke(messages)
    assert [(call["name"], call["args"]) for call in asked.tool_calls] == [("weather", {"city": "Bern"})]
    results = [weather.invoke(call) for call in asked.tool_calls]
    assert all(isinstance(result, ToolMessage) for result in results)
    assert chat.invoke([*messages, asked, *results]).content == "It is mild."
    assert "tool: mild in Bern" in model.last.contents


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_langchain_structured_output(lang, model, method):
    model.then(does.call_tools(("City", json.loads(FITS))) if method == "function_calling" else does.say(FITS))
    assert lang().with_structured_output(City, method=method).invoke("Bern, as JSON") == BERN
    assert method == "function_calling" or model.last.body["response_format"]["type"].startswith("json_")


# --- openai-agents ---


@function_tool
def forecast(city: str) -> str:
    """Tells tomorrow's weather of a city."""
    return f"sunny in {city}"


def run_agent(runtime: Apus, model: str, streamed: bool, **options):
    """A run of the SDK's own loop; the result, and the text that came piece by piece."""

    async def run():
        async with openai.AsyncOpenAI(**address(runtime), max_retries=0, timeout=30) as client:
            agent = Agent(name="caller", instructions="Be brief.",
                          model=OpenAIChatCompletionsModel(model=model, openai_client=client), **options)
            config = RunConfig(tracing_disabled=True)
            if not streamed:
                return await Runner.run(agent, "hello", run_config=config), None
            result = Runner.run_streamed(agent, "hello", run_config=config)
            text = [event.data.delta async for event in result.stream_events()
                    if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"]
            return result, "".join(text)

    return asyncio.run(run())


STREAMED = pytest.mark.parametrize("streamed", [False, True], ids=["run", "streamed"])


@STREAMED
@AGENTS
def test_agents_sdk_answers(runtime, model, agent, streamed):
    model.then(*first(does.say("good day"), agent=agent))
    result, text = run_agent(runtime, agent, streamed)
    assert result.final_output.strip() == "good day" and (text is None or text.strip() == "good day")
    assert model.requests[0].contents == ["system: Be brief.", "user: hello"]


@STREAMED
@AGENTS
def test_agents_sdk_makes_its_own_calls(runtime, model, agent, streamed):
    call = does.call_tools(("forecast", {"city": "Bern"}))
    model.then(*first(call, does.say("sunny tomorrow"), agent=agent))
    result, _ = run_agent(runtime, agent, streamed, tools=[forecast])
    assert result.final_output.strip() == "sunny tomorrow" and "tool: sunny in Bern" in model.last.contents


@STREAMED
def test_agents_sdk_output_types(runtime, model, streamed):
    model.then(does.say(FITS))
    result, _ = run_agent(runtime, "bot", streamed, output_type=City)
    assert result.final_output == BERN and model.last.body["response_format"]["type"] == "json_schema"
