"""A wrong setting stops the start with one line: the variable, the fault, what is allowed. And the other commands."""

import pytest
from harness import behaviours as does

WRONG = [
    ("RUNTIME_TOKEN", None), ("RUNTIME_TOKEN", ""), ("RUNTIME_TOKEN", "change-me"), ("RUNTIME_TOKEN", "good-token,,other"),
    ("RUNTIME_TOKEN", "good-token,change-me"), ("RUNTIME_TOKEN", "with a space"),
    ("HOST", "no host at all"),
    ("PORT", "abc"), ("PORT", "-1"), ("PORT", "65536"), ("PORT", "80.5"), ("PORT", "8000 8001"),
    ("DEBUG", "maybe"), ("METRICS_OPEN", "perhaps"), ("LOG_CONTENT", "sometimes"),
    ("LOG_LEVEL", "LOUD"),
    ("LLM_PROXY_URL", "ftp://model"), ("LLM_PROXY_URL", "model:8001"), ("LLM_PROXY_URL", "http://"),
    ("LLM_PROXY_URL", "http://host:99999"), ("LLM_PROXY_URL", None),
    ("LLM_PROXY_TOKEN", "with\ttab"),
    ("DEFAULT_LLM_CONFIG_ID", "with space"),
    ("OPENAI_API_KEY", "k\u00e9y"), ("OPENAI_BASE_URL", "nonsense"), ("OPENAI_MODEL", "with space"),
    ("MODELS_FILE", "/nonexistent/models.json"), ("TOOLSETS_FILE", "/nonexistent/tools.json"),
    ("LLM_REQUEST_TIMEOUT", "soon"), ("LLM_REQUEST_TIMEOUT", "0"), ("LLM_REQUEST_TIMEOUT", "-5"),
    ("AGENT_EXECUTION_TIMEOUT", "x"), ("AGENT_EXECUTION_TIMEOUT", "0"), ("AGENT_EXECUTION_TIMEOUT", "-1"),
    ("MAX_CONCURRENT_AGENTS", "0"), ("MAX_CONCURRENT_AGENTS", "many"), ("MAX_CONCURRENT_AGENTS", "1.5"),
    ("MAX_MESSAGE_LENGTH", "0"), ("MAX_MESSAGE_LENGTH", "x"),
    ("MAX_CONVERSATION_HISTORY", "0"), ("MAX_CONVERSATION_HISTORY", "x"),
    ("MAX_REQUEST_BYTES", "0"), ("MAX_REQUEST_BYTES", "8MB?"),
    ("DATABASE_URL", "mysql://localhost/db"), ("DATABASE_URL", "sqlite:///"), ("DATABASE_URL", "data/apus.sqlite"),
    ("TLS_CERT_FILE", "/nonexistent/cert.pem"), ("TLS_KEY_FILE", "/nonexistent/key.pem"),
    ("CORS_ORIGINS", "not an origin"), ("CORS_ORIGINS", "https://a.example,"),
    ("RUN_RETENTION", "long"), ("THREAD_RETENTION", "long"), ("RUN_RETENTION", "-1"),
    ("RATE_LIMIT_PER_TOKEN", "lots"), ("RATE_LIMIT_PER_IP", "-1"),
]


@pytest.mark.parametrize("name, value", WRONG, ids=[f"{name}={value!r}" for name, value in WRONG])
def test_a_wrong_setting_stops_the_start(apus, name, value):
    runtime = apus(start=False, LLM_PROXY_URL="http://127.0.0.1:9")
    done = runtime.run("serve", timeout=10, **{name: value})
    assert done.returncode != 0
    lines = done.stderr.strip("\n").split("\n")
    assert len(lines) == 1 and done.stdout == "", done
    assert name in lines[0] and "allowed" in lines[0]
    if name in ("RUNTIME_TOKEN", "LLM_PROXY_TOKEN", "OPENAI_API_KEY") and value not in (None, "", "change-me"):
        assert value not in lines[0], "a secret is shown"


def test_the_examples_token_starts_with_debug_alone(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, RUNTIME_TOKEN="change-me", DEBUG="true")
    assert runtime.client.get("/v1/agents", headers={"X-Runtime-Token": "change-me"}).status == 200
    for path in ("/docs", "/openapi.json"):
        assert runtime.client.get(path, headers={"X-Runtime-Token": None}).status == 200


