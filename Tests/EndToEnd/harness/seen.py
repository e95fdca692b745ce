"""What a caller saw of a chat, plain or streamed, and what must hold of it."""

import json
from dataclasses import dataclass

from .client import Client
from .exchange import Exchange


@dataclass
class Seen:
    """What a caller saw: a status with a body, or a stream."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def is_stream(self) -> bool:
        return self.headers["content-type"].startswith("text/event-stream")

    @property
    def data(self) -> list[str]:
        return [line[6:] for line in self.body.decode().splitlines() if line.startswith("data: ")]

    @property
    def chunks(self) -> list[dict]:
        return [json.loads(text) for text in self.data if text != "[DONE]"]

    @property
    def tokens(self) -> list[str]:
        contents = [choice["delta"].get("content") for chunk in self.chunks for choice in chunk["choices"]]
        return [content for content in contents if content]

    @property
    def text(self) -> str:
        return "".join(self.tokens) if self.is_stream else self.json["choices"][0]["message"]["content"]


def see(client: Client, message: str, model: str, stream: bool, **fields) -> Seen:
    """Makes a chat, plain or streamed, and reads it to its end."""
    body = {"model": model, "messages": [{"role": "user", "content": message}], "stream": stream} | fields
    reply = client.post("/v1/chat/completions", body, timeout=60)
    return Seen(reply.status, reply.headers, reply.body)


def check_error(seen: Seen, status: int, code: str) -> None:
    """An HTTP error in OpenAI's shape."""
    assert seen.headers["content-type"].startswith("application/json")
    assert (seen.status, seen.json["error"]["code"]) == (status, code), seen.body
    assert set(seen.json["error"]) == {"message", "type", "param", "code"} and seen.json["error"]["message"]


def check_cut_short(seen: Seen, tokens: list[str], code: str = "LLM_UNAVAILABLE") -> None:
    """A stream that held these tokens, then an error, then [DONE]."""
    assert seen.status == 200 and seen.tokens == tokens
    assert seen.data[-1] == "[DONE]" and seen.chunks[-1]["choices"][0]["finish_reason"] == "error"
    error = seen.chunks[-1]["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["code"] == code


def results(exchange: Exchange) -> list[str]:
    """What the model was told of its calls."""
    return [message["content"] for message in exchange.messages if message["role"] == "tool"]


def metadata(seen: Seen) -> dict:
    if not seen.is_stream:
        return seen.json["metadata"]
    return next(chunk for chunk in seen.chunks if chunk["choices"][0]["finish_reason"])["metadata"]


def check_whole(seen: Seen, words: str, reason: str = "stop") -> None:
    """An answer of which an OpenAI client sees no more than it knows."""
    assert seen.status == 200, seen.body
    if not seen.is_stream:
        choice = seen.json["choices"][0]
        assert (choice["message"]["content"] or "").split() == words.split() and choice["finish_reason"] == reason
        return
    assert "".join(seen.tokens).split() == words.split() and seen.data[-1] == "[DONE]"
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in seen.chunks]
    assert [one for one in reasons if one] == [reason]
    roles = [chunk["choices"][0]["delta"].get("role") for chunk in seen.chunks]
    assert roles[0] == "assistant" and set(roles[1:]) <= {None}
