"""What the scripted model can do with a request: answers, and every kind of failure."""

import json
import threading
import time
from collections.abc import Callable

from .exchange import Exchange, Gone, text_of, usage

Behaviour = Callable[[Exchange], None]


def say(text: str, prompt_tokens: int = 7, completion_tokens: int = 3) -> Behaviour:
    """Answers at once, plain or streamed as asked; streamed word by word."""

    def behave(exchange: Exchange) -> None:
        if not exchange.streams:
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            answer = exchange.chunk([choice]) | {"object": "chat.completion",
                                                 "usage": usage(prompt_tokens, completion_tokens)}
            return exchange.send_json(answer)
        exchange.begin_stream()
        exchange.delta(role="assistant", content=None)
        for word in text.split(" ") if text else []:
            exchange.token(word + " ")
        exchange.finish(prompt_tokens, completion_tokens)

    return behave


def echo(exchange: Exchange) -> None:
    """Answers with the last message's text."""
    say("echo " + text_of(exchange.messages[-1]))(exchange)


def paced(count: int, gap: float) -> Behaviour:
    """Streams tokens `t0 t1 …` with a pause after each."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for number in range(count):
            exchange.token(f"t{number} ")
            if exchange.disconnected.wait(gap):
                raise Gone
        exchange.finish(completion_tokens=count)

    return behave


def stepped(steps: list[threading.Event]) -> Behaviour:
    """Streams one token at once, and one more after each event is set; then finishes."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        exchange.token("t0 ")
        for number, step in enumerate(steps, 1):
            exchange.wait(step)
            exchange.token(f"t{number} ")
        exchange.finish()

    return behave


def after(event: threading.Event, behaviour: Behaviour) -> Behaviour:
    """Waits for a signal, then behaves."""

    def behave(exchange: Exchange) -> None:
        exchange.wait(event)
        behaviour(exchange)

    return behave


def flood(size: int, piece: int = 4096) -> Behaviour:
    """Streams that many bytes of text as fast as they are taken."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for _ in range(size // piece):
            exchange.token("x" * piece)
        exchange.finish()

    return behave


def hang(exchange: Exchange) -> None:
    """Never sends a byte."""
    exchange.hang()


def hang_after(*tokens: str) -> Behaviour:
    """Streams some tokens, then nothing more."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for token in tokens:
            exchange.token(token)
        exchange.hang()

    return behave


def half_an_answer(exchange: Exchange) -> None:
    """Sends the head and half of a plain answer, then nothing more."""
    exchange.raw(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"id": "chatc')
    exchange.hang()


def cut(exchange: Exchange) -> None:
    """Closes the connection without an answer."""
    exchange.cut()


def cut_after(*tokens: str) -> Behaviour:
    """Streams some tokens, then cuts the connection."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for token in tokens:
            exchange.token(token)
        # What was sent shall arrive before the reset overtakes it.
        time.sleep(0.1)
        exchange.cut()

    return behave


def fail(status: int, message: str = "scripted failure", headers: dict[str, str] | None = None) -> Behaviour:
    """Answers with an error in OpenAI's shape."""

    def behave(exchange: Exchange) -> None:
        exchange.send_json({"error": {"message": message, "type": "scripted", "code": status}}, status, headers)

    return behave


def end_without_done(*tokens: str) -> Behaviour:
    """Streams some tokens and ends cleanly, without finish_reason and [DONE]: looks complete, is not."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for token in tokens:
            exchange.token(token)
        exchange.end_stream()

    return behave


def error_event_after(*tokens: str) -> Behaviour:
    """Streams some tokens, then an error event, and ends cleanly."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for token in tokens:
            exchange.token(token)
        exchange.event(json.dumps({"error": {"message": "scripted failure", "type": "scripted", "code": 500}}))
        exchange.end_stream()

    return behave


def broken_event_after(data: bytes, *tokens: str) -> Behaviour:
    """Streams some tokens, then an event that is not valid UTF-8 JSON, then goes on as if nothing were."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for token in tokens:
            exchange.token(token)
        exchange.event(data)
        exchange.finish()

    return behave


def plain(body: bytes, status: int = 200, content_type: str = "application/json") -> Behaviour:
    """Answers with any body."""

    def behave(exchange: Exchange) -> None:
        head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        exchange.raw(head.encode() + body)

    return behave


def call(*calls: tuple[str, dict], text: str | None = None) -> Behaviour:
    """Calls tools: pairs of a name and arguments. Streamed, names come first and arguments in two pieces."""

    def behave(exchange: Exchange) -> None:
        full = [{"id": f"call_{len(exchange.messages)}_{index}", "type": "function",
                 "function": {"name": name, "arguments": json.dumps(arguments)}}
                for index, (name, arguments) in enumerate(calls)]
        if not exchange.streams:
            message = {"role": "assistant", "content": text, "tool_calls": full}
            answer = exchange.chunk([{"index": 0, "message": message, "finish_reason": "tool_calls"}])
            return exchange.send_json(answer | {"object": "chat.completion", "usage": usage(5, 5)})
        exchange.begin_stream()
        exchange.delta(role="assistant", content=text)
        for index, one in enumerate(full):
            arguments = one["function"]["arguments"]
            exchange.delta(tool_calls=[one | {"index": index, "function": one["function"] | {"arguments": ""}}])
            for piece in (arguments[:3], arguments[3:]):
                exchange.delta(tool_calls=[{"index": index, "function": {"arguments": piece}}])
        exchange.event(json.dumps(exchange.chunk([{"index": 0, "delta": {}, "finish_reason": "tool_calls"}])))
        exchange.event(b"[DONE]")
        exchange.end_stream()

    return behave
