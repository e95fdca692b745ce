"""What outlives the process: questions to humans, turns that a crash cut, and the files of toolsets."""

import re

import pytest
from harness import behaviours as does
from harness.pages import Slow
from harness.seen import check_error, check_whole, metadata, results, see
from harness.waiting import Background, eventually

SUM = ("calculator", {"expression": "0.1 + 0.2"})
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


def ask_for_approval(actor, model, stream: bool = False) -> dict:
    """A turn that waits for a human; what it asks."""
    actor.client.make_agent("careful", toolsets=["guarded"])
    model.then(does.call_tools(SUM, ("current_time", {})))
    seen = see(actor.client, "act", "careful", stream, metadata={"session_id": "s"})
    assert "approval" in seen.text
    pending = metadata(seen)["pending_approvals"]
    assert [{"tool": one["tool"], "arguments": one["arguments"]} for one in pending] == [
        {"tool": "calculator", "arguments": {"expression": "0.1 + 0.2"}}]
    assert actor.client.get("/v1/agents/careful/sessions/s").status == 404, "the turn has not ended"
    return pending[0]


def decide(actor, stream: bool = False, **decision):
    body = {"model": "careful", "messages": [], "stream": stream,
            "metadata": {"session_id": "s", "approvals": [decision]}}
    return actor.client.post("/v1/chat/completions", body)


DECISIONS = {
    "approve": ({"decision": "approve"}, "0.3"),
    "edit": ({"decision": "edit", "arguments": {"expression": "2 * 3"}}, "6"),
    "reject": ({"decision": "reject", "reason": "too costly"}, "A human rejected this call: too costly"),
}


@pytest.mark.parametrize("decision, result", DECISIONS.values(), ids=DECISIONS)
def test_a_decision_is_waited_for_whatever_happens_to_the_process(actor, model, decision, result):
    stream = decision["decision"] == "edit"
    question = ask_for_approval(actor, model, stream)
    actor.restart()
    model.then(does.say("so be it"))
    assert decide(actor, stream, id=question["id"], **decision).status == 200
    assert results(model.last)[0] == result and "time" in results(model.last)[1]
    assert len(model.requests) == 2, "what the model said is not asked for again"
    roles = [m["role"] for m in actor.client.get("/v1/agents/careful/sessions/s").json()["messages"]]
    assert roles == ["user", "assistant", "tool", "tool", "assistant"]


def test_a_tool_that_was_called_after_a_decision_was_used(actor, model):
    question = ask_for_approval(actor, model)
    done = decide(actor, id=question["id"], decision="approve").json()["metadata"]
    assert "call_tool_calculator" in [step["step"] for step in done["execution_steps"]]
    assert "calculator" in done["tools_used"]


def test_decisions_that_fit_nothing_are_refused_and_the_question_stays(actor, model):
    question = ask_for_approval(actor, model)
    for wrong, path in [
        ({"id": "nonsense", "decision": "approve"}, "id"), ({"id": question["id"], "decision": "perhaps"}, "decision"),
        ({"id": question["id"], "decision": "edit", "arguments": {"expression": 1}}, "arguments"),
        ({"id": question["id"], "decision": "edit"}, "arguments"), ({"decision": "approve"}, "id"),
    ]:
        reply = decide(actor, **wrong)
        assert (reply.status, reply.code) == (422, "VALIDATION_ERROR"), reply.body
        assert reply.json()["detail"][0]["loc"] == ["body", "metadata", "approvals", 0, path]
    assert decide(actor, id=question["id"], decision="approve").text == "ok"
    # It was decided on; there is nothing left to decide.
    assert decide(actor, id=question["id"], decision="approve").status == 422


def test_who_asks_something_else_gives_the_question_up(actor, model):
    question = ask_for_approval(actor, model)
    assert actor.client.chat("never mind", model="careful", session="s").text == "ok"
    assert model.last.contents == ["user: never mind"] and len(model.last.messages) == 1
    assert decide(actor, id=question["id"], decision="approve").status == 422


def test_approval_needs_a_session(actor, model):
    actor.client.make_agent("careful", toolsets=["guarded"])
    seen = see(actor.client, "act", "careful", False)
    check_error(seen, 422, "VALIDATION_ERROR")
    assert seen.json["detail"][0]["loc"] == ["body", "metadata", "session_id"] and model.requests == []


