"""What `apus chat` shows of a task's steps: at a terminal, and where nobody watches."""

import re
import threading

import pytest
from harness import behaviours as does
from harness.process import clean_environment
from harness.tasks import make
from harness.terminal import Terminal


@pytest.fixture
def runtime(apus, model):
    return apus(LLM_PROXY_URL=model.url)


def chat(runtime, *arguments: str, columns: int = 80, rows: int = 24, **environment) -> Terminal:
    settings = runtime.settings | {"TERM": "xterm", "LANG": "C.UTF-8"} | environment
    return Terminal(
        [runtime.binary, "chat", *(arguments or ("task",))], runtime.directory, clean_environment(**settings), columns, rows)


def held(model, *answers: str) -> list[threading.Event]:
    """Has the model give each answer after an event."""
    gates = [threading.Event() for _ in answers]
    model.then(*(does.after(gate, does.say(answer)) for gate, answer in zip(gates, answers)))
    return gates


def without(lines: list[str], *patterns: str) -> list[str]:
    return [line for line in lines if line and not any(re.search(pattern, line) for pattern in patterns)]


def test_steps_are_drawn_in_place_and_leave_with_the_answer(runtime, model):
    make(runtime.client, ["find", "写作"])
    first, second, answer = held(model, "found it", "wrote it", "here you are")
    with chat(runtime) as terminal:
        terminal.answer("you>", "the task")
        lines = terminal.wait_for(r"^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] task_step_1_find \d+ s$")
        assert lines[1] == "you> the task" and re.match(r"✓ validate_task 0\.\d\d s$", lines[2])
        first.set()
        lines = terminal.wait_for(r"^\S task_step_2_\S+ \d+ s$")
        assert len(without(lines, "^✓ validate_task", r"^✓ task_step_1_find \d+\.\d+ s$")) == 3
        second.set()
        terminal.wait_for(r"^\S generate_response \d+ s$")
        answer.set()
        terminal.wait_for("^task> here you are$")
        terminal.answer("you>", "/exit")
        assert terminal.wait() == 0
        assert without(terminal.lines, "session") == ["you> the task", "task> here you are", "you> /exit"]
        assert "\x1b[32m✓" in terminal.raw


def test_a_spinner_moves_without_news(runtime, model):
    make(runtime.client)
    model.default = does.hang
    with chat(runtime) as terminal:
        terminal.answer("you>", "the task")
        for frame in "⠙⠹⠸":
            terminal.wait_for(f"^{frame} task_step_1_find")
        terminal.wait_for("task_step_1_find 1 s$")


@pytest.mark.parametrize("columns, rows", [(80, 6), (20, 24), (12, 3), (80, 2)])
def test_many_steps_on_a_small_terminal(runtime, model, columns, rows):
    make(runtime.client, [f"步骤 {number} {'x' * (4 * number)}" for number in range(1, 21)])
    gate = threading.Event()
    model.then(*([does.say("x")] * 20), does.after(gate, does.say("done")))
    with chat(runtime, columns=columns, rows=rows, NO_COLOR="1") as terminal:
        terminal.answer("you>", "go")
        lines = terminal.wait_for("^. gen")
        shown = lines[lines.index("you> go") + 1:-1]
        assert len(shown) == min(22, max(rows - 2, 1))
        if rows < 22 and len(shown) > 1:
            assert shown[0] == f"… {22 - len(shown) + 1} before"
        gate.set()
        terminal.wait_for("^task> done")
        terminal.answer("you>", "/exit")
        assert terminal.wait() == 0
        assert terminal.lines[-4:-1] == ["you> go", "task> done", "you> /exit"]
        assert not re.search(r"\x1b\[[0-9;]*m", terminal.raw)


def test_what_failed_stays(runtime, model):
    make(runtime.client, retryCount=1, strict=False)
    model.then(does.fail(400, "not today"), does.fail(400, "not today"), does.say("wrote it"), does.say("done"))
    with chat(runtime, columns=160) as terminal:
        terminal.answer("you>", "go")
        lines = without(terminal.wait_for("^task> done"), "session", "^you>$")
        assert lines[0] == "you> go" and lines[2] == "task> done" and len(lines) == 3
        assert re.match(r"✗ task_step_1_find \d\.\d\d s ↻ 2: .*not today", lines[1])


