"""Task agents for tests: how they are made, and what a model is asked for them."""

from .client import Client, Reply
from .exchange import Exchange, text_of


def make(client: Client, steps=("find", "write"), id: str = "task", strict: bool = True, output: str = "text",
         fields: dict | None = None, **settings) -> Reply:
    """Stores a task agent with these settings of its section `taskSteps`."""
    config = {"taskSteps": {"steps": list(steps)} | settings,
              "validation": {"strictMode": strict, "outputFormat": output}}
    return client.post("/v1/agents", {
        "id": id, "name": id, "template_id": "task-execution-bot", "template_config": config} | (fields or {}))


def step(exchange: Exchange) -> int | None:
    """Which step a request is about; none for the call that composes the answer."""
    text = text_of(exchange.messages[-1])
    return int(text.split("Now carry out step ")[1].split(":")[0]) if "Now carry out step " in text else None


def names(steps: list[dict]) -> list[str]:
    """Steps with their states."""
    return [f"{one['step']} {one['status']}" for one in steps]
