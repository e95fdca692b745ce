"""What an agent remembers: the thread of a session, as the model is shown it."""

import threading

import pytest
from harness import behaviours as does
from harness.waiting import Background, eventually

SESSION = "/v1/agents/bot/sessions/s1"


def stored(bot, path: str = SESSION) -> list[str]:
    """The stored messages, each with its role."""
    reply = bot.client.get(path)
    assert reply.status in (200, 404), reply.body
    return [f"{m['role']}: {m['content']}" for m in reply.json()["messages"]] if reply.status == 200 else []


def turn(bot, text, answer: str | None = None, session: str = "s1", **fields):
    """One turn that must succeed."""
    if answer is not None:
        bot.model.then(does.say(answer))
    reply = bot.client.chat(text, session=session, **fields)
    assert reply.status == 200, reply.body
    return reply


@pytest.fixture
def bot(bot, model):
    bot.model = model
    return bot


def test_a_session_remembers_over_turns(bot, model):
    turn(bot, "one", "first")
    turn(bot, "two", "second")
    reply = turn(bot, "three", "third")
    assert model.last.contents == ["user: one", "assistant: first", "user: two", "assistant: second", "user: three"]
    assert reply.json()["metadata"]["session_id"] == "s1"
    assert stored(bot) == model.last.contents + ["assistant: third"]


def test_streamed_turns_are_remembered_as_plain_ones(bot, model):
    model.then(does.say("a streamed answer"))
    with bot.client.stream("one", session="s1") as stream:
        text = "".join(stream.tokens())
    turn(bot, "two")
    assert model.last.contents == ["user: one", f"assistant: {text}", "user: two"]


def test_task_id_is_another_name_of_session_id(bot, model):
    bot.client.chat("one", metadata={"task_id": "s1"})
    turn(bot, "two")
    assert model.last.contents == ["user: one", "assistant: ok", "user: two"]


def test_sessions_and_agents_are_apart(bot, model):
    bot.client.make_agent("other")
    turn(bot, "one")
    turn(bot, "elsewhere", session="s2")
    assert model.last.contents == ["user: elsewhere"]
    turn(bot, "another", model="other")
    assert model.last.contents == ["user: another"]


def test_without_a_session_nothing_is_kept(bot, model):
    bot.client.chat("one")
    bot.client.chat("two")
    assert model.last.contents == ["user: two"]


def test_the_system_prompt_goes_first_and_is_not_stored(bot, model):
    bot.client.put("/v1/agents/bot", {"system_prompt": "Be kind."})
    turn(bot, "one")
    assert model.last.contents == ["system: Be kind.", "user: one"]
    turn(bot, [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "two"}])
    assert model.last.contents == ["system: Be brief.", "user: one", "assistant: ok", "user: two"]
    assert stored(bot) == ["user: one", "assistant: ok", "user: two", "assistant: ok"]


@pytest.mark.parametrize("request_length, agent_length, template_length, seen", [
    (None, None, 5, 5), (None, 3, 5, 3), (1, 3, 5, 1), (7, 3, 5, 7), (None, None, None, 9), (500, None, None, 13),
])
def test_the_history_is_cut(bot, model, request_length, agent_length, template_length, seen):
    """The request's length wins over the agent's, that over the template's, that over 10; cut on to a user message."""
    change = {"conversation_config": {"historyLength": agent_length}} if agent_length else {}
    if template_length:
        change["template_config"] = {"conversation": {"historyLength": template_length}}
    assert not change or bot.client.put("/v1/agents/bot", change).status == 200
    for number in range(6):
        turn(bot, f"u{number}")
    turn(bot, "last", **({"conversation_config": {"historyLength": request_length}} if request_length else {}))
    contents = model.last.contents
    assert len(contents) == seen and contents[-1] == "user: last" and contents[0].startswith("user: ")


