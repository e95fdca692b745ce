"""An agent with the tools of a real MCP server, and of one that is not there."""

import json
import os

import pytest
from harness import behaviours as does


def results(exchange) -> list[str]:
    return [message["content"] for message in exchange.body["messages"] if message["role"] == "tool"]


def test_a_real_mcp_server(apus, model, tmp_path):
    python = os.environ.get("APUS_TEST_MCP_PYTHON")
    if not python:
        assert not os.environ.get("CI"), "APUS_TEST_MCP_PYTHON names no Python with mcp"
        pytest.skip("APUS_TEST_MCP_PYTHON names no Python with mcp")
    script = os.path.join(os.path.dirname(__file__), "..", "MCP", "server.py")
    path = tmp_path / "toolsets.yaml"
    path.write_text(json.dumps({"toolsets": {
        "real": {"mcp": {"command": python, "args": [os.path.abspath(script), "stdio"]}, "timeout": 1},
        "dead": {"mcp": {"url": "http://127.0.0.1:1/mcp"}}}}))
    runtime = apus(LLM_PROXY_URL=model.url, TOOLSETS_FILE=path)
    runtime.client.make_agent("bot", toolsets=["real", "dead"])
    model.then(does.call_tools(("add", {"a": 2, "b": 3}), ("slow", {"seconds": 30})), does.say("five"))
    reply = runtime.client.chat("work", timeout=30)
    assert reply.text == "five", reply.body
    found = results(model.last)
    assert found[0] == "5" and "no result within 1 s" in found[1]
    assert any("'dead'" in warning for warning in reply.json()["metadata"]["warnings"])
    health = runtime.client.get("/v1/health").json()
    assert health["status"] == "degraded"
    assert {s["name"]: s["status"] for s in health["checks"]["toolsets"]["toolsets"]} == {
        "real": "healthy", "dead": "unhealthy", "code_interpreter": "healthy"}
    assert runtime.stop() == 0
