"""State channels: from their description to LangGraph's, and values between JSON and LangGraph."""

import operator
import uuid
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, RemoveMessage
from langgraph.channels import EphemeralValue, Topic, UntrackedValue
from langgraph.graph.message import REMOVE_ALL_MESSAGES, add_messages
from langgraph.types import Overwrite

TYPES = {"int": int, "string": str, "ints": list, "strings": list, "objects": list, "object": dict, "messages": list}

ITEMS = {"ints": int, "strings": str}


def keep_larger(old: int, new: int) -> int:
    return max(old, new)


def merge_keys(old: dict, new: dict) -> dict:
    return {**old, **new}


REDUCERS = {
    "append": operator.add,
    "sum": operator.add,
    "concat": operator.add,
    "max": keep_larger,
    "merge": merge_keys,
    "messages": add_messages,
}


def annotation(channel: dict) -> Any:
    kind, of = channel["kind"], TYPES[channel["type"]]
    if kind == "last":
        return of
    if kind == "untracked":
        return Annotated[of, UntrackedValue]
    if kind == "ephemeral":
        return Annotated[of, EphemeralValue]
    if kind in ("topic", "topic_accumulated"):
        return Annotated[list, Topic(object, accumulate=kind == "topic_accumulated")]
    return Annotated[of, REDUCERS[kind]]


def state_type(channels: dict[str, dict], only: list[str] | None = None) -> type:
    names = only if only is not None else list(channels)
    return TypedDict("State", {name: annotation(channels[name]) for name in names})


def _message_in(item: dict) -> BaseMessage:
    if "remove" in item:
        return RemoveMessage(id=item["remove"])
    if item.get("remove_all"):
        return RemoveMessage(id=REMOVE_ALL_MESSAGES)
    kind = {"human": HumanMessage, "ai": AIMessage}[item["role"]]
    return kind(content=item["content"], id=item.get("id"))


def _check(channel: dict, value: Any) -> None:
    """A typed engine must be able to run the file as well."""
    of = channel["type"]
    single = [value] if channel["kind"].startswith("topic") and not isinstance(value, list) else value
    if not (value is None and channel["kind"] == "last" or isinstance(single, TYPES[of])):
        raise TypeError(f"{value!r} is no {of}")
    if of in ITEMS and not all(isinstance(item, ITEMS[of]) for item in single):
        raise TypeError(f"{value!r} holds others than {of}")


def value_in(channel: dict, value: Any) -> Any:
    """A JSON value as LangGraph takes it; one of another type than the channel's is a fault of the file."""
    if channel["kind"] != "messages":
        _check(channel, value)
        return value
    return [_message_in(item) for item in (value if isinstance(value, list) else [value])]


def update_in(channels: dict[str, dict], update: dict | None) -> dict | None:
    return None if update is None else {name: value_in(channels[name], value) for name, value in update.items()}


def _generated(identifier: str) -> bool:
    try:
        return str(uuid.UUID(identifier)) == identifier
    except ValueError:
        return False


def _message_out(message: BaseMessage) -> dict:
    if isinstance(message, RemoveMessage):
        return {"remove_all": True} if message.id == REMOVE_ALL_MESSAGES else {"remove": message.id}
    identifier = message.id or ""
    shown = "auto" if not identifier or _generated(identifier) else identifier
    return {"id": shown, "role": message.type, "content": message.content}


def value_out(value: Any) -> Any:
    """A value as JSON: messages as objects, ids that the engine made as "auto"."""
    if isinstance(value, Overwrite):
        return {"overwrite": value_out(value.value)}
    if isinstance(value, BaseMessage):
        return _message_out(value)
    if isinstance(value, (list, tuple)):
        return [value_out(item) for item in value]
    if isinstance(value, dict):
        return {key: value_out(item) for key, item in value.items()}
    return value
