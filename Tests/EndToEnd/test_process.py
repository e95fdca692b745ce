"""The binary as a process: many requests on a connection, its limits, its end, its database, its log."""

import resource
import signal
import socket
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from harness import behaviours as does
from harness.waiting import Background, eventually

SECRET = "the-content-nobody-may-log"


def test_ten_thousand_requests_on_one_connection(bot, model):
    body = b'{"model": "bot", "messages": [{"role": "user", "content": "hi"}]}'
    read = f"GET /v1/agents/bot HTTP/1.1\r\nHost: x\r\nX-Runtime-Token: {bot.token}\r\n\r\n".encode()
    chat = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Runtime-Token: {bot.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    memory = {}
    with socket.create_connection(("127.0.0.1", bot.port), timeout=30) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        file = sock.makefile("rb")
        for number in range(1, 10_001):
            sock.sendall(chat if number % 10 == 0 else read)
            assert file.readline().startswith(b"HTTP/1.1 200 ")
            length = 0
            while (line := file.readline()) != b"\r\n":
                name, value = line.lower().split(b":", 1)
                if name == b"content-length":
                    length = int(value)
            assert len(file.read(length)) == length > 0
            if number in (2000, 10_000):
                memory[number] = bot.rss_kib
    assert memory[10_000] < memory[2000] + 8 * 1024, memory
    assert len(model.requests) == 1000


def test_the_soft_descriptor_limit_is_raised(apus, model):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= 256:
        pytest.skip(f"the hard limit is {hard}: nothing to raise")
    runtime = apus(start=False, LLM_PROXY_URL=model.url)
    runtime.start(within=("sh", "-c", 'ulimit -S -n 256; exec "$0" "$@"'))
    line = next(line for line in Path(f"/proc/{runtime.pid}/limits").read_text().splitlines()
                if line.startswith("Max open files"))
    now_soft, now_hard = line.split()[3:5]
    assert now_soft == now_hard, line


def test_sigterm_lets_an_open_stream_finish(bot, model):
    step = threading.Event()
    model.then(does.stepped([step]))
    with bot.client.stream("hi", session="s") as stream:
        tokens = stream.tokens()
        assert next(tokens) == "t0 "
        bot.terminate()

        def refuses() -> bool:
            try:
                return bot.client.get("/ready", timeout=2).status == 503
            except OSError:
                return True

        eventually(refuses, "new requests are refused while it drains")
        assert bot.alive
        step.set()
        assert list(tokens) == ["t1 "]
    assert bot.process.wait(10) == 0
    bot.start()
    assert len(bot.client.get("/v1/agents/bot/sessions/s").json()["messages"]) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_process_ends_at_once(bot, number):
    began = time.monotonic()
    bot.process.send_signal(number)
    assert bot.process.wait(10) == 0 and time.monotonic() - began < 5


def test_a_drain_has_a_deadline(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, DRAIN_TIMEOUT=1)
    runtime.client.make_agent("bot")
    model.then(does.hang_after("t0 "))
    with runtime.client.stream("hi") as stream:
        chunks = stream.chunks()
        next(chunks)
        runtime.terminate()
        rest = Background(lambda: list(chunks))
        assert runtime.process.wait(10) == 0
        # The caller is told, not just cut off.
        assert rest.result()[-1]["choices"][0]["finish_reason"] == "error"
    assert model.last.disconnected.is_set()


def test_a_newer_database_is_refused_and_left_alone(bot):
    bot.stop()
    with sqlite3.connect(bot.database) as database:
        # What a later version leaves behind, by whichever means versions are told apart.
        database.execute("PRAGMA user_version = 9999")
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
        assert "grdb_migrations" in tables
        database.execute("INSERT INTO grdb_migrations VALUES ('9999')")
    database.close()
    bot.start(wait=False)
    assert bot.process.wait(20) != 0
    said = bot.output.lower()
    assert "newer" in said and str(bot.database).lower() in said, bot.output
    with sqlite3.connect(bot.database) as database:
        assert database.execute("SELECT count(*) FROM agents").fetchone() == (1,)
    database.close()


@pytest.mark.parametrize("content", [b"this is no database, " * 1000, b"SQLite format 3\x00" + b"\xff" * 5000],
                         ids=["text", "damaged"])
def test_a_damaged_database_is_refused_and_left_alone(apus, model, content):
    runtime = apus(start=False, LLM_PROXY_URL=model.url)
    runtime.database.write_bytes(content)
    runtime.start(wait=False)
    assert runtime.process.wait(20) != 0
    assert str(runtime.database) in runtime.output
    assert runtime.database.read_bytes() == content


def test_a_port_that_is_taken_is_named(apus, model):
    with socket.create_server(("127.0.0.1", 0)) as other:
        runtime = apus(start=False, LLM_PROXY_URL=model.url, PORT=other.getsockname()[1])
        runtime.start(wait=False)
        assert runtime.process.wait(20) != 0
    assert str(runtime.settings["PORT"]) in runtime.output


def requests_logged(runtime, **wanted) -> list[dict]:
    records = [record for record in runtime.logs if "duration_ms" in record and "method" in record]
    return [record for record in records if all(record.get(key) == value for key, value in wanted.items())]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_one_line_a_request(bot, model, stream):
    model.then(does.say("ok", prompt_tokens=11, completion_tokens=5))
    bot.client.post("/v1/chat/completions", {"model": "bot", "stream": stream,
                                             "messages": [{"role": "user", "content": SECRET}]},
                    headers={"X-Request-ID": "logged-1"})
    eventually(lambda: requests_logged(bot, request_id="logged-1"), "a line")
    (record,) = requests_logged(bot, request_id="logged-1")
    assert record["status"] == 200 and record["agent_id"] == "bot" and record["path"] == "/v1/chat/completions"
    assert record["duration_ms"] > 0 and (record["prompt_tokens"], record["completion_tokens"]) == (11, 5)
    assert record["time"].endswith("Z") and record["level"]


def test_errors_are_logged_with_their_causes(bot, model):
    model.default = does.fail(500, "the model's own words")
    reply = bot.client.chat("hi")
    record = eventually(lambda: requests_logged(bot, request_id=reply.headers["x-request-id"]), "a line")[0]
    assert record["status"] == 502 and record["level"] == "error" and record["code"] == "LLM_UNAVAILABLE"
    assert "500" in record["error"]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_no_secret_and_no_content_is_logged(apus, model, level):
    runtime = apus(LLM_PROXY_URL=model.url, LLM_PROXY_TOKEN="proxy-token-123", LOG_LEVEL=level)
    client = runtime.client
    client.make_agent("bot", system_prompt=SECRET)
    message = [{"role": "user", "content": SECRET}]
    model.then(does.say(SECRET), does.say(SECRET), does.fail(400, "bad"), does.end_without_done(SECRET))
    client.chat(message, session="s")
    client.stream(message).read()
    client.chat(message)
    client.stream(message).read()
    # Faults quote values; the log must not quote what was said.
    client.chat([{"role": "user", "content": {"text": SECRET}}])
    client.chat([{"role": SECRET, "content": "x"}])
    client.post("/v1/chat/completions", body=f'{{"messages": ["{SECRET}'.encode())
    client.get("/v1/agents", headers={"X-Runtime-Token": "a-wrong-token-456"})
    client.get(f"/v1/agents?token={runtime.token}")
    eventually(lambda: len(requests_logged(runtime)) >= 10, "all lines")
    assert runtime.stop() == 0
    for secret in (SECRET, runtime.token, "proxy-token-123", "a-wrong-token-456"):
        assert secret not in runtime.output, [line for line in runtime.output.splitlines() if secret in line]
    if level == "DEBUG":
        assert any(record.get("step") == "generate_response" for record in runtime.logs)


def test_metrics_are_prometheus_text(bot):
    bot.client.chat("hi")
    assert bot.client.get("/metrics", headers={"X-Runtime-Token": None}).status == 401
    reply = bot.client.get("/metrics")
    assert reply.status == 200 and reply.headers["content-type"].startswith("text/plain")
    lines = [line for line in reply.body.decode().splitlines() if line and not line.startswith("#")]
    assert lines and all(float(line.rsplit(" ", 1)[1]) >= 0 for line in lines)
    assert bot.token not in reply.body.decode()
