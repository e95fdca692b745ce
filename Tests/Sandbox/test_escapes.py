"""The escape suite: what callers see of hostile programs, and that nothing outside was touched."""

import contextlib
import socket
import subprocess

import pytest

from hostile_deno import JAVASCRIPT, TYPESCRIPT
from hostile_python import PROGRAMS

CLEAN = {
    "python": "import os\ndef main(x): return [os.listdir('/tmp'), os.listdir('.')]",
    "deno": "export function main() { return [[...Deno.readDirSync('/tmp/work')], Object.prototype.value ?? null] }",
}
TABLE = ([("python", *entry) for entry in PROGRAMS] + [("javascript", *entry) for entry in JAVASCRIPT]
         + [("typescript", *entry) for entry in TYPESCRIPT])


class Canaries:
    """A listener, an abstract socket, a file and a process outside: none may be reached."""

    def __init__(self, folder):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.abstract = socket.socket(socket.AF_UNIX)
        self.listeners = [self.server]
        # Another run on this machine may have the name: then there is one listener less to be reached.
        with contextlib.suppress(OSError):
            self.abstract.bind("\0apus-canary")
            self.abstract.listen()
            self.listeners.append(self.abstract)
        self.file = folder / "canary"
        self.file.write_text("untouched")
        self.file.chmod(0o666)
        self.process = subprocess.Popen(["sleep", "3600"])
        for listener in self.listeners:
            listener.setblocking(False)

    def check(self):
        for listener in self.listeners:
            with pytest.raises(BlockingIOError):
                listener.accept()
        assert self.file.read_text() == "untouched"
        assert self.process.poll() is None

    def close(self):
        self.process.kill()
        self.process.wait()
        self.server.close()
        self.abstract.close()


@pytest.fixture(scope="session")
def canaries(tmp_path_factory):
    canaries = Canaries(tmp_path_factory.mktemp("canaries"))
    yield canaries
    canaries.close()


def listed(value):
    return value if isinstance(value, tuple) else (value,)


def matches(report, wanted):
    """Whether the caller sees one of the outcomes that are right for this program."""
    kind, last = report.last.get("type"), report.last
    seen = []
    if "value" in wanted:
        seen.append(kind == "result" and last["value"] in (wanted["value"], wanted.get("or_value", wanted["value"])))
    if "kind" in wanted:
        seen.append(kind == "error" and last["kind"] == wanted["kind"])
    if "error" in wanted:
        seen.append(kind == "error" and last["name"] in listed(wanted["error"]))
    if "cause" in wanted:
        seen.append(report.cause in listed(wanted["cause"]))
    if "fault" in wanted:
        seen.append(report.fault is not None and wanted["fault"] in report.fault)
    if wanted.get("no_result"):
        seen.append(kind != "result")
    if "or_error" in wanted and kind == "error" and last["name"] in listed(wanted["or_error"]):
        return True
    if "or_cause" in wanted and report.cause in listed(wanted["or_cause"]):
        return True
    return all(seen) or (bool(wanted.get("any")) and not wanted.get("no_result"))


@pytest.mark.parametrize("language, name, source, wanted", TABLE, ids=[f"{entry[0]}-{entry[1]}" for entry in TABLE])
def test_hostile(sandbox, canaries, language, name, source, wanted):
    source = source.replace("PORT", str(canaries.port))
    report = sandbox.run(source, language, timeout_ms=700, memory_mb=128, output_kb=512,
                         request={"text_bytes_max": 200_000, **wanted.get("request", {})})
    assert matches(report, wanted), report
    told = str(report.frames) + report.stdout.decode(errors="replace")
    assert "root:x:" not in told and ("/boot/" in source or "/boot/" not in told)
    if report.cause == "timeout":
        print(f"overshoot {report.wall_us / 1000 - 700:.1f} ms")
    canaries.check()
    if language == "python":
        assert sandbox.run(CLEAN["python"]).value == [["work"], []]
    else:
        assert sandbox.run(CLEAN["deno"], "javascript").value == [[], None]
