"""Agents that call tools, in the real binary: built-in ones and a real MCP server, the caller's own, approvals, crashes."""

import http.server
import json
import os
import threading
import time

import pytest
from harness import behaviours as b
from harness.process import Apus


class Page(http.server.BaseHTTPRequestHandler):
    """Counts requests; `/slow` waits until it is let go."""

    def do_GET(self):
        self.server.paths.append(self.path)
        if self.path.startswith("/slow"):
            self.server.release.wait(20)
        body = f"page {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    server.paths, server.release = [], threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def worker(apus, model, site, tmp_path) -> Apus:
    """A runtime with built-in tools; those of `guarded` need approval."""
    path = tmp_path / "toolsets.yaml"
    port = site.server_address[1]
    path.write_text(f"""
toolsets:
  basic:
    builtin:
      tools: [calculator, current_time, http_fetch]
      http_fetch: {{allow: ["127.0.0.1:{port}"], allow_private: true}}
  guarded:
    builtin: {{tools: [calculator]}}
    approval: true
""")
    runtime = apus(LLM_PROXY_URL=model.url, TOOLSETS_FILE=path)
    runtime.site = f"http://127.0.0.1:{port}"
    runtime.client.make_agent("bot", toolsets=["basic"])
    runtime.client.make_agent("careful", toolsets=["guarded"])
    return runtime


def results(exchange) -> list[str]:
    return [message["content"] for message in exchange.body["messages"] if message["role"] == "tool"]


@pytest.mark.parametrize("session", [None, "s"])
def test_a_loop(worker, model, session):
    model.then(b.call(("calculator", {"expression": "6*7"}), ("current_time", {})),
               b.call(("http_fetch", {"url": worker.site + "/a"})), b.say("42"))
    reply = worker.client.chat("work", session=session)
    assert reply.status == 200 and reply.text == "42", reply.body
    metadata = reply.json()["metadata"]
    assert metadata["tools_used"] == ["calculator", "current_time", "http_fetch"]
    names = [step["step"] for step in metadata["execution_steps"]]
    assert sorted(names) == sorted(["process_message", "generate_response", "call_tool_calculator",
                                    "call_tool_current_time", "generate_response", "call_tool_http_fetch",
                                    "generate_response"])
    assert reply.json()["usage"]["total_tokens"] == 10 + 10 + 10
    found = results(model.last)
    assert found[0] == "42" and "page /a" in found[2]
    offered = {tool["function"]["name"] for tool in model.requests[0].body["tools"]}
    assert offered == {"calculator", "current_time", "http_fetch"}
    if session:
        messages = worker.client.get(f"/v1/agents/bot/sessions/{session}").json()["messages"]
        assert [m["role"] for m in messages] == ["user", "assistant", "tool", "tool", "assistant", "tool", "assistant"]


def test_a_streamed_loop(worker, model):
    model.then(b.call(("calculator", {"expression": "6*7"}), text="Let me see. "), b.say("It is 42."))
    with worker.client.stream("work", session="s") as stream:
        chunks = list(stream.chunks())
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert "".join(delta.get("content") or "" for delta in deltas) == "Let me see. It is 42. "
    assert [delta.get("role") for delta in deltas].count("assistant") == 1 and "role" in deltas[0]
    assert not any("tool_calls" in delta for delta in deltas)
    activity = [chunk["metadata"]["execution_steps"][-1] for chunk in chunks[:-1] if "metadata" in chunk]
    assert [(step["step"], step["status"]) for step in activity] == [
        ("call_tool_calculator", "running"), ("call_tool_calculator", "completed")]
    assert chunks[-1]["metadata"]["tools_used"] == ["calculator"]


def test_faults_go_back_to_the_model(worker, model):
    model.then(b.call(("calculator", {"expression": "1/0"}), ("calculator", {}), ("nothing", {}),
                      ("http_fetch", {"url": "http://169.254.169.254/latest"}),
                      ("http_fetch", {"url": "http://127.0.0.1:1/"})), b.say("sorry"))
    assert worker.client.chat("work").text == "sorry"
    found = results(model.last)
    assert len(found) == 5 and "expression" in found[1] and "no tool 'nothing'" in found[2]


def test_the_callers_own_tools(worker, model):
    own = [{"type": "function", "function": {"name": "pick", "parameters": {"type": "object"}}}]
    model.then(b.call(("pick", {"x": 1}), ("calculator", {"expression": "1+1"})), b.say("done"))
    first = worker.client.chat("work", session="s", tools=own)
    choice = first.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert [call["function"]["name"] for call in choice["message"]["tool_calls"]] == ["pick"]
    answer = [{"role": "tool", "tool_call_id": choice["message"]["tool_calls"][0]["id"], "content": "red"}]
    assert worker.client.chat(answer, session="s", tools=own).text == "done"
    assert sorted(results(model.last)) == ["2", "red"]
    clash = [{"type": "function", "function": {"name": "calculator"}}]
    assert worker.client.chat("work", tools=clash).status == 422


