"""A small HTTP client over the standard library: nothing is retried, pooled or hidden, and streams can be cut."""

import http.client
import json
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

TIMEOUT = 30


@dataclass
class Reply:
    """One answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The error's code, in either of the contract's two shapes."""
        error = self.json().get("error")
        return error["code"] if isinstance(error, dict) else error

    @property
    def text(self) -> str:
        """A chat's answer."""
        return self.json()["choices"][0]["message"]["content"]


class Stream:
    """An answer that is read as it comes. Use as a context manager: leaving closes the connection."""

    def __init__(self, connection: http.client.HTTPConnection, reply: http.client.HTTPResponse, sock: socket.socket):
        self._connection, self._reply, self.sock = connection, reply, sock
        self.status = reply.status
        self.headers = {name.lower(): value for name, value in reply.getheaders()}

    def lines(self) -> Iterator[str]:
        while line := self._reply.readline():
            yield line.decode().rstrip("\r\n")

    def data(self) -> Iterator[str]:
        """The text of each `data:` line, `[DONE]` too, as it arrives."""
        for line in self.lines():
            if line.startswith("data: "):
                yield line[len("data: ") :]

    def chunks(self) -> Iterator[dict]:
        """Each chunk's JSON, up to `[DONE]`."""
        for data in self.data():
            if data == "[DONE]":
                return
            yield json.loads(data)

    def tokens(self) -> Iterator[str]:
        """The pieces of text of the answer."""
        for chunk in self.chunks():
            for choice in chunk["choices"]:
                if content := choice["delta"].get("content"):
                    yield content

    def read(self) -> bytes:
        return self._reply.read()

    def close(self) -> None:
        """Goes away as a client does that is closed: everything that is still to come is refused."""
        try:
            # No lingering: the peer gets a reset at once, whatever waits unread.
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self._reply.close()
        self._connection.close()
        self.sock.close()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_) -> None:
        self.close()


class Client:
    """Calls one runtime with its token; a new connection for each call."""

    def __init__(self, port: int, token: str):
        self.port, self.token = port, token

    def open(self, method: str, path: str, *, json_body=None, body: bytes | None = None,
             headers: dict[str, str] | None = None, timeout: float = TIMEOUT) -> Stream:
        """Sends a request and returns at the answer's head. A header with the value None is left out."""
        sent = {"X-Runtime-Token": self.token}
        if json_body is not None:
            body = json.dumps(json_body).encode()
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.connect()
        sock = connection.sock
        connection.request(method, path, body=body, headers={k: v for k, v in sent.items() if v is not None})
        return Stream(connection, connection.getresponse(), sock)

    def request(self, method: str, path: str, **options) -> Reply:
        with self.open(method, path, **options) as stream:
            return Reply(stream.status, stream.headers, stream.read())

    def get(self, path: str, **options) -> Reply:
        return self.request("GET", path, **options)

    def post(self, path: str, json_body=None, **options) -> Reply:
        return self.request("POST", path, json_body=json_body, **options)

    def put(self, path: str, json_body=None, **options) -> Reply:
        return self.request("PUT", path, json_body=json_body, **options)

    def delete(self, path: str, **options) -> Reply:
        return self.request("DELETE", path, **options)

    def make_agent(self, id: str = "bot", **fields) -> str:
        """Stores a conversation agent and returns its id."""
        body = {"id": id, "name": id, "template_id": "customer-service-bot"} | fields
        reply = self.post("/v1/agents", body)
        assert reply.status == 201, reply.body
        return id

    def chat(self, message, model: str = "bot", session: str | None = None, **fields) -> Reply:
        """A plain chat; `message` is a text or a list of messages."""
        return self.post("/v1/chat/completions", chat_body(message, model, session, **fields))

    def stream(self, message, model: str = "bot", session: str | None = None, timeout: float = TIMEOUT,
               **fields) -> Stream:
        body = chat_body(message, model, session, stream=True, **fields)
        return self.open("POST", "/v1/chat/completions", json_body=body, timeout=timeout)


def chat_body(message, model: str, session: str | None = None, **fields) -> dict:
    messages = [{"role": "user", "content": message}] if isinstance(message, str) else message
    body = {"model": model, "messages": messages} | fields
    if session is not None:
        body["metadata"] = {"session_id": session} | body.get("metadata", {})
    return body
