"""A model server on loopback that does what a test tells it, byte by byte, and records what it was asked.

A behaviour is a function that gets an `Exchange` and answers it: one of `behaviours`, or a test's own. `then` queues
behaviours for the next requests; `by_model` answers those that ask for a model of that name, and `default` all others.
"""

import socket
import socketserver
import threading
from collections import deque
from collections.abc import Callable

from .behaviours import say
from .exchange import Exchange, Gone

Behaviour = Callable[[Exchange], None]


class ScriptedModel:
    """Use as a context manager. `requests` has every chat request in the order of arrival."""

    def __init__(self, port: int = 0) -> None:
        self.default: Behaviour = say("ok")
        self.by_model: dict[str, Behaviour] = {}
        self.requests: list[Exchange] = []
        self._next: deque[Behaviour] = deque()
        self._changed = threading.Condition()
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "ScriptedModel":
        # The poll interval bounds how long the end takes.
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.close_all()
        self._server.server_close()

    def then(self, *behaviours: Behaviour) -> "ScriptedModel":
        """Answers the next requests with these, one each."""
        self._next.extend(behaviours)
        return self

    def record(self, exchange: Exchange) -> Behaviour:
        with self._changed:
            self.requests.append(exchange)
            self._changed.notify_all()
            if self._next:
                return self._next.popleft()
            return self.by_model.get(exchange.body.get("model"), self.default)

    def wait_for(self, count: int, timeout: float = 10) -> Exchange:
        """Waits until that many requests have arrived; returns the last of them."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.requests) >= count, timeout)
        assert arrived, f"the model got {len(self.requests)} requests within {timeout} s, not {count}"
        return self.requests[count - 1]

    def asked_for(self, model: str) -> list[Exchange]:
        """The requests for a model of that name."""
        return [exchange for exchange in self.requests if exchange.body.get("model") == model]

    @property
    def last(self) -> Exchange:
        return self.requests[-1]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 512
    block_on_close = False

    def __init__(self, address, model: ScriptedModel):
        self.model = model
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Connection)

    def close_all(self) -> None:
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request, client_address) -> None:
        """A client that goes away is what many tests are about, and no fault; anything else is shown."""
        import sys
        if not isinstance(sys.exception(), (OSError, Gone)):
            super().handle_error(request, client_address)


class _Connection(socketserver.StreamRequestHandler):
    """Reads requests from one connection, one after another."""

    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        self.server.connections.add(self.connection)
        try:
            while request := self._read_request():
                method, path, headers, body = request
                if not self._answer(method, path, headers, body):
                    return
        finally:
            self.server.connections.discard(self.connection)

    def _read_request(self):
        line = self.rfile.readline()
        if not line.strip():
            return None
        method, path, _ = line.decode().split(" ", 2)
        headers = {}
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        return method, path, headers, self._read_body(headers)

    def _read_body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
        """Answers one request; False when the connection is at its end."""
        exchange = Exchange(self.connection, path, headers, body, self.server.model.stopping)
        if method != "POST":
            # Probes of the runtime's: a list of models satisfies them.
            exchange.send_json({"object": "list", "data": [{"id": "scripted", "object": "model"}]})
            return True
        behaviour = self.server.model.record(exchange)
        with exchange.watched():
            behaviour(exchange)
        return not exchange.closed


__all__ = ["Behaviour", "ScriptedModel"]
