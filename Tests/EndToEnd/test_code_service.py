"""The sandbox as a part of the service: what it refuses, how it carries a burst, what is told of it, and the tool."""

import subprocess

import pytest
from harness import behaviours as does
from harness.code import make, ready, sandbox
from harness.seen import check_error, check_whole, metadata, results, see
from harness.waiting import Background, eventually

ECHO = "def main(input):\n  return input['messages'][-1]['content']"
ENDLESS = "import time\ndef main(input):\n  yield 'begun'\n  while True:\n    time.sleep(0.01)"
INTERPRETER = """
toolsets:
  python:
    code_interpreter: {{memory_mb: 128, timeout: 2}}
    approval: {approval}
"""


@pytest.fixture
def coder(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, SANDBOX_PYTHON_IDLE=2, SANDBOX_WORKERS_MAX=8, SANDBOX_REFILL_CPU=10000)
    ready(runtime)
    return runtime


def metric(client, name: str) -> float:
    lines = client.get("/metrics").body.decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def test_a_burst_beyond_the_pool_is_served(coder):
    assert make(coder.client, "py", "python", ECHO).status == 201
    calls = [Background(lambda n=n: see(coder.client, f"call {n}", "py", n % 2 == 0)) for n in range(40)]
    for n, call in enumerate(calls):
        check_whole(call.result(60), f"call {n}")
    python = sandbox(coder.client)["languages"]["python"]
    assert python["cold_starts"] > 0
    answered = 'apus_sandbox_calls_total{language="python",outcome="ok"}'
    eventually(lambda: metric(coder.client, answered) == 40, "the calls' count")
    # Looking at code before it is stored takes a worker, too, and is no call.
    assert 0 < metric(coder.client, "apus_sandbox_cold_starts_total") <= python["cold_starts"]
    eventually(lambda: sandbox(coder.client)["languages"]["python"]["busy"] == 0, "workers at rest")
    assert metric(coder.client, 'apus_sandbox_workers{pool="python",state="busy"}') == 0


def test_a_caller_who_leaves_ends_the_code(coder):
    assert make(coder.client, "endless", "python", ENDLESS).status == 201
    stream = coder.client.stream("hello", "endless")
    assert next(stream.tokens()) == "begun"
    assert sandbox(coder.client)["languages"]["python"]["busy"] == 1
    stream.close()
    eventually(lambda: sandbox(coder.client)["languages"]["python"]["busy"] == 0, "the end of the code")
    cancelled = 'apus_sandbox_calls_total{language="python",outcome="cancelled"}'
    eventually(lambda: metric(coder.client, cancelled) == 1, "the call's count")


def test_what_code_prints_is_logged_only_where_content_is(apus, model):
    source = "def main(input):\n  print('a secret')\n  return 'done'"
    for content, is_told in (("false", False), ("true", True)):
        runtime = apus(LLM_PROXY_URL=model.url, LOG_CONTENT=content, LOG_LEVEL="DEBUG")
        ready(runtime)
        assert make(runtime.client, "py", "python", source).status == 201
        check_whole(see(runtime.client, "hello", "py", False), "done")
        assert ("a secret" in runtime.output) is is_told


def test_a_missing_interpreter_is_told_and_costs_only_its_language(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, SANDBOX_PYTHON="/bin/true")
    def told() -> dict | None:
        found = sandbox(runtime.client)
        return found if found.get("languages") or "namespaces" in found.get("message", "") else None
    found = eventually(told, "a sandbox that has started")
    if not found.get("languages"):
        pytest.skip(found["message"])
    assert "SANDBOX_PYTHON" in found["languages"]["python"]["message"]
    made = make(runtime.client, "py", "python", ECHO)
    assert made.status == 201 and "not checked" in made.json()["validation_results"]["warnings"][0]
    seen = see(runtime.client, "hello", "py", False)
    check_error(seen, 503, "SERVICE_UNAVAILABLE")
    assert "SANDBOX_PYTHON" in seen.json["message"]


def test_switched_off_nothing_runs(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, CODE_EXECUTION="false")
    assert sandbox(runtime.client)["status"] == "disabled"
    made = make(runtime.client, "py", "python", ECHO).json()
    assert made["validation_results"]["warnings"], made
    check_error(see(runtime.client, "hello", "py", False), 503, "SERVICE_UNAVAILABLE")
    assert runtime.client.get("/v1/health").json()["status"] == "healthy"
    assert subprocess.run(["pgrep", "-P", str(runtime.pid), "apus-sandbox"], capture_output=True).returncode == 1


def test_the_model_runs_code(coder, model):
    coder.client.make_agent("analyst", toolsets=["code_interpreter"], code_interpreter={"keep_files_mb": 1})
    write = {"language": "python", "code": "open('numbers.txt', 'w').write('41')\nprint('written')\n6 * 7"}
    read = {"language": "python", "code": "int(open('numbers.txt').read()) + 1"}
    model.then(does.call_tools(("code_interpreter", write)), does.say("first"))
    seen = see(coder.client, "compute", "analyst", False, metadata={"session_id": "s"})
    check_whole(seen, "first")
    told = results(model.requests[-1])[0]
    assert "42" in told and "written" in told and "numbers.txt" in told
    assert metadata(seen)["tools_used"] == ["code_interpreter"]
    model.then(does.call_tools(("code_interpreter", read), prefix="again"), does.say("second"))
    check_whole(see(coder.client, "go on", "analyst", False, metadata={"session_id": "s"}), "second")
    assert "42" in results(model.requests[-1])[-1]
    model.then(does.call_tools(("code_interpreter", read), prefix="third"), does.say("gone"))
    check_whole(see(coder.client, "elsewhere", "analyst", False, metadata={"session_id": "other"}), "gone")
    assert "FileNotFoundError" in results(model.requests[-1])[-1]


def test_the_tool_has_limits_and_approval_of_its_own(apus, model, tmp_path):
    file = tmp_path / "toolsets.yaml"
    file.write_text(INTERPRETER.format(approval="false"))
    runtime = apus(LLM_PROXY_URL=model.url, TOOLSETS_FILE=file)
    ready(runtime)
    runtime.client.make_agent("analyst", toolsets=["python"])
    model.then(
        does.call_tools(("code_interpreter", {"language": "python", "code": "while True: pass"}),
                        ("code_interpreter", {"language": "python", "code": "len('x' * 10**9)"})), does.say("sorry"))
    check_whole(see(runtime.client, "compute", "analyst", False), "sorry")
    endless, greedy = results(model.requests[-1])
    assert "2 s" in endless and "128 MB" in greedy
    file.write_text(INTERPRETER.format(approval="true"))
    runtime.hang_up()
    def waits() -> bool:
        model.then(does.call_tools(("code_interpreter", {"language": "python", "code": "1"})), does.say("too early"))
        seen = see(runtime.client, "compute", "analyst", False, metadata={"session_id": "s"})
        return bool(metadata(seen).get("pending_approvals"))
    assert eventually(waits, "a call that waits for approval")


def test_a_set_that_is_no_set_is_refused_with_its_place(apus, tmp_path):
    file = tmp_path / "toolsets.yaml"
    file.write_text("toolsets:\n  python:\n    code_interpreter: {memory_mb: 1, colour: red}\n")
    done = apus(start=False, LLM_PROXY_URL="http://127.0.0.1:9").run("serve", timeout=10, TOOLSETS_FILE=file)
    assert done.returncode != 0 and "memory_mb" in done.stderr and "colour" in done.stderr, done
