"""Every bad request is answered as the contract says, at once; the process goes on and does not grow."""

import json
import re

import pytest
from bad_requests import agents, bodies, chat, compose, edges
from bad_requests.row import Row
from harness.client import Reply
from harness.process import Apus

ROWS = agents.ROWS + chat.ROWS + compose.ROWS + bodies.ROWS + edges.ROWS
REQUEST_ID = re.compile(r"[\x21-\x7e]{8,128}")


@pytest.fixture(scope="module")
def runtime(shared_bot: Apus) -> Apus:
    client = shared_bot.client
    client.make_agent("owned", owner_id="owner")
    client.make_agent("revoked")
    reply = client.request("PATCH", "/v1/agents/revoked/status", json_body={"status": "revoked"})
    assert reply.status == 200, reply.body
    return shared_bot


def send(runtime: Apus, row: Row) -> Reply:
    return runtime.client.request(row.method, row.path, body=row.body, headers=row.headers)


def check_shape(row: Row, reply: Reply) -> dict:
    """The contract's §1.2 or §1.3; the error's own part of the body."""
    body = reply.json()
    request_id = reply.headers.get("x-request-id", "")
    assert REQUEST_ID.fullmatch(request_id), f"x-request-id: {request_id!r}"
    assert isinstance(body["message"], str) and body["message"]
    if row.openai_shape:
        assert set(body["error"]) == {"message", "type", "param", "code"} and body["error"]["type"]
        assert body["error"]["message"] == body["message"]
    if reply.code != "VERSION_MISMATCH":
        assert body["request_id"] == request_id
        assert "details" in body and "detail" in body
    return body


def check_faults(row: Row, body: dict) -> None:
    """422: all faults, each with its path."""
    faults = body["detail"]
    assert isinstance(faults, list) and faults == body["details"]["errors"]
    for fault in faults:
        assert set(fault) == {"loc", "msg", "type"} and fault["msg"] and fault["type"] and fault["loc"]
    if row.loc:
        assert list(row.loc) in [fault["loc"] for fault in faults]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_bad_request(runtime: Apus, row: Row):
    reply = send(runtime, row)
    assert reply.status in row.statuses, reply.body[:600]
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.code in row.codes, reply.body[:600]
    body = check_shape(row, reply)
    if reply.status == 422:
        check_faults(row, body)
    if reply.status == 405:
        assert reply.headers["allow"]
    assert runtime.alive


def test_the_table_is_as_large_as_asked():
    assert len(ROWS) >= 120 and len({str(row) for row in ROWS}) == len(ROWS)


def test_all_faults_are_reported_at_once(runtime: Apus):
    faults = runtime.client.post("/v1/agents", agents.MANY).json()["detail"]
    assert {tuple(fault["loc"]) for fault in faults} == {
        ("body", "name"), ("body", "type"), ("body", "version_number"), ("body", "conversation_config", "temperature")}


def test_a_version_mismatch_says_what_breaks(runtime: Apus):
    body = runtime.client.get("/v1/schema", headers={"X-Schema-Version": "2.0.0"}).json()
    assert body["current_version"] == "1.4.0" and body["required_version"] == "2.0.0"
    assert isinstance(body["breaking_changes"], list)


def test_a_sane_request_id_is_taken_over_and_another_is_not(runtime: Apus):
    for path in ("/v1/agents/nobody", "/v1/models/nobody", "/nope"):
        reply = runtime.client.get(path, headers={"X-Request-ID": "mine-123"})
        assert reply.headers["x-request-id"] == "mine-123" == reply.json()["request_id"]
    for wrong in ("x" * 2000, "a b", "\xff\xfe"):
        reply = runtime.client.get("/v1/agents/nobody", headers={"X-Request-ID": wrong})
        assert reply.headers["x-request-id"] != wrong and REQUEST_ID.fullmatch(reply.headers["x-request-id"])


def test_nothing_was_stored_or_changed(runtime: Apus):
    before = [agent for agent in runtime.client.get("/v1/agents").json() if agent["id"] != "bot"]
    bot = runtime.client.get("/v1/agents/bot").body
    for row in ROWS:
        send(runtime, row)
    assert [agent for agent in runtime.client.get("/v1/agents").json() if agent["id"] != "bot"] == before
    assert runtime.client.get("/v1/agents/bot").body == bot
    assert runtime.model.requests == [], "a bad request reached the model"


def test_memory_stays_flat(runtime: Apus):
    def go_through() -> int:
        for row in ROWS:
            send(runtime, row)
        return runtime.rss_kib

    first = go_through()
    go_through()
    third = go_through()
    assert third < max(first * 1.15, first + 15 * 1024), f"{first} KiB after the first pass, {third} after the third"
    assert runtime.client.chat("still there?").status == 200


def test_the_error_pages_cover_what_was_seen(runtime: Apus):
    """Every code in the table has its page."""
    from conftest import ROOT
    for code in {code for row in ROWS for code in row.codes}:
        assert (ROOT / "docs" / "errors" / f"{code}.md").exists()
    assert json.loads(runtime.client.get("/ping").body) == {"status": "ok", "message": "pong"}