@BOTH
def test_after_a_crash_the_same_request_repeats_only_what_was_cut(actor, model, pages, stream):
    slow = Slow("at last")
    pages["/slow"], pages["/once"] = slow, "just once"
    model.then(does.call_tools(("http_fetch", {"url": pages.url("/once")}), prefix="first"),
               does.call_tools(("http_fetch", {"url": pages.url("/slow")}), SUM, prefix="second"))
    body = {"model": "bot", "messages": [{"role": "user", "content": "act"}], "stream": stream,
            "metadata": {"session_id": "s"}}
    cut = Background(lambda: actor.client.post("/v1/chat/completions", body))
    pages.wait_for("/slow")
    actor.kill()
    with pytest.raises(Exception):
        reply = cut.result()
        assert reply.body.endswith(b"data: [DONE]\n\n"), "cut"
    actor.start()
    slow.go_on.set()
    model.then(does.say("whole again"))
    reply = actor.client.post("/v1/chat/completions", body)
    assert reply.status == 200 and b"whole" in reply.body
    assert pages.asked == ["/once", "/slow", "/slow"] and len(model.requests) == 3
    told = results(model.last)
    assert "just once" in told[0] and "at last" in told[1] and told[2] == "0.3"
    roles = [m["role"] for m in actor.client.get("/v1/agents/bot/sessions/s").json()["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "tool", "tool", "assistant"]


def test_another_request_after_a_crash_begins_anew(actor, model, pages):
    slow = Slow()
    pages["/slow"] = slow
    model.then(does.call_tools(("http_fetch", {"url": pages.url("/slow")})))
    Background(lambda: actor.client.chat("act", session="s"))
    pages.wait_for("/slow")
    actor.restart()
    assert actor.client.chat("something else", session="s").text == "ok"
    assert model.last.contents == ["user: something else"] and pages.asked == ["/slow"]


BAD_FILE = """toolsets:
  a:
    builtin: {tools: [calculator, teleport]}
  b:
    builtin:
      tools: [http_fetch]
  c:
    approval: sometimes
    timeout: never
  d: 5
other: 1
"""


def test_a_wrong_toolsets_file_stops_the_start_with_every_fault_and_its_line(apus, model, tmp_path):
    file = tmp_path / "toolsets.yaml"
    file.write_text(BAD_FILE)
    done = apus(start=False, LLM_PROXY_URL=model.url).run("serve", TOOLSETS_FILE=file)
    assert done.returncode == 78 and done.stdout == ""
    found = re.findall(rf"^apus: {re.escape(str(file))}:(\d+): (\S+)", done.stderr, re.MULTILINE)
    assert len(found) == len(done.stderr.splitlines())
    for place in [("3", "toolsets.a.builtin.tools[1]:"), ("10", "toolsets.d:"), ("11", "other:"),
                  ("8", "toolsets.c.approval:"), ("9", "toolsets.c.timeout:")]:
        assert place in found, done.stderr
    assert {line for line, path in found if path.startswith("toolsets.b")} <= {"5", "6"}, done.stderr
    assert len(found) == 7, done.stderr


def test_a_wrong_reload_changes_nothing_and_a_right_one_does(actor, model):
    file = actor.settings["TOOLSETS_FILE"]
    right = file.read_text()
    file.write_text(BAD_FILE)
    actor.hang_up()
    failed = eventually(lambda: actor.checks.get("configuration"), "health tells of the wrong file")
    assert failed["failed_reloads"][0]["name"] == "TOOLSETS_FILE"
    assert "teleport" in failed["failed_reloads"][0]["message"]
    model.then(does.call_tools(SUM), does.say("as before"))
    check_whole(see(actor.client, "act", "bot", False), "as before")
    file.write_text(right.replace("[calculator, current_time]", "[current_time]"))
    actor.hang_up()
    eventually(lambda: "configuration" not in actor.checks, "health is well again")
    see(actor.client, "act", "bot", False)
    assert [tool["function"]["name"] for tool in model.last.body["tools"]] == ["current_time", "http_fetch"]
