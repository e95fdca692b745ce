"""Tokens, methods, paths, versions: what is wrong with a request before its body matters."""

from .row import INVALID, row

PLACES = [("agents", "GET", "/v1/agents"), ("chat", "POST", "/v1/chat/completions"), ("models", "GET", "/v1/models"),
          ("schema", "GET", "/v1/schema"), ("health", "GET", "/v1/health")]
TOKENS = {
    "no token": {},
    "empty": {"X-Runtime-Token": ""},
    "wrong": {"X-Runtime-Token": "wrong"},
    "bearer wrong": {"Authorization": "Bearer wrong"},
    "basic": {"Authorization": "Basic d3Jvbmc6d3Jvbmc="},
    "bearer empty": {"Authorization": "Bearer "},
    "bytes": {"X-Runtime-Token": "\xff\xfe"},
    "long": {"X-Runtime-Token": "x" * 4000},
}
ROWS = [
    row(f"token: {name} at {where}", method, path, 401, "INVALID_TOKEN", {} if method == "POST" else None,
        headers={"X-Runtime-Token": None} | headers)
    for where, method, path in PLACES
    for name, headers in TOKENS.items()
    if where in ("agents", "chat") or name in ("no token", "wrong")
]
ROWS += [
    row("token: before the body is read", "POST", "/v1/agents", 401, "INVALID_TOKEN", b"{broken",
        headers={"X-Runtime-Token": "wrong"}),
    row("token: before the agent is looked for", "GET", "/v1/agents/nobody", 401, "INVALID_TOKEN",
        headers={"X-Runtime-Token": "wrong"}),
]
METHODS = [
    ("DELETE", "/v1/agents"), ("PUT", "/v1/agents"), ("POST", "/v1/agents/bot"), ("PATCH", "/v1/agents/bot"),
    ("GET", "/v1/agents/bot/status"), ("POST", "/v1/agents/bot/revisions"), ("GET", "/v1/chat/completions"),
    ("PUT", "/v1/chat/completions"), ("POST", "/v1/models"), ("DELETE", "/v1/models/bot"), ("POST", "/v1/schema"),
    ("POST", "/v1/templates"), ("POST", "/v1/health"), ("POST", "/ping"), ("DELETE", "/ready"),
]
ROWS += [row(f"method: {method} {path}", method, path, 405, "METHOD_NOT_ALLOWED") for method, path in METHODS]
PATHS = ["/nope", "/v1/nope", "/v2/agents", "/v1/agents/bot/nope", "/v1/agents/bot/sessions", "/v1/chat",
         "/v1/chat/completions/x", "/v1/templates/nope", "/v1/templates/customer-service-bot?version=9.9.9",
         "/v1/%2e%2e/etc/passwd", "/v1/agents/bot/../../nope", "/favicon.ico"]
ROWS += [row(f"path: {path}", "GET", path, 404, ("NOT_FOUND", "AGENT_NOT_FOUND")) for path in PATHS]
ROWS += [
    row(f"schema version: {version!r}", "GET", "/v1/schema", 400, INVALID, headers={"X-Schema-Version": version})
    for version in ["abc", "1", "1.2", "1.x.0", "-1.0.0", "1.2.0.0", "1.2.0 OR 1", "٣.0.0".encode().decode("latin-1")]
]
ROWS += [
    row(f"schema version: {version}", "GET", "/v1/schema", 409, "VERSION_MISMATCH", headers={"X-Schema-Version": version})
    for version in ["0.9.0", "2.0.0", "99.0.0", "1.999.0"]
]
