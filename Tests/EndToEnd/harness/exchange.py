"""One request to the scripted model, and the means to answer it in any way, right or wrong."""

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Left by a client that closed its side, or all of it.
_GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Gone(Exception):
    """The client went away while the behaviour waited for something else."""


class Exchange:
    """What was asked (`body`, `messages`, `headers`), when, and when the client went away (`disconnected_at`)."""

    def __init__(self, sock: socket.socket, path: str, headers: dict[str, str], body: bytes,
                 stopping: threading.Event):
        self._sock, self._stopping = sock, stopping
        self.path, self.headers, self.raw_body = path, headers, body
        self.started_at = time.monotonic()
        self.disconnected_at: float | None = None
        self.disconnected = threading.Event()
        self.ended = threading.Event()
        self.closed = False
        self.sent_bytes = 0

    @property
    def body(self) -> dict:
        return json.loads(self.raw_body)

    @property
    def messages(self) -> list[dict]:
        return self.body["messages"]

    @property
    def contents(self) -> list[str]:
        """The texts of the messages, each with its role: what a test of memory compares."""
        return [f"{message['role']}: {text_of(message)}" for message in self.messages]

    @property
    def streams(self) -> bool:
        return self.body.get("stream") is True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Notices, while the behaviour runs, when the client goes away."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self.ended.set()

    def _watch(self, done: threading.Event) -> None:
        poll = select.poll()
        poll.register(self._sock, _GONE)
        while not done.is_set():
            try:
                gone = any(events & _GONE for _, events in poll.poll(5))
            except OSError:
                gone = True
            if gone and not self.closed and not done.is_set():
                self._note_disconnect()
                return

    def _note_disconnect(self) -> None:
        if not self.disconnected.is_set():
            self.disconnected_at = time.monotonic()
            self.disconnected.set()

    def wait(self, event: threading.Event, timeout: float = 30) -> None:
        """Waits for a test's signal; raises Gone when the client leaves first."""
        deadline = time.monotonic() + timeout
        while not event.wait(0.005):
            if self.disconnected.is_set() or self._stopping.is_set() or time.monotonic() > deadline:
                raise Gone

    def hang(self) -> None:
        """Does nothing until the client goes away or the server ends."""
        self.wait(threading.Event(), timeout=600)

    def raw(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError:
            # The one who writes may learn of it before the one who watches.
            if not self.closed:
                self._note_disconnect()
            raise
        self.sent_bytes += len(data)

    def send_json(self, value, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        lines = {"Content-Type": "application/json", "Content-Length": str(len(data))} | (headers or {})
        self.raw(_head(status, lines) + data)

    def begin_stream(self) -> None:
        self.raw(_head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}))

    def event(self, data: bytes | str) -> None:
        """One `data:` event in a transfer chunk of its own."""
        data = data.encode() if isinstance(data, str) else data
        line = b"data: " + data + b"\n\n"
        self.raw(b"%x\r\n%s\r\n" % (len(line), line))

    def delta(self, finish_reason: str | None = None, **delta) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        self.event(json.dumps(self.chunk([choice])))

    def token(self, text: str) -> None:
        self.delta(content=text)

    def finish(self, prompt_tokens: int = 7, completion_tokens: int = 3, reason: str = "stop") -> None:
        """The last delta, the usage if it was asked for, [DONE], and the end of the answer."""
        self.delta(finish_reason=reason)
        if (self.body.get("stream_options") or {}).get("include_usage"):
            self.event(json.dumps(self.chunk([]) | {"usage": usage(prompt_tokens, completion_tokens)}))
        self.event("[DONE]")
        self.end_stream()

    def end_stream(self) -> None:
        self.raw(b"0\r\n\r\n")

    def chunk(self, choices: list) -> dict:
        return {"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1, "model": "scripted",
                "choices": choices}

    def cut(self) -> None:
        """Ends the connection with a reset, in the midst of whatever was sent."""
        self.closed = True
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.shutdown(socket.SHUT_RD)
        self._sock.close()


def usage(prompt_tokens: int, completion_tokens: int) -> dict:
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens}


def text_of(message: dict) -> str:
    """A message's text, whether it is a string or parts."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode()
