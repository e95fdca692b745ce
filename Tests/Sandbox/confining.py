"""Starts `apus-sandbox confine` for tests, as whom they want, and serves what it fetches."""

import contextlib
import http.server
import os
import pathlib
import subprocess
import sys
import threading

import pytest

from test_supervisor import ROOT_OF_A_NAMESPACE

# Who starts it: this user, an ordinary one, root of a user namespace with no other user in it, and root to whom user
# namespaces are refused. And who that is on the host.
AS = {"caller": [], "ordinary": ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
      "alone": ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "--map-root-user"],
      "root": [sys.executable, "-c", ROOT_OF_A_NAMESPACE]}
UIDS = {"caller": os.geteuid(), "ordinary": 65534, "alone": 65534, "root": 100000}


class Confine:
    def __init__(self, binary, folder, who="caller"):
        self.binary, self.out, self.prefix, self.uid = binary, folder / "out", AS[who], UIDS[who]
        self.out.mkdir()
        if who != "caller":
            os.chown(self.out, self.uid, self.uid)

    def command(self, *program, time_ms=60000, memory=512, disk=64, options=()):
        limits = ["--timeout-ms", time_ms, "--memory-mb", memory, "--disk-mb", disk]
        return [str(part) for part in (*self.prefix, self.binary, "confine", "--out", self.out, *limits, *options,
                                       "--", *program)]

    def run(self, *program, **named):
        return subprocess.run(self.command(*program, **named), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)

    def python(self, source, *arguments, **named):
        return self.run("/usr/bin/python3", "-c", source, *arguments, **named)

    def start(self, *program, pass_fds=(), **named):
        return subprocess.Popen(self.command(*program, **named), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, pass_fds=pass_fds)

    def is_owned(self):
        """Everything belongs to whoever started it, and has no mode that keeps rights."""
        entries = [self.out, *self.out.rglob("*")]
        about = [entry.lstat() for entry in entries]
        return all((one.st_uid, one.st_gid) == (self.uid, self.uid) and not one.st_mode & 0o7000 for one in about)


def only_line(text):
    assert text.count("\n") == 1 and text.startswith("confine: "), text
    return text


def groups():
    return set(pathlib.Path("/sys/fs/cgroup").glob("**/apus-[0-9]*"))


def running(marker):
    """Processes of the host that have this text among their arguments."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [int(path.parent.name)] if marker.encode() in path.read_bytes() else []
        except OSError:
            pass
    return found


def open_to_all(folder):
    folder.chmod(0o755)
    for parent in list(folder.parents)[:3]:
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o055)


def checked(confine):
    refused = confine.run("true")
    if refused.returncode == 69:
        pytest.skip(refused.stderr)
    return confine


@pytest.fixture
def confine(binary, tmp_path):
    open_to_all(tmp_path)
    return checked(Confine(binary, tmp_path))


@pytest.fixture(params=list(AS))
def confine_as(binary, tmp_path, request):
    if request.param != "caller" and os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    open_to_all(tmp_path)
    return checked(Confine(binary, tmp_path, request.param))


@contextlib.contextmanager
def serving(handler):
    """A web server on loopback; its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def files_of(folder):
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, directory=str(folder), **named)

        def log_message(self, *_):
            pass

    return Handler


def repositories_of(folder):
    """git's own server, a CGI program: it also answers fetches of one commit."""
    found = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            named = {"CONTENT_TYPE": "Content-Type", "HTTP_CONTENT_ENCODING": "Content-Encoding",
                     "GIT_PROTOCOL": "Git-Protocol"}
            environment = {"GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                           "QUERY_STRING": query, "REQUEST_METHOD": self.command, "PATH": os.environ["PATH"],
                           "CONTENT_LENGTH": str(len(body)), "GIT_CONFIG_COUNT": "1",
                           "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
                           **{name: self.headers.get(header, "") for name, header in named.items()}}
            answer = subprocess.run([pathlib.Path(found) / "git-http-backend"], input=body, env=environment,
                                    capture_output=True).stdout
            head, _, body = answer.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for header in headers.items():
                self.send_header(*header)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    return Handler
