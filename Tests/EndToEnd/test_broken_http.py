"""What is wrong below JSON: bodies over the limit, and bytes that are hardly HTTP. The process goes on."""

import socket

import pytest
from harness.process import Apus
from harness.waiting import eventually

LIMIT = 8 << 20


def exchange(runtime: Apus, data: bytes, timeout: float = 10) -> bytes:
    """Sends bytes and returns all that comes back until the server closes or pauses for long."""
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=timeout) as sock:
        try:
            sock.sendall(data)
            received = b""
            while piece := sock.recv(65536):
                received += piece
                if b"\r\n\r\n" in received and received.rstrip().endswith(b"}"):
                    break
        except ConnectionError:
            pass
        return received


def head(runtime: Apus, length: int | str, token: str | None = None, path: str = "/v1/agents") -> bytes:
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Runtime-Token: {token or runtime.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n").encode()


@pytest.mark.parametrize("path", ["/v1/agents", "/v1/chat/completions"])
def test_a_body_over_the_limit_is_refused_without_being_read(shared_bot: Apus, path):
    # One byte is sent of what is announced: an answer shows that the rest was not waited for.
    answer = exchange(shared_bot, head(shared_bot, LIMIT + 1, path=path) + b"{")
    assert answer.startswith(b"HTTP/1.1 413 ") and b"PAYLOAD_TOO_LARGE" in answer


def test_a_chunked_body_over_the_limit_is_refused(shared_bot: Apus):
    request = head(shared_bot, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", shared_bot.port), timeout=10) as sock:
        try:
            sock.sendall(request)
            for _ in range(9):
                sock.sendall(chunk)
        except ConnectionError:
            pass
        try:
            answer = sock.recv(65536)
        except ConnectionError:
            # The server may close while the client still writes; then the reset overtakes the answer.
            pass
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")
    assert shared_bot.client.get("/ping").status == 200


def test_the_token_comes_before_the_size(shared_bot: Apus):
    answer = exchange(shared_bot, head(shared_bot, LIMIT + 1, token="wrong") + b"{")
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_a_body_of_just_the_limit_is_read(shared_bot: Apus):
    reply = shared_bot.client.post("/v1/agents", body=b" " * LIMIT)
    assert reply.status == 422


BROKEN = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "text": b"hello\r\n\r\n",
    "an unknown version": b"GET /ping HTTP/9.9\r\nHost: x\r\n\r\n",
    "a negative length": b"POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a length of letters": b"POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
    "two lengths": b"POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "a length and chunks": b"POST /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nxyz",
    "a broken chunk": b"POST /v1/agents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "NUL in a header": b"GET /ping HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
    "a header of 1 MiB": b"GET /ping HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * (1 << 20) + b"\r\n\r\n",
    "100,000 headers": b"GET /ping HTTP/1.1\r\nHost: x\r\n" + b"X-A: a\r\n" * 100_000 + b"\r\n",
    "a path of 1 MiB": b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_broken_bytes_are_refused_or_cut(shared_bot: Apus, data):
    try:
        answer = exchange(shared_bot, data, timeout=2)
    except TimeoutError:
        answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 "), answer[:200]
    assert shared_bot.alive and shared_bot.client.get("/ping").status == 200


def test_bodies_that_never_come_hold_nothing_up(shared_bot: Apus):
    waiting = [socket.create_connection(("127.0.0.1", shared_bot.port)) for _ in range(50)]
    try:
        for sock in waiting:
            sock.sendall(head(shared_bot, 1000) + b'{"name":')
        assert shared_bot.client.chat("hello").status == 200
    finally:
        for sock in waiting:
            sock.close()
    eventually(lambda: shared_bot.client.get("/ping").status == 200, "the server answers")
