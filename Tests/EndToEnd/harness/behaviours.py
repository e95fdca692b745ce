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


def call_tools(*calls: tuple[str, dict | str], text: str | None = None, prefix: str = "call") -> Behaviour:
    """Asks for tools, `(name, arguments)` each; streamed in pieces, as models make them."""

    def behave(exchange: Exchange) -> None:
        made = [{"id": f"{prefix}_{index}", "type": "function", "function": {
            "name": name, "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments)}}
            for index, (name, arguments) in enumerate(calls)]
        if not exchange.streams:
            message = {"role": "assistant", "content": text, "tool_calls": made}
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
            return exchange.send_json(exchange.chunk([choice]) | {"object": "chat.completion", "usage": usage(7, 3)})
        exchange.begin_stream()
        if text:
            exchange.token(text)
        for index, call in enumerate(made):
            begin_call(exchange, index, call)
        exchange.finish(reason="tool_calls")

    return behave


def begin_call(exchange: Exchange, index: int, call: dict) -> None:
    """A call in pieces: its id and name, then its arguments in two."""
    function = call["function"]
    head = call | {"index": index, "function": function | {"arguments": ""}}
    exchange.delta(tool_calls=[head])
    half = len(function["arguments"]) // 2
    for piece in (function["arguments"][:half], function["arguments"][half:]):
        exchange.delta(tool_calls=[{"index": index, "function": {"arguments": piece}}])


def cut_within_a_call(exchange: Exchange) -> None:
    """Streams a call of a tool that nobody will ever see whole, then cuts the connection."""
    exchange.begin_stream()
    begin_call(exchange, 0, {"id": "call_cut", "type": "function",
                             "function": {"name": "calculator", "arguments": '{"expression": "1+'}})
    time.sleep(0.1)
    exchange.cut()


def garbage(exchange: Exchange) -> None:
    """Answers with bytes that are no HTTP."""
    exchange.raw(b"\x16\x03\x01\x00\xa5\x01\x00 this is not the protocol you are looking for\r\n\r\n")
    exchange.cut()


def half_a_character_after(*tokens: str) -> Behaviour:
    """Streams some tokens, then an event that ends within a character of three bytes."""
    return broken_event_after('{"choices":[{"index":0,"delta":{"content":"日'.encode()[:-1] + b'"}}]}', *tokens)


def split_character(exchange: Exchange) -> None:
    """Streams a character whose bytes come one by one: right, however it looks on the wire."""
    exchange.begin_stream()
    event = b"data: " + json.dumps(exchange.chunk([{"index": 0, "delta": {"content": "日"}}]),
                                   ensure_ascii=False).encode() + b"\n\n"
    for byte in event:
        exchange.raw(b"1\r\n%c\r\n" % byte)
    exchange.finish()


def long_line_after(size: int, *tokens: str) -> Behaviour:
    """Streams some tokens, then one line of that many bytes, or as much of it as is taken."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for token in tokens:
            exchange.token(token)
        piece = b"x" * (1 << 20)
        exchange.raw(b"6\r\ndata: \r\n")
        for _ in range(size >> 20):
            exchange.raw(b"%x\r\n%s\r\n" % (len(piece), piece))
        exchange.raw(b"2\r\n\n\n\r\n")
        exchange.finish()

    return behave


def long_body(size: int) -> Behaviour:
    """Answers with one JSON text of that many bytes, or as much of it as is taken."""

    def behave(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"x" * (1 << 20)
        exchange.raw(b'7\r\n{"id":"\r\n')
        for _ in range(size >> 20):
            exchange.raw(b"%x\r\n%s\r\n" % (len(piece), piece))
        exchange.end_stream()

    return behave


def endless(text: str) -> Behaviour:
    """Streams the same token for as long as somebody takes it."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        while True:
            exchange.token(text)

    return behave


def endless_comments(exchange: Exchange) -> None:
    """Streams comments, which say that it lives, and never a token."""
    exchange.begin_stream()
    while not exchange.disconnected.wait(0.05):
        exchange.raw(b"e\r\n: keep-alive\n\n\r\n")
    raise Gone
