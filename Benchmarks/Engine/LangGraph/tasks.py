"""The tasks of LangGraph's own benchmark on LangGraph, with reproducible inputs; README.md describes each."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import StructuredTool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import create_react_agent
from langgraph.types import Send

import inputs


@dataclass
class Task:
    """A graph to compile with or without a checkpointer, what it must do, and the lines of its check."""

    compile: Callable[[Any], Any]
    given: dict[str, Any]
    supersteps: int
    events: int
    lines: Callable[[dict], list[str]]


def sequential(count: int) -> Task:
    async def nothing(state: MessagesState) -> None:
        return None

    builder = StateGraph(MessagesState)
    names = [f"node_{index}" for index in range(count)]
    for before, name in zip([START, *names], names):
        builder.add_node(name, nothing)
        builder.add_edge(before, name)
    builder.add_edge(names[-1], END)

    def lines(state: dict) -> list[str]:
        return [str(len(state["messages"]))]

    return Task(lambda saver: builder.compile(checkpointer=saver), {"messages": []}, count, count, lines)


class Subject(TypedDict):
    subject: str


class Jokes(TypedDict):
    jokes: list[str]


class JokeState(Subject, Jokes): ...


class AllJokes(TypedDict):
    subjects: list[str]
    jokes: Annotated[list[str], operator.add]


def joke_graph() -> Any:
    async def edit(state: Subject) -> dict:
        return {"subject": state["subject"] + " - hohoho"}

    async def generate(state: Subject) -> dict:
        return {"jokes": ["Joke about " + state["subject"]]}

    async def bump(state: Jokes) -> dict:
        return {"jokes": [state["jokes"][0] + " a"]}

    async def again(state: Jokes) -> str:
        return END if state["jokes"][0].endswith(" a" * 10) else "bump"

    builder = StateGraph(JokeState, input_schema=Subject, output_schema=Jokes)
    builder.add_node("edit", edit)
    builder.add_node("generate", generate)
    builder.add_node("bump", bump)
    builder.add_edge(START, "edit")
    builder.add_edge("edit", "generate")
    builder.add_edge("generate", "bump")
    builder.add_conditional_edges("bump", again, ["bump", END])
    return builder.compile()


def fanout(count: int) -> Task:
    async def send_all(state: AllJokes) -> list[Send]:
        return [Send("joke", {"subject": subject}) for subject in state["subjects"]]

    builder = StateGraph(AllJokes)
    builder.add_node("joke", joke_graph())
    builder.add_conditional_edges(START, send_all, ["joke"])
    builder.add_edge("joke", END)
    given = {"subjects": inputs.subjects(count)}
    return Task(
        lambda saver: builder.compile(checkpointer=saver), given, 1 + 12 * count, count, lambda state: state["jokes"]
    )


class ScriptedModel(FakeMessagesListChatModel):
    """Gives its responses in turn, and starts over after the last."""

    def bind_tools(self, tools: list, **options: Any) -> "ScriptedModel":
        return self

    def _generate(self, messages: list, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        response = self.responses[self.i].model_copy()
        self.i = (self.i + 1) % len(self.responses)
        return ChatResult(generations=[ChatGeneration(message=response)])

    async def _agenerate(self, messages: list, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        return self._generate(messages)


def react_lines(state: dict) -> list[str]:
    lines = []
    for message in state["messages"]:
        lines += [message.type, message.content]
        lines += [call["args"]["query"] for call in getattr(message, "tool_calls", [])]
    return lines


def react(turns: int) -> Task:
    def call(turn: int) -> AIMessage:
        asked = {"id": f"call-{turn}", "name": "lookup", "args": {"query": inputs.query(turn)}}
        return AIMessage(content="", tool_calls=[asked], id=f"ai-{turn}")

    def lookup(query: str) -> str:
        return inputs.tool_result(query)

    async def alookup(query: str) -> str:
        return inputs.tool_result(query)

    tool = StructuredTool.from_function(lookup, alookup, name="lookup", description="looks it up")
    last = AIMessage(content="answer" * 100, id=f"ai-{turns}")
    model = ScriptedModel(responses=[*(call(turn) for turn in range(turns)), last])
    steps = 2 * turns + 1
    given = {"messages": [HumanMessage("hi?", id="human-0")]}
    return Task(lambda saver: create_react_agent(model, [tool], checkpointer=saver), given, steps, steps, react_lines)


def last_if(keep: Callable[[Any], bool]) -> Callable[[Any, Any], Any]:
    return lambda old, new: new if keep(new) else old


TRUTHY, NOT_NONE, ALWAYS = last_if(bool), last_if(lambda new: new is not None), last_if(lambda new: True)


@dataclass(kw_only=True)
class WideState:
    messages: Annotated[list, operator.add] = field(default_factory=list)
    trigger_events: Annotated[list, operator.add] = field(default_factory=list)
    primary_issue_medium: Annotated[str, TRUTHY] = "email"
    autoresponse: Annotated[dict | None, ALWAYS] = None
    issue: Annotated[dict | None, TRUTHY] = None
    relevant_rules: list[dict] | None = None
    memory_docs: list[dict] | None = None
    categorizations: Annotated[list[dict], operator.add] = field(default_factory=list)
    responses: Annotated[list[dict], operator.add] = field(default_factory=list)
    user_info: Annotated[dict | None, NOT_NONE] = None
    crm_info: Annotated[dict | None, NOT_NONE] = None
    email_thread_id: Annotated[str | None, NOT_NONE] = None
    slack_participants: Annotated[dict, operator.or_] = field(default_factory=dict)
    bot_id: str | None = None
    notified_assignees: Annotated[dict, operator.or_] = field(default_factory=dict)


LISTS = {"messages", "trigger_events", "categorizations", "responses", "memory_docs", "relevant_rules"}
TEXTS = {"primary_issue_medium", "email_thread_id", "bot_id"}
# node: what it reads, what it writes
WIDE_NODES = {
    "one": ("messages", ["trigger_events", "primary_issue_medium"]),
    "two": ("trigger_events", ["autoresponse", "issue"]),
    "three": ("autoresponse", ["relevant_rules"]),
    "four": ("trigger_events", ["categorizations", "responses", "memory_docs"]),
    "five": (
        "categorizations",
        ["user_info", "crm_info", "email_thread_id", "slack_participants", "bot_id", "notified_assignees"],
    ),
    "six": ("responses", ["messages"]),
}


def wide_node(read: str, written: list[str], texts: Iterator[str]) -> Callable:
    async def act(state: WideState) -> dict:
        found = getattr(state, read)
        items, one = (found, found[-1]) if isinstance(found, list) else ([found], found)
        return {name: items if name in LISTS else next(texts) if name in TEXTS else one for name in written}

    return act


def wide_lines(message: dict) -> Callable[[dict], list[str]]:
    def line(value: Any) -> str:
        if isinstance(value, list):
            return str(len(value)) if all(item == message for item in value) else "other items"
        return "the message" if value == message else str(value)

    return lambda state: [f"{name}={line(state[name])}" for name in sorted(WideState.__dataclass_fields__)]


def wide(outer: int, length: int, rounds: int) -> Task:
    message = inputs.wide_message(outer, outer)
    table = [inputs.wide_text(draw, length) for draw in range(3 * rounds)]

    async def enough(state: WideState) -> str:
        return END if len(state.messages) > length else "one"

    def compiled(saver: Any) -> Any:
        texts = iter(table)
        builder = StateGraph(WideState)
        for name, (read, written) in WIDE_NODES.items():
            builder.add_node(name, wide_node(read, written, texts))
        for start, end in [(START, "one"), ("one", "two"), ("two", "three"), ("two", "four"), ("five", "six")]:
            builder.add_edge(start, end)
        builder.add_edge(["three", "four"], "five")
        builder.add_conditional_edges("six", enough, ["one", END])
        return builder.compile(checkpointer=saver)

    return Task(compiled, {"messages": [message]}, 5 * rounds, 6 * rounds, wide_lines(message))


TASKS: dict[str, Callable[[], Task]] = {
    "sequential_1000": lambda: sequential(1000),
    "fanout_to_subgraph_100x": lambda: fanout(100),
    "react_agent_100x": lambda: react(100),
    "wide_state_25x300": lambda: wide(5, 300, 6),
    "wide_state_9x1200": lambda: wide(3, 1200, 7),
}
