"""Each field of what an agent is composed from: missing, of a wrong type, too long, unknown."""

from .row import INVALID, row

PATH = "/v1/agents/compose"
GOOD = {"template_id": "customer-service-bot", "instructions": "x"}
WRONG = {
    "template_id": [None, 7, [], "", "x" * 129],
    "instructions": [None, 7, ["x"], {}, "", " \n\t", "x" * 32_001],
    "suggested_name": [7, [], "", "x" * 101],
    "suggested_tools": ["math", 7, {}, ["x"] * 101],
    "llm_config_id": [7, [], "", "two words", "ü", "x" * 257],
}
ROWS = [
    row(f"compose: {key} = {ascii(value)[:20]} {index}", "POST", PATH, 422, INVALID, GOOD | {key: value}, ("body", key))
    for key, values in WRONG.items()
    for index, value in enumerate(values)
]
ROWS += [
    row("compose: nothing", "POST", PATH, 422, INVALID, {}, ("body", "instructions")),
    row("compose: a list", "POST", PATH, 422, INVALID, [GOOD], ("body",)),
    row("compose: broken", "POST", PATH, 422, INVALID, b'{"template_id": ', ("body",)),
    row("compose: a tool that is no text", "POST", PATH, 422, INVALID, GOOD | {"suggested_tools": [7]},
        ("body", "suggested_tools", 0)),
    row("compose: a tool that nobody configured", "POST", PATH, 422, INVALID, GOOD | {"suggested_tools": ["nope"]},
        ("body", "suggested_tools", 0)),
    row("compose: unknown template", "POST", PATH, 400, INVALID, GOOD | {"template_id": "no-such-bot"}),
    row("compose: no JSON by its type", "POST", PATH, 415, "UNSUPPORTED_MEDIA_TYPE", GOOD,
        headers={"Content-Type": "text/plain"}),
    row("compose: no token", "POST", PATH, 401, "INVALID_TOKEN", GOOD, headers={"X-Runtime-Token": None}),
    row("compose: no agent of that name", "GET", PATH, 404, "AGENT_NOT_FOUND"),
    row("compose: wrong method", "PATCH", PATH, 405, "METHOD_NOT_ALLOWED", {}),
]