def test_approval_survives_a_crash(worker, model):
    assert worker.client.chat("work", "careful").status == 422  # no session
    model.then(b.call(("calculator", {"expression": "6*7"})))
    stopped = worker.client.chat("work", "careful", "s").json()
    assert stopped["choices"][0]["finish_reason"] == "stop"
    [pending] = stopped["metadata"]["pending_approvals"]
    assert pending["tool"] == "calculator" and pending["arguments"] == {"expression": "6*7"}
    worker.restart()
    wrong = worker.client.chat([], "careful", "s", metadata={"approvals": [{"id": "x", "decision": "approve"}]})
    assert wrong.status == 422
    model.then(b.say("it is 2"))
    edit = {"id": pending["id"], "decision": "edit", "arguments": {"expression": "1+1"}}
    done = worker.client.chat([], "careful", "s", metadata={"approvals": [edit]})
    assert done.status == 200 and done.text == "it is 2", done.body
    assert results(model.last) == ["2"]


def test_a_crash_repeats_no_recorded_call(worker, model, site):
    model.default = b.call(("http_fetch", {"url": worker.site + "/quick"}),
                           ("http_fetch", {"url": worker.site + "/slow"}))
    thread = threading.Thread(target=lambda: pytest.raises(Exception, worker.client.chat, "work", session="s"))
    thread.start()
    for _ in range(500):
        if len(site.paths) == 2:
            break
        time.sleep(0.01)
    time.sleep(0.3)  # the quick one's record
    worker.kill()
    thread.join()
    site.release.set()
    model.default = b.say("both read")
    worker.start()
    reply = worker.client.chat("work", session="s")
    assert reply.status == 200 and reply.text == "both read", reply.body
    assert site.paths.count("/quick") == 1 and site.paths.count("/slow") == 2
    assert [text.split("page ")[1][:6].strip() for text in results(model.last)] == ["/quick", "/slow"]


def test_what_is_not_configured_is_said(worker, apus, model, tmp_path):
    reply = worker.client.post("/v1/agents", {"name": "x", "template_id": "customer-service-bot", "toolsets": ["none"]})
    assert any("none" in warning for warning in reply.json()["validation_results"]["warnings"])
    assert worker.client.get("/v1/schema").json()["capabilities"]["toolCalling"] is True
    health = worker.client.get("/v1/health").json()["checks"]["toolsets"]
    assert [(s["name"], s["status"]) for s in health["toolsets"]] == [("basic", "healthy"), ("guarded", "healthy")]
    path = tmp_path / "wrong.yaml"
    path.write_text("toolsets:\n  a:\n    builtin: {tools: [calc]}\n    timeout: 0\n  b: {mcp: {}, builtin: {}}\n")
    done = apus(start=False, LLM_PROXY_URL=model.url, TOOLSETS_FILE=path).run("serve")
    assert done.returncode == 78 and done.stderr.count("wrong.yaml:") == 3, done.stderr


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
    model.then(b.call(("add", {"a": 2, "b": 3}), ("slow", {"seconds": 30})), b.say("five"))
    reply = runtime.client.chat("work", timeout=30)
    assert reply.text == "five", reply.body
    found = results(model.last)
    assert found[0] == "5" and "no result within 1 s" in found[1]
    assert any("'dead'" in warning for warning in reply.json()["metadata"]["warnings"])
    health = runtime.client.get("/v1/health").json()
    assert health["status"] == "degraded"
    assert {s["name"]: s["status"] for s in health["checks"]["toolsets"]["toolsets"]} == {
        "real": "healthy", "dead": "unhealthy"}
    assert runtime.stop() == 0


def test_the_sdks_parse(worker, model):
    import openai
    from pydantic import BaseModel

    class Colour(BaseModel):
        name: str
        red: int

    client = openai.OpenAI(base_url=f"http://127.0.0.1:{worker.port}/v1", api_key=worker.token, max_retries=0)
    model.then(b.say('{"name":"brick"}'), b.say('{"name":"brick","red":200}'))
    done = client.chat.completions.parse(
        model="bot", messages=[{"role": "user", "content": "a colour"}], response_format=Colour)
    assert done.choices[0].message.parsed == Colour(name="brick", red=200)  # after one repair
    tool = openai.pydantic_function_tool(Colour)
    model.then(b.call(("Colour", {"name": "sky", "red": 3})))
    done = client.chat.completions.parse(
        model="bot", messages=[{"role": "user", "content": "a colour"}], tools=[tool])
    assert done.choices[0].message.tool_calls[0].function.parsed_arguments == Colour(name="sky", red=3)
