"""A web server on loopback for tools that fetch: it counts, and can make them wait."""

import http.server
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path

Page = Callable[["_Handler"], None]


class Pages:
    """Use as a context manager. `pages["/path"]` says what a path answers; `asked` has all that were asked for."""

    def __init__(self, certificate: Path | None = None) -> None:
        self._pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.site = self
        self._scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake is made by the thread of each connection.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"

    def __setitem__(self, path: str, page: Page | str) -> None:
        self._pages[path] = text(page) if isinstance(page, str) else page

    def __enter__(self) -> "Pages":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        return f"{self._scheme}://{self.host}{path}"

    def wait_for(self, path: str, count: int = 1, timeout: float = 20) -> None:
        with self._changed:
            arrived = self._changed.wait_for(lambda: self.asked.count(path) >= count, timeout)
        assert arrived, f"{path} was asked for {self.asked.count(path)} times within {timeout} s, not {count}"

    def answer(self, handler: "_Handler") -> None:
        with self._changed:
            self.asked.append(handler.path)
            self._changed.notify_all()
        self._pages.get(handler.path, text("no such page", 404))(handler)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address) -> None:
        """A client that goes away is no fault; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        try:
            self.server.site.answer(self)
        except OSError:
            # Who asked went away, which is what a test may be about.
            self.close_connection = True

    def log_message(self, *_) -> None:
        pass


def text(body: str, status: int = 200, content_type: str = "text/plain") -> Page:
    """Answers with a text."""

    def answer(handler: _Handler) -> None:
        data = body.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def redirect(location: str) -> Page:
    """Sends whoever asks elsewhere."""

    def answer(handler: _Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def hang_up(handler: _Handler) -> None:
    """Closes the connection without an answer."""
    handler.close_connection = True


class Slow:
    """A page that waits for `go_on`, and notices who leaves before."""

    def __init__(self, body: str = "at last"):
        self.go_on, self.left, self._body = threading.Event(), threading.Event(), body

    def __call__(self, handler: _Handler) -> None:
        handler.connection.settimeout(0.01)
        while not self.go_on.is_set():
            try:
                if handler.connection.recv(1) == b"":
                    raise ConnectionResetError
            except TimeoutError:
                continue
            except OSError:
                self.left.set()
                handler.close_connection = True
                return
        handler.connection.settimeout(None)
        text(self._body)(handler)


__all__ = ["Pages", "Slow", "hang_up", "redirect", "text"]
