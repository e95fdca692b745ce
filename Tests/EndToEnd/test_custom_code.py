"""User code in the real sandbox, through the whole service."""

import os
import signal
import subprocess

import pytest
from harness import behaviours as does
from harness.code import make, ready
from harness.seen import check_error, check_whole, metadata, see
from harness.waiting import eventually

PYTHON = """
import sys
def main(input):
    print("a note")
    print("a warning", file=sys.stderr)
    return "you said " + input["messages"][-1]["content"]
"""
TYPESCRIPT = """
type Input = { messages: { content: string }[] };
export async function main(input: Input): Promise<string> { return `ts ${input.messages[0].content}`; }
"""
PIECES = """
async def main(input):
    reply = await llm.achat([{"role": "user", "content": "hi"}])
    yield "the model says: "
    yield reply["content"]
"""
HOSTILE = """
import os
def main(input):
    found = []
    for path in ("/etc/passwd", "/proc/1/environ", "/root", "/home"):
        try: found.append(os.stat(path))
        except OSError: pass
    while True: pass
"""


@pytest.fixture
def coder(apus, model):
    """A runtime whose sandbox is ready."""
    runtime = apus(LLM_PROXY_URL=model.url)
    ready(runtime)
    return runtime


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_code_answers(coder, stream):
    assert make(coder.client, "py", "python", PYTHON).status == 201
    seen = see(coder.client, "hello", "py", stream)
    check_whole(seen, "you said hello")
    steps = metadata(seen)["execution_steps"]
    assert [step["step"] for step in steps] == ["validate_code", "execute_code"]
    assert steps[1]["stdout"] == "a note\n" and steps[1]["stderr"] == "a warning\n"
    assert "a note" not in coder.output


@pytest.mark.skipif(not os.environ.get("SANDBOX_DENO"), reason="SANDBOX_DENO names no Deno")
def test_typescript_answers(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, SANDBOX_DENO=os.environ["SANDBOX_DENO"])
    ready(runtime)
    assert make(runtime.client, "ts", "typescript", TYPESCRIPT).status == 201
    check_whole(see(runtime.client, "hello", "ts", False), "ts hello")


def test_pieces_and_the_model(coder, model):
    assert make(coder.client, "pieces", "python", PIECES).status == 201
    model.then(does.say("indeed"))
    check_whole(see(coder.client, "hello", "pieces", True), "the model says: indeed")


def test_faults_are_told_with_their_place(coder):
    refused = make(coder.client, "bad", "python", "def main(x):\n  return (")
    assert refused.status == 422
    assert refused.json()["detail"][0]["line"] == 2 and refused.json()["detail"][0]["loc"][-1] == "content"
    assert make(coder.client, "boom", "python", "def main(x):\n  raise KeyError('gone')").status == 201
    seen = see(coder.client, "hello", "boom", False)
    check_error(seen, 500, "EXECUTION_ERROR")
    assert "line 2" in seen.json["details"]["traceback"] and "/" not in seen.json["details"]["traceback"]


def test_hostile_code_fails_its_own_call(coder):
    assert make(coder.client, "hostile", "python", HOSTILE, timeout=1).status == 201
    seen = see(coder.client, "hello", "hostile", False)
    check_error(seen, 500, "EXECUTION_ERROR")
    assert seen.json["details"]["outcome"] == "timeout"
    assert make(coder.client, "py", "python", PYTHON).status == 201
    check_whole(see(coder.client, "hello", "py", False), "you said hello")


def test_the_supervisors_death_is_survived(coder):
    assert make(coder.client, "py", "python", PYTHON).status == 201
    found = subprocess.run(["pgrep", "-P", str(coder.pid), "apus-sandbox"], capture_output=True, text=True, check=True)
    os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
    eventually(lambda: see(coder.client, "hello", "py", False).status == 200, "a new supervisor")
    check_whole(see(coder.client, "hello", "py", False), "you said hello")
