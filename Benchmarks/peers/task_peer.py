"""The task that a user would write with LangGraph: five steps and a composing call, over httpx.

In a process of its own without a server before it: no HTTP of its own is measured, as it is of Apus. Tuned as peer.py
is: a graph is compiled once, connections are kept, uvloop, orjson, no tracing; SQLite in WAL mode with
synchronous=FULL, a checkpoint after each superstep, which is LangGraph's default. Reads a JSON object a line on standard
input, {"runs", "at_once", "stored", "parallel"}, and answers with the times of these runs.

usage: task_peer.py MODEL_URL DATABASE
"""

import asyncio
import operator
import sys
import time
import uuid
from typing import Annotated, Any, TypedDict

import httpx
import orjson
import uvloop
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

STEPS = ["Collect the facts", "Weigh them", "Look for what is missing", "Compare the options", "Recommend"]


class State(TypedDict):
    task: str
    outputs: Annotated[list[tuple[int, str]], operator.add]
    answer: str


class Model:
    """Asks the model as agents do, for a stream: each event is read."""

    def __init__(self, url: str):
        self.url = url + "/v1/chat/completions"
        # One for each call under way: httpx's pool with 200 connections takes ten times as long as 200 with one.
        self.free: list[httpx.AsyncClient] = []

    async def ask(self, text: str) -> str:
        body = {"model": "default", "messages": [{"role": "user", "content": text}], "stream": True}
        client = self.free.pop() if self.free else httpx.AsyncClient(timeout=60, trust_env=False, verify=False)
        answer = await client.post(
            self.url, content=orjson.dumps(body), headers={"Content-Type": "application/json"})
        self.free.append(client)
        answer.raise_for_status()
        events = [line[6:] for line in answer.content.splitlines() if line.startswith(b"data: ")]
        choices = [choice for event in events[:-1] for choice in orjson.loads(event)["choices"]]
        if events[-1] != b"[DONE]" or choices[-1]["finish_reason"] != "stop":
            raise RuntimeError("the model's answer is cut")
        return "".join(choice["delta"].get("content") or "" for choice in choices)


def build(model: Model, spans: list[tuple[float, float]], parallel: bool) -> StateGraph:
    """`spans` gets each step's start and end."""

    def prompt(state: State, instruction: str) -> str:
        done = "\n".join(f"{index + 1}. {STEPS[index]}: {text}" for index, text in sorted(state["outputs"]))
        return f"{state['task']}\n\nThe steps: {'; '.join(STEPS)}\n\nDone so far:\n{done}\n\n{instruction}"

    def step(index: int) -> Any:
        async def run(state: State) -> dict:
            start = time.perf_counter()
            text = await model.ask(prompt(state, f"Now carry out step {index + 1}: {STEPS[index]}"))
            spans.append((start, time.perf_counter()))
            return {"outputs": [(index, text)]}

        return run

    async def compose(state: State) -> dict:
        return {"answer": await model.ask(prompt(state, "Now write the answer."))}

    graph = StateGraph(State)
    names = [f"step_{number}" for number in range(1, len(STEPS) + 1)]
    for index, name in enumerate(names):
        graph.add_node(name, step(index))
    graph.add_node("compose", compose)
    if parallel:
        for name in names:
            graph.add_edge(START, name)
        graph.add_edge(names, "compose")
    else:
        for before, after in zip([START, *names], [*names, "compose"]):
            graph.add_edge(before, after)
    graph.add_edge("compose", END)
    return graph


class Peer:
    def __init__(self, model: Model, saver: AsyncSqliteSaver):
        self.spans: list[tuple[float, float]] = []
        self.graphs = {
            (stored, parallel): build(model, self.spans, parallel).compile(checkpointer=saver if stored else None)
            for stored in (False, True) for parallel in (False, True)}

    async def run(self, question: dict) -> dict:
        """Milliseconds of each run, and of parallel steps from the first one's start to the last one's end."""
        graph = self.graphs[question["stored"], question["parallel"]]
        times, phases = [], []

        async def one() -> None:
            config = {"configurable": {"thread_id": uuid.uuid4().hex}} if question["stored"] else None
            start = time.perf_counter()
            state = await graph.ainvoke({"task": question["task"], "outputs": []}, config)
            times.append((time.perf_counter() - start) * 1000)
            if not state["answer"] or len(state["outputs"]) != len(STEPS):
                raise RuntimeError("the task was not carried out")

        for _ in range(question["runs"]):
            self.spans.clear()
            await asyncio.gather(*(one() for _ in range(question["at_once"])))
            phases.append((max(end for _, end in self.spans) - min(start for start, _ in self.spans)) * 1000)
        return {"times": times, "phases": phases}


async def main() -> None:
    async with AsyncSqliteSaver.from_conn_string(sys.argv[2]) as saver:
        await saver.setup()
        await saver.conn.execute("PRAGMA journal_mode=WAL")
        await saver.conn.execute("PRAGMA synchronous=FULL")
        peer = Peer(Model(sys.argv[1]), saver)
        print("{}", flush=True)
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            print(orjson.dumps(await peer.run(orjson.loads(line))).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
