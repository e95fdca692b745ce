"""Builds a LangGraph graph from its description; words outside the format are errors."""

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import RetryPolicy, TimeoutPolicy

from .channels import state_type, value_out
from .expressions import Scope, evaluate
from .journal import Journal
from .nodes import NodeFailed, error_node, graph_node, operations_node, targets

GRAPH_KEYS = {"channels", "nodes", "edges", "conditional", "interrupt_before", "interrupt_after", "checkpoints"}
NODE_KEYS = {"do", "graph", "input", "output", "defer", "retry", "on_error", "timeout_ms"}
ENDS = {"START": START, "END": END}
CHECKPOINTS = {"inherited": None, "own": True, "none": False}


def check_keys(what: str, found: dict, allowed: set[str]) -> None:
    if unknown := set(found) - allowed:
        raise LookupError(f"{what}: unknown keys {sorted(unknown)}")


def _end(name: str) -> str:
    return ENDS.get(name, name)


def _options(node: dict) -> dict[str, Any]:
    options: dict[str, Any] = {"defer": node.get("defer", False)}
    if attempts := node.get("retry"):
        options["retry_policy"] = RetryPolicy(initial_interval=0.001, max_attempts=attempts, jitter=False)
    if timeout := node.get("timeout_ms"):
        options["timeout"] = TimeoutPolicy(run_timeout=timeout / 1000)
    return options


def _add_node(builder: StateGraph, graph: dict, path: str, name: str, journal: Journal) -> None:
    node = graph["nodes"][name]
    check_keys(f"node {name}", node, NODE_KEYS)
    options = _options(node)
    if "on_error" in node:
        options["error_handler"] = error_node(graph, path, name, journal)
    if "graph" in node:
        child = compile_graph(node["graph"], f"{path}{name}/", journal, root=False)
        function = graph_node(graph, path, name, journal, child)
    else:
        function = operations_node(graph, path, name, journal)
    builder.add_node(name, function, **options)


def _router(edge: dict, number: int, path: str, journal: Journal) -> Any:
    """The function of a conditional edge: the first rule that fits."""

    async def route(state: dict, config: RunnableConfig) -> list[Any]:
        scope = Scope({name: value_out(value) for name, value in state.items()})
        for rule in edge["rules"]:
            check_keys("rule", rule, {"if", "to", "fail"})
            if "fail" in rule:
                starts, text = rule["fail"]
                if journal.total[path + edge["from"]] <= starts:
                    raise NodeFailed(text)
            elif "if" not in rule or evaluate(rule["if"], scope):
                return targets(rule["to"], scope)
        return []

    route.__name__ = f"route_{number}"
    return route


def compile_graph(graph: dict, path: str, journal: Journal, root: bool = True) -> Any:
    """The compiled graph; the root one keeps its checkpoints in memory."""
    check_keys("graph", graph, GRAPH_KEYS)
    builder = StateGraph(state_type(graph["channels"]))
    for name in graph["nodes"]:
        _add_node(builder, graph, path, name, journal)
    for start, end in graph.get("edges", []):
        builder.add_edge(start if isinstance(start, list) else _end(start), _end(end))
    for number, edge in enumerate(graph.get("conditional", [])):
        check_keys("conditional edge", edge, {"from", "rules"})
        builder.add_conditional_edges(_end(edge["from"]), _router(edge, number, path, journal))
    saver = InMemorySaver() if root else CHECKPOINTS[graph.get("checkpoints", "inherited")]
    return builder.compile(
        checkpointer=saver,
        interrupt_before=graph.get("interrupt_before"),
        interrupt_after=graph.get("interrupt_after"),
    )
