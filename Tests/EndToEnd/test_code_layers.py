"""Agents whose code, or what it needs, comes from an index of packages or from a repository."""

import http.client
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import behaviours as does
from harness.client import chat_body
from harness.seen import check_error, check_whole, see
from harness.supply import Supply
from harness.waiting import Background, eventually
from harness.code import ready

GREETER = {"greeter/__init__.py": "def greet(name):\n    return 'hello ' + name\n"}
USES_GREETER = """
from greeter import greet
def main(input):
    return greet(input["messages"][-1]["content"])
"""
BOT = {"support_bot/__init__.py": "from greeter import greet\n"
       "def main(input):\n    return 'bot: ' + greet(input['messages'][-1]['content'])\n"}
REPOSITORY = {
    "main.py": "from helpers.words import shout\ndef main(input):\n    return shout(input['messages'][-1]['content'])\n",
    "helpers/__init__.py": "", "helpers/words.py": "def shout(text):\n    return text.upper() + '!'\n",
    "broken.py": "def main(input):\n  return (\n", "other.py": "def start(input):\n    return 'other'\n",
    "main.js": "export const main = (input) => `js ${input.messages[0].content}`;\n",
    "large.py": "#" * (1 << 20) + "\n"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def confine(apus_binary: Path, tmp_path_factory) -> None:
    """Skips where builds cannot be isolated: the supervisor is too old, or the machine does not allow it."""
    out = tmp_path_factory.mktemp("out")
    done = subprocess.run(
        [apus_binary.parent / "apus-sandbox", "confine", "--out", out, "--timeout-ms", "10000", "--memory-mb", "64",
         "--disk-mb", "16", "--", "/bin/sh", "-c", "true"], capture_output=True, text=True, timeout=20)
    if done.returncode in (64, 69):
        pytest.skip(f"apus-sandbox confine: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def supply(tmp_path: Path):
    (tmp_path / "repositories").mkdir()
    with Supply(tmp_path / "repositories") as supply:
        supply.add_package("greeter", "1.0", GREETER)
        supply.add_package("support_bot", "2.0", BOT, needs=("greeter==1.0",))
        yield supply


@pytest.fixture
def supplied(apus, model, supply, confine):
    """A runtime that may get code from `supply`."""
    runtime = apus(LLM_PROXY_URL=model.url, CODE_PACKAGE_INDEX=supply.index, CODE_PIP=sys.executable,
                   CODE_REPOSITORY_HOSTS=f"http://{supply.host}")
    ready(runtime)
    return runtime


def make(runtime, name: str, kind: str, content: str, language: str = "python", **source):
    config = {"codeSource": {"type": kind, "content": content} | source, "runtime": {"language": language}}
    return runtime.client.post("/v1/agents", {
        "id": name, "name": name, "template_id": "custom-code-bot", "template_config": config}, timeout=130)


def faults(reply) -> dict[str, str]:
    """Messages by where they are within `codeSource`."""
    assert reply.status == 422, reply.body
    return {".".join(map(str, fault["loc"][3:])): fault["msg"] for fault in reply.json()["detail"]}


def layers(runtime) -> list[Path]:
    folder = runtime.directory / "layers"
    return sorted(folder.iterdir()) if folder.exists() else []


def builds(runtime) -> list[Path]:
    """The processes that build layers of a runtime."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{runtime.directory}/layers".encode() in (process / "cmdline").read_bytes():
                found.append(process)
        except OSError:
            pass
    return found


def test_all_is_off_by_default(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url)
    ready(runtime)
    assert "CODE_PACKAGE_INDEX" in faults(make(runtime, "a", "package", "support-bot==2.0"))["type"]
    assert "CODE_REPOSITORY_HOSTS" in faults(make(runtime, "a", "repository", f"https://localhost/x@{COMMIT}"))["type"]
    found = faults(make(runtime, "a", "inline", USES_GREETER, dependencies=["greeter==1.0"]))
    assert list(found) == ["dependencies"] and "CODE_PACKAGE_INDEX" in found["dependencies"]
    assert layers(runtime) == []


def test_dependencies_are_installed_once(supplied, supply):
    assert make(supplied, "one", "inline", USES_GREETER, dependencies=["greeter==1.0"]).status == 201
    check_whole(see(supplied.client, "you", "one", False), "hello you")
    asked = len(supply.asked)
    [layer] = layers(supplied)
    assert asked > 0 and list(layer.glob("files-*/greeter/__pycache__/*.pyc"))
    assert make(supplied, "two", "inline", USES_GREETER, dependencies=["Greeter == 1.0"]).status == 201
    check_whole(see(supplied.client, "two", "two", True), "hello two")
    supplied.restart()
    ready(supplied)
    check_whole(see(supplied.client, "again", "one", False), "hello again")
    assert supplied.client.put("/v1/agents/one", {"name": "other"}).status == 200
    assert len(supply.asked) == asked and len(layers(supplied)) == 1


@pytest.mark.parametrize("content", ["support-bot==2.0", "support_bot==2.0:support_bot"])
def test_a_package_is_an_agent(supplied, content):
    reply = make(supplied, "bot", "package", content)
    assert reply.status == 201, reply.body
    check_whole(see(supplied.client, "you", "bot", False), "bot: hello you")


def test_a_repository_is_an_agent(supplied, supply):
    commit = supply.add_repository("team", REPOSITORY)
    reply = make(supplied, "repo", "repository", supply.repository("team", commit), dependencies=["greeter==1.0"])
    assert reply.status == 201, reply.body
    check_whole(see(supplied.client, "you", "repo", False), "YOU!")
    other = make(supplied, "other", "repository", supply.repository("team", commit, "other.py"), entryPoint="start")
    assert other.status == 201, other.body
    check_whole(see(supplied.client, "you", "other", False), "other")
    [layer] = [layer for layer in layers(supplied) if not list(layer.glob("files-*/greeter"))]
    assert not list(layer.glob("files-*/.git")) and list(layer.glob("files-*/helpers/words.py"))


def test_modules_reach_the_model(supplied, supply, model):
    commit = supply.add_repository("asking", {
        "main.py": "from ask import ask\ndef main(input):\n    return ask('why')\n",
        "ask.py": "import llm\ndef ask(text):\n    return llm.chat([{'role': 'user', 'content': text}])['content']\n"})
    assert make(supplied, "asking", "repository", supply.repository("asking", commit)).status == 201
    model.then(does.say("because"))
    check_whole(see(supplied.client, "you", "asking", True), "because")


@pytest.mark.skipif(not os.environ.get("SANDBOX_DENO"), reason="SANDBOX_DENO names no Deno")
def test_a_repository_in_javascript(apus, model, supply, confine):
    runtime = apus(LLM_PROXY_URL=model.url, CODE_REPOSITORY_HOSTS=f"http://{supply.host}",
                   SANDBOX_DENO=os.environ["SANDBOX_DENO"])
    ready(runtime)
    commit = supply.add_repository("team", REPOSITORY)
    assert make(runtime, "js", "repository", supply.repository("team", commit), "javascript").status == 201
    check_whole(see(runtime.client, "you", "js", False), "js you")
    found = faults(make(runtime, "x", "package", "greeter==1.0", "javascript", dependencies=["greeter==1.0"]))
    assert "python alone" in found["type"] and "python alone" in found["dependencies"]


def test_what_is_not_there_is_told_at_its_place(supplied):
    found = faults(make(supplied, "a", "inline", "def main(x)\n", dependencies=["greeter==1.0", "nowhere==1.0", "no==2"]))
    assert sorted(found) == ["content", "dependencies.1", "dependencies.2"]
    assert "No matching distribution found for nowhere==1.0" in found["dependencies.1"] and "no==2" in found["dependencies.2"]
    found = faults(make(supplied, "a", "package", "support-bot==9"))
    assert "support-bot==9" in found["content"] and "from versions: 2.0" in found["content"]
    assert "greet" in faults(make(supplied, "a", "package", "greeter==1.0"))["content"]
    assert "there is no module no_such" in faults(make(supplied, "a", "package", "greeter==1.0:no_such"))["content"]
    assert layers(supplied) and not [layer for layer in layers(supplied) if layer.name.startswith(".")]


def test_only_wheels_are_installed(supplied, supply):
    supply.add_file("source", "source-1.0.tar.gz", b"no archive")
    assert "only wheels" in faults(make(supplied, "a", "inline", USES_GREETER, dependencies=["source==1.0"]))["dependencies.0"]


@pytest.mark.parametrize("dependencies, places", [
    (["greeter", "greeter>=1.0", "greeter==1.*", "-r x", "./greeter", "greeter @ https://localhost/g.whl",
      "greeter==1.0; python_version > '3'", "--index-url=https://localhost"], range(8)),
    (["greeter==1.0", "Greeter==1.0"], [1])], ids=["unpinned", "twice"])
def test_only_exact_versions_by_name(supplied, supply, dependencies, places):
    found = faults(make(supplied, "a", "inline", USES_GREETER, dependencies=dependencies))
    assert sorted(found) == [f"dependencies.{place}" for place in places]
    assert supply.asked == []


def test_repositories_that_are_not_to_be_had(supplied, supply):
    commit = supply.add_repository("team", REPOSITORY, links={"out.py": "/etc/hostname", "in.py": "main.py"})
    def refusal(content: str, **source) -> str:
        return faults(make(supplied, "a", "repository", content, **source))["content"]
    assert "no host that CODE_REPOSITORY_HOSTS allows" in refusal(f"https://{supply.host}/git/team@{commit}")
    assert "user or a password" in refusal(f"http://me:secret@{supply.host}/git/team@{commit}")
    assert "secret" not in refusal(f"http://me:secret@{supply.host}/git/team@{commit}")
    assert "not pinned" in refusal(f"http://{supply.host}/git/team@main")
    assert "path" in refusal(f"http://{supply.host}/git/../team@{commit}")
    assert supply.asked == []
    assert "cannot be fetched" in refusal(supply.repository("team", COMMIT))
    assert "cannot be fetched" in refusal(supply.repository("nobody", commit))
    assert "cannot be fetched" in refusal(f"http://{supply.host}/moved/team@{commit}")
    assert "not in that commit" in refusal(supply.repository("team", commit, "nothing.py"))
    assert "leads out" in refusal(supply.repository("team", commit, "out.py"))
    assert "1048576 are allowed" in refusal(supply.repository("team", commit, "large.py"))
    assert "broken.py, line 2" in refusal(supply.repository("team", commit, "broken.py"))
    assert "no function" in refusal(supply.repository("team", commit), entryPoint="nothing")
    assert make(supplied, "in", "repository", supply.repository("team", commit, "in.py")).status == 201


def test_what_is_gone_is_got_again(supplied, supply):
    assert make(supplied, "one", "inline", USES_GREETER, dependencies=["greeter==1.0"]).status == 201
    check_whole(see(supplied.client, "you", "one", False), "hello you")
    for layer in layers(supplied):
        shutil.rmtree(layer)
    check_whole(see(supplied.client, "you", "one", False), "hello you")
    for layer in layers(supplied):
        shutil.rmtree(layer)
    supply.packages.clear()
    check_error(see(supplied.client, "you", "one", False), 500, "EXECUTION_ERROR")


def test_an_index_that_is_away(apus, model, supply, confine):
    runtime = apus(LLM_PROXY_URL=model.url, CODE_PACKAGE_INDEX="http://127.0.0.1:9/simple",
                   CODE_REPOSITORY_HOSTS="http://127.0.0.1:9")
    ready(runtime)
    reply = make(runtime, "a", "inline", USES_GREETER, dependencies=["greeter==1.0"])
    assert (reply.status, reply.code) == (503, "SERVICE_UNAVAILABLE"), reply.body
    reply = make(runtime, "a", "repository", f"http://127.0.0.1:9/x@{COMMIT}")
    assert (reply.status, reply.code) == (503, "SERVICE_UNAVAILABLE"), reply.body


def test_the_indexs_password_is_shown_nowhere(apus, model, tmp_path, confine):
    (tmp_path / "repositories").mkdir()
    with Supply(tmp_path / "repositories", user="apus:open-sesame") as supply:
        supply.add_package("greeter", "1.0", GREETER)
        runtime = apus(LLM_PROXY_URL=model.url, CODE_PACKAGE_INDEX=supply.index, CODE_PIP=sys.executable, LOG_LEVEL="DEBUG")
        ready(runtime)
        assert make(runtime, "one", "inline", USES_GREETER, dependencies=["greeter==1.0"]).status == 201
        refused = make(runtime, "two", "inline", USES_GREETER, dependencies=["nowhere==1.0"])
        assert refused.status == 422 and b"open-sesame" not in refused.body
        assert "open-sesame" not in runtime.output
        for file in (runtime.directory / "layers").rglob("*"):
            assert not file.is_file() or b"open-sesame" not in file.read_bytes(), file
        wrong = apus(LLM_PROXY_URL=model.url, CODE_PACKAGE_INDEX=supply.index.replace("sesame", "season"))
        ready(wrong)
        refused = make(wrong, "one", "inline", USES_GREETER, dependencies=["greeter==1.0"])
        assert refused.status == 503 and b"open-season" not in refused.body
        assert "open-season" not in wrong.output


def test_who_leaves_stops_the_build(supplied, supply):
    assert make(supplied, "one", "inline", USES_GREETER, dependencies=["greeter==1.0"]).status == 201
    for layer in layers(supplied):
        shutil.rmtree(layer)
    asked = len(supply.asked)
    supply.answers.clear()
    leaving = http.client.HTTPConnection("127.0.0.1", supplied.client.port)
    leaving.request("POST", "/v1/chat/completions", json.dumps(chat_body("you", "one")), {
        "X-Runtime-Token": supplied.client.token, "Content-Type": "application/json"})
    eventually(lambda: len(supply.asked) > asked, "a build")
    assert builds(supplied)
    leaving.close()
    eventually(lambda: layers(supplied) == [] and not builds(supplied), "the end of the build")


def test_a_crash_leaves_no_half_layer(supplied, supply):
    supply.answers.clear()
    waiting = Background(lambda: make(supplied, "one", "inline", USES_GREETER, dependencies=["greeter==1.0"]))
    eventually(lambda: supply.asked, "a build")
    supplied.kill()
    with pytest.raises(OSError):
        waiting.result()
    eventually(lambda: not builds(supplied), "the end of the build")
    supply.answers.set()
    assert [layer.name for layer in layers(supplied) if layer.name.startswith(".building-")]
    supplied.start()
    ready(supplied)
    eventually(lambda: layers(supplied) == [], "no leftovers")
    assert make(supplied, "one", "inline", USES_GREETER, dependencies=["greeter==1.0"]).status == 201
    check_whole(see(supplied.client, "you", "one", False), "hello you")
