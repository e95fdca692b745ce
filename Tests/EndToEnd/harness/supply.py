"""A server on loopback that user code comes from: an index of packages, and repositories by git's own backend."""

import base64
import hashlib
import http.server
import io
import os
import subprocess
import threading
import zipfile
from pathlib import Path

BACKEND = ["git", "http-backend"]


def wheel(name: str, version: str, files: dict[str, str], needs: tuple[str, ...] = ()) -> tuple[str, bytes]:
    """A wheel's file name and bytes."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(
        f"Requires-Dist: {need}\n" for need in needs)
    entries = files | {
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record = ""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in entries.items():
            archive.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(text.encode())}\n"
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return f"{name}-{version}-py3-none-any.whl", content.getvalue()


class Supply:
    """Use as a context manager. `asked` has every path that was asked for."""

    def __init__(self, directory: Path, user: str | None = None) -> None:
        self.directory, self.user = directory, user
        self.packages: dict[str, list[str]] = {}
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        # Cleared, the server answers nobody.
        self.answers = threading.Event()
        self.answers.set()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self._server.supply = self
        self.host = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Supply":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def index(self) -> str:
        return f"http://{self.user + '@' if self.user else ''}{self.host}/simple"

    def add_package(self, name: str, version: str, files: dict[str, str], needs: tuple[str, ...] = ()) -> None:
        file, content = wheel(name, version, files, needs)
        self.add_file(name, file, content)

    def add_file(self, name: str, file: str, content: bytes) -> None:
        self.files[file] = content
        self.packages.setdefault(name.replace("_", "-"), []).append(file)

    def add_repository(self, name: str, files: dict[str, str], links: dict[str, str] | None = None) -> str:
        """Makes a repository of one commit, and returns that."""
        tree = self.directory / name
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        for path, target in (links or {}).items():
            (tree / path).symlink_to(target)
        environment = {"PATH": os.environ["PATH"], "HOME": str(tree), "GIT_CONFIG_NOSYSTEM": "1"}
        for name in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{name}_NAME": "t", f"GIT_{name}_EMAIL": "t@localhost"}
        def git(*arguments: str) -> str:
            done = subprocess.run(
                ["git", *arguments], cwd=tree, env=environment, check=True, capture_output=True, text=True)
            return done.stdout.strip()
        git("init", "--quiet")
        git("add", "--all")
        git("commit", "--quiet", "-m", "all")
        return git("rev-parse", "HEAD")

    def repository(self, name: str, commit: str, file: str = "") -> str:
        return f"http://{self.host}/git/{name}@{commit}{'#' + file if file else ''}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        supply: Supply = self.server.supply
        supply.asked.append(self.path)
        supply.answers.wait(60)
        path, _, query = self.path.partition("?")
        parts = path.strip("/").split("/")
        if parts[0] == "git":
            self._git(path[len("/git"):], query)
        elif parts[0] == "moved":
            self._send(302, b"", location=self.path.replace("/moved/", "/git/", 1))
        elif supply.user and not self._is_known(supply.user):
            self._send(401, b"who are you?", **{"www-authenticate": 'Basic realm="index"'})
        elif parts[0] == "simple" and len(parts) == 2 and parts[1] in supply.packages:
            links = "".join(f'<a href="/files/{file}">{file}</a>' for file in supply.packages[parts[1]])
            self._send(200, f"<html><body>{links}</body></html>".encode(), **{"content-type": "text/html"})
        elif parts[0] == "files" and parts[1] in supply.files:
            self._send(200, supply.files[parts[1]], **{"content-type": "application/octet-stream"})
        else:
            self._send(404, b"not here")

    do_POST = do_GET

    def _is_known(self, user: str) -> bool:
        return self.headers.get("authorization") == "Basic " + base64.b64encode(user.encode()).decode()

    def _git(self, path: str, query: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        # The repositories have a work tree: git's own folder is served.
        name, _, rest = path.lstrip("/").partition("/")
        environment = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.server.supply.directory), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{name}/.git/{rest}", "QUERY_STRING": query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("content-type", ""), "REMOTE_ADDR": "127.0.0.1",
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": self.headers.get("git-protocol", "")}
        done = subprocess.run(BACKEND, input=body, env=environment, capture_output=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        status = int(fields.pop("Status", "200").split()[0])
        self._send(status, content, **fields)

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Nothing is printed."""
