"""Storage: 200 turns of three messages on one thread, on SQLite."""

import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.channels.delta import DeltaChannel
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import _messages_delta_reducer, add_messages

import inputs

TURNS = 200
CHANNELS = {"default": add_messages, "delta": DeltaChannel(_messages_delta_reducer)}


def chat_graph(channel: str, saver: AsyncSqliteSaver) -> Any:
    state = TypedDict("ChatState", {"messages": Annotated[list, CHANNELS[channel]]})

    async def answer(state: dict) -> dict:
        turn = len(state["messages"]) // 3
        parts = [AIMessage(inputs.turn_text(turn, part), id=f"{turn}-{part}") for part in (1, 2)]
        return {"messages": parts}

    builder = StateGraph(state)
    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    builder.add_edge("answer", END)
    return builder.compile(checkpointer=saver)


def bytes_stored(path: Path) -> int:
    """Pages of the database, those that still are in the write-ahead log included."""
    with closing(sqlite3.connect(path)) as connection:
        (pages,) = connection.execute("pragma page_count").fetchone()
        (size,) = connection.execute("pragma page_size").fetchone()
    return pages * size


async def storage(channel: str, durability: str, folder: Path) -> dict[str, Any]:
    path = folder / "storage.db"
    times, sizes = [], []
    async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:
        await saver.setup()
        graph = chat_graph(channel, saver)
        config = {"configurable": {"thread_id": "1"}}
        sizes.append(bytes_stored(path))
        for turn in range(TURNS):
            message = HumanMessage(inputs.turn_text(turn, 0), id=f"{turn}-0")
            start = time.perf_counter()
            state = await graph.ainvoke({"messages": [message]}, config, durability=durability)
            times.append((time.perf_counter() - start) * 1000)
            sizes.append(bytes_stored(path))
    return {
        "channel": channel,
        "ms": round(statistics.median(times[190:]), 3),
        "ms_turns_1_10": round(statistics.median(times[:10]), 3),
        "ms_turns_191_200": round(statistics.median(times[190:]), 3),
        "bytes_per_turn_1_10": (sizes[10] - sizes[0]) // 10,
        "bytes_per_turn_191_200": (sizes[200] - sizes[190]) // 10,
        "bytes": sizes[-1],
        "runs": 1,
        "supersteps": TURNS,
        "check": inputs.check([message.content for message in state["messages"]]),
    }
