"""Agents whose code runs in the sandbox."""

import pytest

from .waiting import eventually


def sandbox(client) -> dict:
    return client.get("/v1/health").json()["checks"]["sandbox"]


def ready(runtime) -> None:
    """Waits until code can be run, and skips the test where the machine allows no isolation."""
    def settled() -> dict | None:
        found = sandbox(runtime.client)
        return found if found["status"] == "healthy" or "namespaces" in found["message"] else None
    found = eventually(settled, "a sandbox that is ready")
    if found["status"] != "healthy":
        pytest.skip(found["message"])


def make(client, name: str, language: str, source: str, **settings):
    config = {"codeSource": {"type": "inline", "content": source}, "runtime": {"language": language, **settings}}
    return client.post("/v1/agents", {
        "id": name, "name": name, "template_id": "custom-code-bot", "template_config": config})
