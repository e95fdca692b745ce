"""Each field of an agent: missing, of a wrong type, out of range, empty, huge, of wrong characters."""

from .row import INVALID, row

GOOD = {"name": "x", "template_id": "customer-service-bot"}
NAMES_422 = {
    "id": ["", "a" * 129, "a b", "ä", "../x", "a/b", "a\u0000b", "a\nb", 7, ["a"], {}, True],
    "name": ["", "x" * 101, 7, 1.5, [], {}, False],
    "description": [7, [], {}],
    "avatar_url": [7, {"url": "x"}],
    "type": [7, "task", "nonsense", ""],
    "template_id": [7, [], {"id": "customer-service-bot"}],
    "template_version_id": [7, "9.9.9", "newest", ""],
    "template_config": ["x", 7, [], True],
    "system_prompt": [7, ["be kind"], {}],
    "conversation_config": ["x", 7, []],
    "limits": ["x", 7, []],
    "toolsets": ["x", 7, {}, [1], [None], [["x"]]],
    "llm_config_id": [7, []],
    "agent_line_id": [7, "", "a b", "ü", "a" * 129],
    "version_type": ["alpha", "RELEASE", 7, ""],
    "version_number": ["1", "v0", "v-1", "v1.5", "v01", "v", "vx", 1, "v" + "9" * 40],
    "owner_id": [7, {}],
    "status": ["unknown", "Draft", 7, []],
    "code_interpreter": ["x", 7, []],
    "metadata": ["x", 7, []],
}
NESTED_422 = {
    ("template_config", "conversation", "historyLength"): [4, 101, -1, "10", 10.5, [], 1e300],
    ("template_config", "conversation", "continuous"): ["true", 1, []],
    ("template_config", "conversation"): ["x", []],
    ("conversation_config", "continuous"): ["yes", 1],
    ("conversation_config", "historyLength"): [0, -1, 1.5, "5", 10**30],
    ("conversation_config", "temperature"): [-0.1, 2.1, "hot", []],
    ("conversation_config", "max_tokens"): [0, -1, 1.5, "9"],
    ("conversation_config", "on_busy"): ["panic", 7],
    ("limits", "requests_per_minute"): [-1, 1.5, "x"],
    ("limits", "tokens_per_minute"): [-1, "x"],
    ("limits", "max_tool_turns"): [-1, "x"],
    ("code_interpreter", "keep_files_mb"): [-1, "x"],
    ("metadata", "key"): [7, True, {}, []],
}


def _nest(path: tuple, value) -> dict:
    for key in reversed(path):
        value = {key: value}
    return value


def _short(value) -> str:
    text = ascii(value)
    return text if len(text) < 24 else f"{text[:12]}… of {len(text)}"


def _fields() -> list:
    rows = []
    for key, values in NAMES_422.items():
        for value in values:
            rows.append(row(f"create: {key} = {_short(value)}", "POST", "/v1/agents", 422, INVALID, GOOD | {key: value},
                            ("body", key)))
        rows.append(row(f"update: {key} = {_short(values[0])}", "PUT", "/v1/agents/bot", 422, INVALID,
                        {key: values[0]}, ("body", key)))
    for path, values in NESTED_422.items():
        for value in values:
            rows.append(row(f"create: {'.'.join(path)} = {_short(value)}", "POST", "/v1/agents", 422, INVALID,
                            GOOD | _nest(path, value), ("body", *path)))
    return rows


def _without(key: str) -> dict:
    return {name: value for name, value in GOOD.items() if name != key}


MANY = GOOD | {"name": 7, "type": "task", "version_number": "1", "conversation_config": {"temperature": 9}}