def test_the_runtimes_bound_on_the_history_wins(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, MAX_CONVERSATION_HISTORY=3)
    runtime.client.make_agent("bot")
    for number in range(4):
        runtime.client.chat(f"u{number}", session="s1", conversation_config={"historyLength": 100})
    assert model.last.contents == ["user: u2", "assistant: ok", "user: u3"]


def test_a_cut_keeps_a_tool_call_and_its_results_together(bot, model):
    call = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    exchange = [{"role": "user", "content": "what time is it?"}, {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "noon"}]
    turn(bot, exchange, "It is noon.")
    turn(bot, "thanks", conversation_config={"historyLength": 3})
    assert model.last.contents == ["user: thanks"]


def test_continuous_false_neither_reads_nor_writes(bot, model):
    turn(bot, "one")
    turn(bot, "two", conversation_config={"continuous": False})
    assert model.last.contents == ["user: two"]
    assert stored(bot) == ["user: one", "assistant: ok"]
    bot.client.put("/v1/agents/bot", {"template_config": {"conversation": {"continuous": False}}})
    turn(bot, "three")
    assert model.last.contents == ["user: three"] and stored(bot) == ["user: one", "assistant: ok"]


def test_a_request_that_brings_history_replaces_the_threads(bot, model):
    turn(bot, "one")
    history = [{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"}, {"role": "user", "content": "C"}]
    turn(bot, history, "D")
    assert model.last.contents == ["user: A", "assistant: B", "user: C"]
    assert stored(bot) == ["user: A", "assistant: B", "user: C", "assistant: D"]


def test_a_failed_turn_stores_nothing(bot, model):
    turn(bot, "one")
    model.then(does.fail(400), does.error_event_after("half"))
    assert bot.client.chat("bad", session="s1").status == 400
    with bot.client.stream("bad", session="s1") as stream:
        list(stream.data())
    assert stored(bot) == ["user: one", "assistant: ok"]


def test_an_abandoned_turn_stores_nothing_and_frees_the_session(bot, model):
    turn(bot, "one")
    model.then(does.hang_after("half"))
    with bot.client.stream("left", session="s1") as stream:
        next(stream.tokens())
    assert model.last.disconnected.wait(20)
    turn(bot, "two")
    assert model.last.contents == ["user: one", "assistant: ok", "user: two"]


def test_another_user_is_refused(bot, model):
    turn(bot, "one", metadata={"user_id": "ann"})
    refused = bot.client.chat("two", session="s1", metadata={"user_id": "bob"})
    assert refused.status == 403 and refused.code == "ACCESS_DENIED"
    assert len(model.requests) == 1
    turn(bot, "two", metadata={"user_id": "ann"})
    assert bot.client.get(SESSION).status == 200


def test_a_session_is_read_and_deleted(bot, model):
    turn(bot, "one", metadata={"user_id": "ann", "colour": "red"})
    assert bot.client.get(SESSION).json()["session_id"] == "s1"
    assert bot.client.delete(SESSION).status == 200
    assert bot.client.get(SESSION).status == 404 == bot.client.delete(SESSION).status
    turn(bot, "two")
    assert model.last.contents == ["user: two"]


def test_deleting_the_agent_deletes_its_threads(bot, model):
    turn(bot, "one")
    assert bot.client.delete("/v1/agents/bot").status == 200
    bot.client.make_agent("bot")
    assert bot.client.get(SESSION).status == 404
    turn(bot, "two")
    assert model.last.contents == ["user: two"]


def test_deleting_the_agent_ends_its_runs(bot, model):
    model.then(does.hang)
    waiting = Background(lambda: bot.client.chat("one", session="s1"))
    hung = model.wait_for(1)
    assert bot.client.delete("/v1/agents/bot").status == 200
    reply = waiting.result(5)
    assert reply.status == 409 and reply.code == "CONFLICT" and reply.headers["x-should-retry"] == "false"
    assert hung.disconnected.wait(20)


def test_kill_minus_nine_in_the_midst_of_a_turn(bot, model):
    for number in range(3):
        turn(bot, f"u{number}", f"a{number}")
    acknowledged = stored(bot)
    model.then(does.hang_after("half "))
    with bot.client.stream("unfinished", session="s1") as stream:
        next(stream.tokens())
        bot.restart()
    assert stored(bot) == acknowledged == [f"{role}: {letter}{n}" for n in range(3) for role, letter in
                                           (("user", "u"), ("assistant", "a"))]
    turn(bot, "again", "back")
    assert model.last.contents == acknowledged + ["user: again"]


def test_a_second_turn_waits_for_the_first(bot, model):
    go_on = threading.Event()
    model.then(does.after(go_on, does.say("first")), does.say("second"))
    one = Background(lambda: bot.client.chat("one", session="s1"))
    model.wait_for(1)
    two = Background(lambda: bot.client.chat("two", session="s1"))
    # Another session is not held up; when it is through, the second turn has had time to come through as well.
    turn(bot, "elsewhere", session="s2")
    assert len(model.requests) == 2 and not two.done
    go_on.set()
    assert one.result().text == "first"
    assert two.result().status == 200
    assert model.last.contents == ["user: one", "assistant: first", "user: two"]


def test_many_turns_at_once_are_never_interleaved(bot, model):
    model.default = does.echo
    turns = [Background(lambda n=n: bot.client.chat(f"m{n}", session="s1", conversation_config={"historyLength": 100}))
             for n in range(12)]
    assert [t.result().status for t in turns] == [200] * 12
    messages = stored(bot)
    assert len(messages) == 24
    for user, assistant in zip(messages[::2], messages[1::2], strict=True):
        assert assistant == f"assistant: echo {user.removeprefix('user: ')}"
    # Each request showed the model all turns before it.
    assert sorted(len(request.messages) for request in model.requests) == list(range(1, 25, 2))


def test_on_busy_reject(bot, model):
    model.then(does.hang)
    waiting = Background(lambda: bot.client.chat("one", session="s1"))
    model.wait_for(1)
    reply = bot.client.chat("two", session="s1", conversation_config={"on_busy": "reject"})
    assert reply.status == 409 and reply.code == "CONFLICT"
    bot.kill()
    with pytest.raises(OSError):
        waiting.result()


@pytest.mark.parametrize("policy", ["interrupt", "rollback"])
def test_on_busy_takes_the_place_of_the_turn_under_way(bot, model, policy):
    model.then(does.hang)
    first = Background(lambda: bot.client.chat("one", session="s1"))
    hung = model.wait_for(1)
    turn(bot, "two", conversation_config={"on_busy": policy})
    assert first.result().status == 409 and hung.disconnected.wait(20)
    assert stored(bot)[-2:] == ["user: two", "assistant: ok"] and len(stored(bot)) == 2


def test_a_turn_that_waits_and_is_left_gives_up_its_place(bot, model):
    go_on = threading.Event()
    model.then(does.after(go_on, does.say("first")))
    one = Background(lambda: bot.client.chat("one", session="s1"))
    model.wait_for(1)
    with pytest.raises(TimeoutError):
        bot.client.stream("left", session="s1", timeout=0.3)
    go_on.set()
    assert one.result().status == 200
    turn(bot, "three")
    assert eventually(lambda: model.last.contents == ["user: one", "assistant: first", "user: three"], "the third turn")


def test_content_parts_and_odd_text_come_back_as_they_were(bot, model):
    odd = "\u0000 NUL, 智能 🧑‍🚀 \u202e, \\ \" ' <script> \n\t" + "é"
    turn(bot, [{"role": "user", "content": [{"type": "text", "text": odd}]}], odd)
    turn(bot, "next")
    assert model.last.contents == [f"user: {odd}", f"assistant: {odd}", "user: next"]
    assert bot.client.get(SESSION).json()["messages"][0]["content"] == [{"type": "text", "text": odd}]
