"""Nodes: a list of operations, or a graph within the graph, as one async function for LangGraph."""

import asyncio
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.errors import NodeError
from langgraph.types import Command, Overwrite, Send, interrupt

from .channels import update_in, value_in, value_out
from .expressions import Scope, evaluate
from .journal import Journal

ARGUMENT = "$argument"


class NodeFailed(Exception):
    """What a node of a graph file throws on purpose."""


def targets(described: list, scope: Scope) -> list[Any]:
    """Targets of a goto or of an edge: names, END, sends, and one send for each item of a list."""
    found: list[Any] = []
    for target in described:
        if isinstance(target, str):
            found.append("__end__" if target == "END" else target)
        elif "send_each" in target:
            found += [Send(target["send_each"], {ARGUMENT: item}) for item in evaluate(target["over"], scope)]
        else:
            found.append(Send(target["send"], {ARGUMENT: evaluate(target["arg"], scope)}))
    return found


class Run:
    """One attempt of one node: the operations write into it."""

    def __init__(self, channels: dict[str, dict], scope: Scope, start: int):
        self.channels, self.scope, self.start = channels, scope, start
        self.update: dict[str, Any] = {}
        self.goto: list[Any] | None = None
        self.parent: Command | None = None

    async def perform(self, operations: list) -> None:
        for name, *operands in operations:
            await getattr(self, f"do_{name}")(*operands)

    async def do_write(self, channel: str, expression: list) -> None:
        self.update[channel] = value_in(self.channels[channel], evaluate(expression, self.scope))

    async def do_overwrite(self, channel: str, expression: list) -> None:
        self.update[channel] = Overwrite(value_in(self.channels[channel], evaluate(expression, self.scope)))

    async def do_interrupt(self, expression: list) -> None:
        self.scope.answers.append(interrupt(evaluate(expression, self.scope)))

    async def do_repeat(self, count: list, operations: list) -> None:
        for index in range(evaluate(count, self.scope)):
            self.scope.index = index
            await self.perform(operations)

    async def do_when(self, condition: list, operations: list) -> None:
        if evaluate(condition, self.scope):
            await self.perform(operations)

    async def do_fail(self, starts: int, text: str) -> None:
        if self.start <= starts or starts < 0:
            raise NodeFailed(text)

    async def do_sleep(self, milliseconds: int) -> None:
        await asyncio.sleep(milliseconds / 1000)

    async def do_goto(self, *described: Any) -> None:
        self.goto = targets(list(described), self.scope)

    async def do_parent(self, update: dict[str, list], described: list) -> None:
        written = {channel: evaluate(expression, self.scope) for channel, expression in update.items()}
        self.parent = Command(graph=Command.PARENT, update=written, goto=targets(described, self.scope))

    def result(self) -> Any:
        if self.parent is not None:
            return self.parent
        return self.update if self.goto is None else Command(update=self.update, goto=self.goto)


def scope_of(state: dict, node: str) -> Scope:
    sent = ARGUMENT in state
    plain = {} if sent else {name: value_out(value) for name, value in state.items()}
    return Scope(plain, node, sent, state.get(ARGUMENT))


def operations_node(graph: dict, path: str, name: str, journal: Journal) -> Any:
    """The function of a node that is a list of operations."""
    node = graph["nodes"][name]

    async def act(state: dict, config: RunnableConfig) -> Any:
        start = journal.start(path + name, config)
        run = Run(graph["channels"], scope_of(state, name), start)
        await run.perform(node["do"])
        return run.result()

    return act


def error_node(graph: dict, path: str, name: str, journal: Journal) -> Any:
    """The function that takes over when the node has failed for good."""
    operations = graph["nodes"][name]["on_error"]

    async def recover(state: dict, error: NodeError, config: RunnableConfig) -> Any:
        start = journal.start(f"{path}{name}!", config)
        scope = scope_of(state, name)
        scope.error = {"text": str(error.error), "node": error.node}
        run = Run(graph["channels"], scope, start)
        await run.perform(operations)
        return run.result()

    return recover


def graph_node(graph: dict, path: str, name: str, journal: Journal, child: Any) -> Any:
    """The function of a node that is a graph: input from the parent's state, output to the parent's writes."""
    node = graph["nodes"][name]
    child_channels = node["graph"]["channels"]

    async def call(state: dict, config: RunnableConfig) -> Any:
        journal.start(path + name, config)
        scope = scope_of(state, name)
        given = {channel: evaluate(expression, scope) for channel, expression in node["input"].items()}
        with journal.inside(config):
            output = await child.ainvoke(update_in(child_channels, given), config)
        scope = Scope({key: value_out(value) for key, value in output.items()}, name)
        written = {channel: evaluate(expression, scope) for channel, expression in node["output"].items()}
        return update_in(graph["channels"], written)

    return call