def test_a_run_that_fails_leaves_its_steps(runtime, model):
    make(runtime.client, retryCount=0)
    model.then(does.say("found it"), does.fail(400, "not today"))
    with chat(runtime, columns=160) as terminal:
        terminal.answer("you>", "go")
        lines = without(terminal.wait_for(r"EXECUTION_ERROR"), "session")
        patterns = ["you> go", "✓ validate_task", "✓ task_step_1_find", "✗ task_step_2_write .*not today", "error: Step 2"]
        assert all(re.match(pattern, line) for pattern, line in zip(patterns, lines)), lines


def test_control_c_stops_the_steps_and_the_chat_goes_on(runtime, model):
    make(runtime.client)
    model.then(does.hang)
    with chat(runtime) as terminal:
        terminal.answer("you>", "go")
        terminal.wait_for("task_step_1_find")
        model.wait_for(1)
        terminal.type("\x03")
        lines = without(terminal.wait_for(r"^\[stopped"), "session")
        assert [line.split(" ")[0] for line in lines[:4]] == ["you>", "✓", "○", "[stopped:"]
        assert model.requests[0].disconnected.wait(20)
        terminal.answer("you>", "again")
        terminal.wait_for("^task> ok")
        terminal.answer("you>", "/exit")
        assert terminal.wait() == 0


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": None}])
def test_a_dumb_terminal_gets_plain_lines(runtime, model, environment):
    make(runtime.client)
    with chat(runtime, **environment) as terminal:
        terminal.answer("you>", "go")
        lines = terminal.wait_for("^task> ok")
        assert [line.split(" ")[:2] for line in lines[2:5]] == [
            ["✓", "validate_task"], ["✓", "task_step_1_find"], ["✓", "task_step_2_write"]]
        assert "\x1b" not in terminal.raw


def test_once_at_a_terminal_gets_plain_lines(runtime, model):
    make(runtime.client)
    with chat(runtime, "task", "--once", "go") as terminal:
        assert terminal.wait() == 0
        lines = without(terminal.wait_for("^ok"))
        assert [line.split(" ")[0] for line in lines] == ["✓", "✓", "✓", "ok"] and "\x1b" not in terminal.raw


def test_once_in_a_script(runtime, model):
    make(runtime.client, retryCount=1, strict=False)
    model.then(does.fail(400, "not today"), does.say("found it"), does.fail(400, "no"), does.fail(400, "no\nnever"),
               does.say("here you are"))
    done = runtime.run("chat", "task", "--once", "go")
    assert done.returncode == 0 and done.stdout == "here you are \n"
    first, second, third = done.stderr.splitlines()
    assert re.fullmatch(r"✓ validate_task \d\.\d\d s", first)
    assert re.fullmatch(r"✓ task_step_1_find \d\.\d\d s ↻ 2", second)
    assert re.fullmatch(r"✗ task_step_2_write \d\.\d\d s ↻ 2: .*no.*", third)


def test_conversations_show_nothing(bot, model):
    model.then(does.say("Good morning"))
    done = bot.run("chat", "bot", "--once", "hello")
    assert (done.stdout, done.stderr) == ("Good morning \n", "")
    with chat(bot, "bot") as terminal:
        terminal.answer("you>", "hello")
        lines = terminal.wait_for("^bot> ok")
        assert without(lines, "session", "^you>$") == ["you> hello", "bot> ok"] and "\x1b" not in terminal.raw


def test_tools_are_shown_until_the_answer_begins(actor, model):
    gate = threading.Event()
    model.then(does.call_tools(("calculator", {"expression": "6 * 7"})), does.after(gate, does.say("it is 42")))
    with chat(actor, "bot") as terminal:
        terminal.answer("you>", "hello")
        terminal.wait_for("^✓ call_tool_calculator")
        gate.set()
        lines = terminal.wait_for("^bot> it is 42")
        assert without(lines, "session", "^you>$") == ["you> hello", "bot> it is 42"]
