"""Sessions and finished runs go once they have been kept for long enough; what is in use stays."""

import sqlite3
import time

from harness import behaviours as does
from harness.waiting import eventually

# Days: about 2.6 seconds.
SHORT = "0.00003"


def session_status(runtime, name: str) -> int:
    return runtime.client.get(f"/v1/agents/bot/sessions/{name}").status


def messages(runtime, name: str) -> list[str]:
    return [m["content"] for m in runtime.client.get(f"/v1/agents/bot/sessions/{name}").json()["messages"]]


def test_an_unused_session_goes_and_one_in_use_stays(apus, model):
    model.default = does.echo
    runtime = apus(LLM_PROXY_URL=model.url, THREAD_RETENTION=SHORT)
    runtime.client.make_agent("bot")
    assert runtime.client.chat("old", session="unused").status == 200
    turns = 0

    def is_gone() -> bool:
        nonlocal turns
        turns += 1
        assert runtime.client.chat(f"turn {turns}", session="used").status == 200
        time.sleep(0.1)
        return session_status(runtime, "unused") == 404

    eventually(is_gone, "the unused session is removed", timeout=30)
    assert len(messages(runtime, "used")) == 2 * turns
    eventually(lambda: "removed by age" in runtime.output, "what was removed is logged")
    # Under its name a session begins anew.
    assert runtime.client.chat("new", session="unused").status == 200
    assert messages(runtime, "unused") == ["new", "echo new"]


def test_a_removed_session_stays_removed_after_a_crash(apus, model):
    model.default = does.echo
    runtime = apus(LLM_PROXY_URL=model.url, THREAD_RETENTION=SHORT)
    runtime.client.make_agent("bot")
    for number in range(20):
        assert runtime.client.chat("hello", session=f"s{number}").status == 200
    eventually(lambda: session_status(runtime, "s0") == 404, "a session is removed", timeout=30)
    runtime.kill()
    runtime.process.wait()
    runtime.start(THREAD_RETENTION="off")
    assert session_status(runtime, "s0") == 404
    assert runtime.client.get("/v1/agents/bot").status == 200


def test_finished_runs_go_with_their_threads_and_sessions_stay_by_default(apus, model):
    model.default = does.echo
    runtime = apus(LLM_PROXY_URL=model.url)
    runtime.client.make_agent("bot")
    # Threads of the names that runs give to their own.
    for name in ("run/old", "run/late", "s"):
        assert runtime.client.chat("hello", session=name).status == 200
    runtime.stop()
    with sqlite3.connect(runtime.database) as db:
        agent = db.execute("SELECT sequence FROM agents WHERE id = 'bot'").fetchone()[0]
        db.execute("INSERT INTO run_owners (id, agent) VALUES (1, ?)", [agent])
        for name, ended in (("old", 1), ("late", int(time.time() * 1000) + 3_600_000)):
            db.execute(
                "INSERT INTO runs (id, owner, created_at, status, ended_at, revision, claimed_until, format, body)"
                " VALUES (?, 1, 1, 'completed', ?, 1, 0, 1, '{}')", [name, ended])
    db.close()
    runtime.start(RUN_RETENTION=SHORT)

    def stored(table: str) -> list[str]:
        with sqlite3.connect(f"file:{runtime.database}?mode=ro", uri=True) as db:
            found = [row[0] for row in db.execute(f"SELECT {'id' if table == 'runs' else 'name'} FROM {table}")]
        db.close()
        return sorted(name.decode() if isinstance(name, bytes) else name for name in found if name is not None)

    eventually(lambda: stored("runs") == ["late"], "the old run is removed", timeout=30)
    assert stored("checkpoint_threads") == ["bot/run/late", "bot/s"]
    assert session_status(runtime, "s") == 200