def test_without_debug_there_are_no_docs(bot):
    for path in ("/docs", "/openapi.json"):
        assert bot.client.get(path).status == 404


def test_an_env_file_is_read_and_the_environment_wins(apus, model):
    runtime = apus(start=False, LLM_PROXY_URL=None, MAX_MESSAGE_LENGTH="7")
    (runtime.directory / ".env").write_text(
        f'# comment\nexport LLM_PROXY_URL="{model.url}"\nMAX_MESSAGE_LENGTH=3\nMAX_CONCURRENT_AGENTS=abc\n')
    done = runtime.run("serve")
    assert done.returncode != 0 and "MAX_CONCURRENT_AGENTS" in done.stderr
    runtime.start(MAX_CONCURRENT_AGENTS="5")
    runtime.client.make_agent("bot")
    assert runtime.client.chat("1234567").status == 200
    assert runtime.client.chat("12345678").status == 422
    assert runtime.client.get("/v1/schema").json()["limits"]["maxMessageLength"] == 7


def test_several_tokens_are_valid_at_once(apus, model):
    runtime = apus(LLM_PROXY_URL=model.url, RUNTIME_TOKEN="first-token-1,second-token-2")
    statuses = {token: runtime.client.get("/v1/agents", headers={"X-Runtime-Token": token}).status
                for token in ("first-token-1", "second-token-2", "first-token-1,second-token-2", "first")}
    assert list(statuses.values()) == [401 if "," in token or token == "first" else 200 for token in statuses]
    bearer = {"X-Runtime-Token": None, "Authorization": "Bearer second-token-2"}
    assert runtime.client.get("/v1/agents", headers=bearer).status == 200


def test_help_names_every_command(apus):
    runtime = apus(start=False)
    done = runtime.run("--help")
    assert done.returncode == 0
    for word in ("serve", "chat", "doctor", "RUNTIME_TOKEN", "LLM_PROXY_URL"):
        assert word in done.stdout
    for command in ("serve", "chat", "doctor"):
        assert runtime.run(command, "--help").returncode == 0
    assert runtime.run("--version").stdout.strip()
    assert runtime.run("nonsense").returncode != 0


def test_chat_once_prints_the_answer(bot, model):
    model.then(does.say("Good morning to you"))
    done = bot.run("chat", "bot", "--once", "hello")
    assert done.returncode == 0, done
    assert done.stdout.split() == ["Good", "morning", "to", "you"]
    assert model.last.contents == ["user: hello"] and model.last.streams


def test_chat_remembers_what_was_said(bot, model):
    done = bot.run("chat", "bot", stdin="one\ntwo\n")
    assert done.returncode == 0, done
    assert [text.strip() for text in model.last.contents] == ["user: one", "assistant: ok", "user: two"]


@pytest.mark.parametrize("arguments, changes, word", [
    (("nobody",), {}, "nobody"), (("bot",), {"RUNTIME_TOKEN": "a-wrong-token"}, "token"), (("bot",), {"PORT": 9}, "9")])
def test_chat_says_what_is_wrong(bot, arguments, changes, word):
    done = bot.run("chat", *arguments, "--once", "hello", **changes)
    assert done.returncode != 0 and word in done.stderr.lower()


def test_doctor_is_content_where_all_is_well(apus, model):
    runtime = apus(start=False, LLM_PROXY_URL=model.url)
    done = runtime.run("doctor")
    assert done.returncode == 0, done
    assert "database" in done.stdout.lower() and "model" in done.stdout.lower()
    assert runtime.token not in done.stdout + done.stderr


@pytest.mark.parametrize("changes, word", [
    ({"LLM_PROXY_URL": "http://127.0.0.1:9"}, "LLM_PROXY_URL"),
    ({"DATABASE_URL": "sqlite:////dev/null/apus.sqlite"}, "DATABASE_URL"),
    ({"PORT": "abc"}, "PORT"),
    ({"RUNTIME_TOKEN": "change-me"}, "RUNTIME_TOKEN"),
])
def test_doctor_names_what_is_wrong(apus, model, changes, word):
    runtime = apus(start=False, LLM_PROXY_URL=model.url)
    done = runtime.run("doctor", **changes)
    assert done.returncode != 0 and word in done.stdout + done.stderr
