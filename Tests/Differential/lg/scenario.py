"""Performs the steps of a scenario and describes what came of each, so that another engine can be compared."""

import json
import re
from typing import Any

from langgraph.errors import (
    EmptyInputError,
    GraphRecursionError,
    InvalidUpdateError,
    NodeTimeoutError,
    ParentCommand,
)
from langgraph.types import Command

from .channels import update_in, value_out
from .graphs import check_keys, compile_graph
from .journal import Journal
from .nodes import NodeFailed

STEP_KEYS = {"do", "input", "answer", "answers", "checkpoint", "values", "as", "about", "durability"}
LIMIT = 25
# The closed list of error kinds, by exception and a part of its text; the first that fits.
ERRORS = [
    (GraphRecursionError, "", "recursion_limit"),
    (NodeFailed, "", "node_failed"),
    (NodeTimeoutError, "", "node_timeout"),
    (EmptyInputError, "", "no_input"),
    (InvalidUpdateError, "Can receive only one", "concurrent_update"),
    (InvalidUpdateError, "Ambiguous update", "ambiguous_update"),
    (InvalidUpdateError, "does not exist", "unknown_node"),
    (InvalidUpdateError, "no parent graph", "no_parent"),
    (ParentCommand, "", "no_parent"),
    (RuntimeError, "multiple pending interrupts", "ambiguous_answer"),
    (UnboundLocalError, "resume_is_map", "null_answer"),
    (ValueError, "delete a message with an ID", "unknown_message"),
]


def error_of(error: Exception) -> dict[str, str]:
    text = str(error)
    for kind, part, name in ERRORS:
        if isinstance(error, kind) and part in text:
            found = {"kind": name}
            if channel := re.search(r"At key '([^']+)'", text):
                found["channel"] = channel[1]
            if name == "node_failed":
                found["text"] = text
            return found
    raise error


class Scenario:
    """One graph file on one thread."""

    def __init__(self, file: dict):
        self.file, self.journal = file, Journal()
        self.graph = compile_graph(file["graph"], "", self.journal)
        self.config = {"configurable": {"thread_id": "1"}, "recursion_limit": file.get("limit", LIMIT)}
        self.seen: set[str] = set()

    async def history(self) -> list[Any]:
        """Checkpoints of the root graph, oldest first."""
        return [item async for item in self.graph.aget_state_history(self.config)][::-1]

    async def _config_for(self, step: dict) -> dict:
        if "checkpoint" not in step:
            return self.config
        chosen = (await self.history())[step["checkpoint"]].config
        return {**chosen, "recursion_limit": self.config["recursion_limit"]}

    async def _command(self, step: dict) -> Command:
        if "answers" not in step:
            return Command(resume=step["answer"])
        open_ = {json.dumps(item.value): item.id for item in (await self.graph.aget_state(self.config)).interrupts}
        chosen = {item.get("id") or open_[json.dumps(item["to"])]: item["answer"] for item in step["answers"]}
        return Command(resume=chosen)

    async def _stream(self, given: Any, step: dict) -> dict[str, dict]:
        """Runs; gives the writes of each finished task by its id."""
        finished: dict[str, dict] = {}
        self.finished = finished
        config = await self._config_for(step)
        stream = self.graph.astream(
            given, config, stream_mode=["tasks"], subgraphs=True, durability=step.get("durability", "sync")
        )
        async for _, _, event in stream:
            if "result" in event and not event["error"] and not event["interrupts"]:
                finished[event["id"]] = value_out(event["result"])
        return finished

    async def _perform(self, step: dict) -> None:
        channels = self.file["graph"]["channels"]
        match step["do"]:
            case "run":
                await self._stream(update_in(channels, step["input"]), step)
            case "resume":
                await self._stream(await self._command(step), step)
            case "continue":
                await self._stream(None, step)
            case "update":
                config = await self._config_for(step)
                await self.graph.aupdate_state(config, update_in(channels, step["values"]), as_node=step.get("as"))
            case other:
                raise LookupError(f"unknown scenario step '{other}'")

    async def step(self, step: dict) -> dict:
        """Performs one scenario step and describes its outcome."""
        check_keys("scenario step", step, STEP_KEYS)
        self.journal.begin()
        self.finished = {}
        error = None
        try:
            await self._perform(step)
        except Exception as caught:  # every other kind is raised again by error_of
            error = error_of(caught)
        return await self._describe(error)

    async def _open_tasks(self) -> tuple[list[str] | None, list[Any] | None]:
        """Nodes that are due and values of open interrupts; none where LangGraph cannot read its own state.

        Its snapshot applies the writes of finished siblings, so that it throws what the superstep threw.
        """
        try:
            now = await self.graph.aget_state(self.config)
        except (InvalidUpdateError, ValueError) as error:
            error_of(error)
            return None, None
        return sorted(now.next), sorted((item.value for item in now.interrupts), key=json.dumps)

    async def _describe(self, error: dict | None) -> dict:
        history = await self.history()
        fresh = [item for item in history if item.config["configurable"]["checkpoint_id"] not in self.seen]
        self.seen |= {item.config["configurable"]["checkpoint_id"] for item in history}
        due, waiting = await self._open_tasks()
        return {
            "outcome": "error" if error else "paused" if due else "done",
            "error": error,
            "values": value_out(history[-1].values) if history else {},
            "next": due,
            "interrupts": waiting,
            "updates": self.journal.updates(self.finished),
            "starts": dict(sorted(self.journal.counts.items())),
            "checkpoints": [item.metadata["source"] for item in fresh],
        }


async def run_file(file: dict) -> dict:
    """All steps of a graph file; a graph that does not compile has no steps."""
    try:
        scenario = Scenario(file)
    except ValueError as error:
        return {"name": file["name"], "compiles": False, "fault": str(error), "steps": []}
    steps = [await scenario.step(step) for step in file["scenario"]]
    return {"name": file["name"], "compiles": True, "steps": steps}