ROWS = _fields() + [
    row("create: nothing", "POST", "/v1/agents", 422, INVALID, {}, ("body", "name")),
    row("create: no name", "POST", "/v1/agents", 422, INVALID, _without("name"), ("body", "name")),
    row("create: no template_id", "POST", "/v1/agents", 422, INVALID, _without("template_id"), ("body", "template_id")),
    row("create: name null", "POST", "/v1/agents", 422, INVALID, GOOD | {"name": None}, ("body", "name")),
    row("create: template_id null", "POST", "/v1/agents", 422, INVALID, GOOD | {"template_id": None},
        ("body", "template_id")),
    row("create: all faults at once", "POST", "/v1/agents", 422, INVALID, MANY,
        ("body", "conversation_config", "temperature")),
    row("create: unknown template", "POST", "/v1/agents", 400, INVALID, GOOD | {"template_id": "no-such-bot"}),
    row("create: template_id of odd characters", "POST", "/v1/agents", 400, INVALID, GOOD | {"template_id": "机器人 \u0000"}),
    row("create: system_prompt too long", "POST", "/v1/agents", 400, INVALID, GOOD | {"system_prompt": "p" * 65_537}),
    row("create: system_prompt too long in scalars", "POST", "/v1/agents", 400, INVALID,
        GOOD | {"system_prompt": "智" * 65_537}),
    row("create: template_config too large", "POST", "/v1/agents", (400, 422), INVALID,
        GOOD | {"template_config": {"conversation": {"note": "x" * (1 << 20)}}}),
    row("create: number beyond all range", "POST", "/v1/agents", 422, INVALID,
        b'{"name": "x", "template_id": "customer-service-bot", "conversation_config": {"temperature": 1e999}}'),
    row("create: the id is taken", "POST", "/v1/agents", 409, "AGENT_EXISTS", GOOD | {"id": "bot"}),
    row("update: name null", "PUT", "/v1/agents/bot", 422, INVALID, {"name": None}, ("body", "name")),
    row("update: template_id null", "PUT", "/v1/agents/bot", 422, INVALID, {"template_id": None}, ("body", "template_id")),
    row("update: another id", "PUT", "/v1/agents/bot", 422, INVALID, {"id": "other"}, ("body", "id")),
    row("update: unknown template", "PUT", "/v1/agents/bot", 400, INVALID, {"template_id": "no-such-bot"}),
    row("update: forbidden move", "PUT", "/v1/agents/bot", 400, INVALID, {"status": "published"}),
    row("update: unknown agent", "PUT", "/v1/agents/nobody", 404, "AGENT_NOT_FOUND", {"name": "x"}),
    row("update: stale If-Match", "PUT", "/v1/agents/bot", 409, "CONFLICT", {"name": "x"}, headers={"If-Match": '"999"'}),
    row("update: bare stale If-Match", "PUT", "/v1/agents/bot", 409, "CONFLICT", {"name": "x"}, headers={"If-Match": "999"}),
    row("update: If-Match that is no revision", "PUT", "/v1/agents/bot", (400, 409), ("CONFLICT", INVALID), {"name": "x"},
        headers={"If-Match": '"abc'}),
    row("status: missing", "PATCH", "/v1/agents/bot/status", 422, INVALID, {}, ("body", "status")),
    row("status: null", "PATCH", "/v1/agents/bot/status", 422, INVALID, {"status": None}, ("body", "status")),
    row("status: number", "PATCH", "/v1/agents/bot/status", 422, INVALID, {"status": 7}, ("body", "status")),
    row("status: unknown", "PATCH", "/v1/agents/bot/status", 422, INVALID, {"status": "x"}, ("body", "status")),
    row("status: forbidden move", "PATCH", "/v1/agents/bot/status", 400, INVALID, {"status": "published"}),
    row("status: unknown agent", "PATCH", "/v1/agents/nobody/status", 404, "AGENT_NOT_FOUND", {"status": "submitted"}),
    row("get: unknown agent", "GET", "/v1/agents/nobody", 404, "AGENT_NOT_FOUND"),
    row("get: an id of 10,000 characters", "GET", "/v1/agents/" + "a" * 10_000, (404, 414), ("AGENT_NOT_FOUND", "NOT_FOUND")),
    row("get: an id that is no UTF-8", "GET", "/v1/agents/%ff%fe", 404, ("AGENT_NOT_FOUND", "NOT_FOUND")),
    row("get: an id with NUL", "GET", "/v1/agents/%00", 404, ("AGENT_NOT_FOUND", "NOT_FOUND")),
    row("get: an id with SQL", "GET", "/v1/agents/%27%20OR%201=1--", 404, ("AGENT_NOT_FOUND", "NOT_FOUND")),
    row("delete: unknown agent", "DELETE", "/v1/agents/nobody", 404, "AGENT_NOT_FOUND"),
    row("revisions: unknown agent", "GET", "/v1/agents/nobody/revisions", 404, "AGENT_NOT_FOUND"),
    row("session: unknown agent", "GET", "/v1/agents/nobody/sessions/s", 404, ("AGENT_NOT_FOUND", "NOT_FOUND")),
    row("session: unknown", "GET", "/v1/agents/bot/sessions/none", 404, "NOT_FOUND"),
    row("session: delete unknown", "DELETE", "/v1/agents/bot/sessions/none", 404, "NOT_FOUND"),
]
ROWS += [
    row(f"list: {query}", "GET", f"/v1/agents?{query}", 422, INVALID, loc=("query", query.split("=")[0]))
    for query in ["limit=0", "limit=1001", "limit=-1", "limit=abc", "limit=1.5", "limit=99999999999999999999",
                  "offset=-1", "offset=abc", "offset=1e3", "status=unknown"]
]
