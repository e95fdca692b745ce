"""Each field of a chat request, and what does not exist."""

from .row import INVALID, row

PATH = "/v1/chat/completions"
USER = {"role": "user", "content": "hi"}
GOOD = {"model": "bot", "messages": [USER]}

FIELDS_422 = {
    "model": [None, 7, [], {}, True, ""],
    "messages": [None, "hi", 7, {}, [], [1], ["hi"], [None], [[]]],
    "stream": ["yes", 1, []],
    "stream_options": ["x", 7, []],
    "temperature": ["hot", -0.1, 2.1, [], True],
    "top_p": ["x", -0.1, 1.1],
    "max_tokens": [0, -1, 1.5, "9"],
    "max_completion_tokens": [0, -1, 1.5, "9"],
    "n": [0, 2, -1, "1", 1.5],
    "stop": [7, [7], {}],
    "seed": ["x", 1.5],
    "presence_penalty": ["x", -2.1, 2.1],
    "frequency_penalty": ["x", -2.1, 2.1],
    "tools": ["x", {}, [7]],
    "tool_choice": [7, []],
    "parallel_tool_calls": ["x", 1],
    "response_format": ["json", 7, {}],
    "reasoning_effort": [7, []],
    "user": [7, []],
    "metadata": ["x", 7, []],
    "conversation_config": ["x", 7, []],
}
NESTED_422 = {
    ("stream_options", "include_usage"): ["x", 1],
    ("metadata", "session_id"): [7, [], ""],
    ("metadata", "user_id"): [7, {}],
    ("conversation_config", "historyLength"): [0, -1, "x"],
    ("conversation_config", "continuous"): ["x", 0],
    ("conversation_config", "temperature"): [3],
    ("conversation_config", "on_busy"): ["panic"],
}
# A message, and the path in it of the fault.
MESSAGES_422 = [
    ({}, ("role",)),
    ({"content": "hi"}, ("role",)),
    ({"role": None, "content": "hi"}, ("role",)),
    ({"role": 7, "content": "hi"}, ("role",)),
    ({"role": "wizard", "content": "hi"}, ("role",)),
    ({"role": "User", "content": "hi"}, ("role",)),
    ({"role": "function", "name": "f", "content": "hi"}, ("role",)),
    ({"role": "user"}, ("content",)),
    ({"role": "user", "content": None}, ("content",)),
    ({"role": "user", "content": 7}, ("content",)),
    ({"role": "user", "content": {"text": "hi"}}, ("content",)),
    ({"role": "user", "content": []}, ("content",)),
    ({"role": "user", "content": ["hi"]}, ()),
    ({"role": "user", "content": [{"text": "hi"}]}, ()),
    ({"role": "user", "content": [{"type": "text"}]}, ()),
    ({"role": "user", "content": [{"type": "text", "text": 7}]}, ()),
    ({"role": "user", "content": [{"type": 7}]}, ()),
    ({"role": "system"}, ("content",)),
    ({"role": "user", "content": "hi", "name": 7}, ("name",)),
    ({"role": "tool", "content": "42"}, ("tool_call_id",)),
    ({"role": "tool", "content": "42", "tool_call_id": 7}, ("tool_call_id",)),
    ({"role": "assistant", "content": 7}, ("content",)),
    ({"role": "assistant", "tool_calls": "x"}, ("tool_calls",)),
    ({"role": "assistant", "tool_calls": [{"type": "function"}]}, ()),
]
LONG = 32_001


def _short(value) -> str:
    text = ascii(value)
    return text if len(text) < 90 else f"{text[:86]}…"


def _loc(path: tuple) -> tuple:
    return ("body", "messages", 0, *path) if path else ()


ROWS = [
    row(f"chat: {key} = {_short(value)}", "POST", PATH, 422, INVALID, GOOD | {key: value},
        # A fault inside a list is reported at its element.
        () if isinstance(value, list) and value else ("body", key))
    for key, values in FIELDS_422.items() for value in values
]
ROWS += [
    row(f"chat: {outer}.{inner} = {_short(value)}", "POST", PATH, 422, INVALID, GOOD | {outer: {inner: value}},
        ("body", outer, inner))
    for (outer, inner), values in NESTED_422.items() for value in values
]
ROWS += [
    row(f"chat: message {_short(message)}", "POST", PATH, 422, INVALID, GOOD | {"messages": [message]}, _loc(path))
    for message, path in MESSAGES_422
]
ROWS += [
    row("chat: no model", "POST", PATH, 422, INVALID, {"messages": [USER]}, ("body", "model")),
    row("chat: no messages", "POST", PATH, 422, INVALID, {"model": "bot"}, ("body", "messages")),
    row("chat: nothing", "POST", PATH, 422, INVALID, {}, ("body", "messages")),
    row("chat: the second message is bad", "POST", PATH, 422, INVALID, GOOD | {"messages": [USER, {"role": "x"}]},
        ("body", "messages", 1, "role")),
    row("chat: tool without a name", "POST", PATH, 422, INVALID, GOOD | {"tools": [{"type": "function", "function": {}}]}),
    row("chat: too long", "POST", PATH, 422, INVALID, GOOD | {"messages": [{"role": "user", "content": "x" * LONG}]}),
    row("chat: too long in scalars", "POST", PATH, 422, INVALID,
        GOOD | {"messages": [{"role": "user", "content": "智" * LONG}]}),
    row("chat: too long together", "POST", PATH, 422, INVALID,
        GOOD | {"messages": [{"role": "user", "content": "x" * 16_001}] * 2}),
    row("chat: too long in parts", "POST", PATH, 422, INVALID,
        GOOD | {"messages": [{"role": "user", "content": [{"type": "text", "text": "x" * 16_001}] * 2}]}),
    row("chat: unknown agent", "POST", PATH, 404, "AGENT_NOT_FOUND", GOOD | {"model": "nobody"}),
    row("chat: unknown agent, streamed", "POST", PATH, 404, "AGENT_NOT_FOUND", GOOD | {"model": "nobody", "stream": True}),
    row("chat: an id that cannot be", "POST", PATH, (404, 422), ("AGENT_NOT_FOUND", INVALID),
        GOOD | {"model": "no such\u0000 bot"}),
    row("chat: revoked agent", "POST", PATH, 403, "ACCESS_DENIED", GOOD | {"model": "revoked"}),
    row("chat: another one's draft", "POST", PATH, 403, "ACCESS_DENIED",
        GOOD | {"model": "owned", "metadata": {"user_id": "stranger"}}),
    row("chat: another one's draft, by user", "POST", PATH, 403, "ACCESS_DENIED", GOOD | {"model": "owned", "user": "stranger"}),
    row("chat: faults streamed are a status", "POST", PATH, 422, INVALID, GOOD | {"stream": True, "temperature": 9},
        ("body", "temperature")),
    row("models: unknown", "GET", "/v1/models/nobody", 404, "AGENT_NOT_FOUND"),
]
