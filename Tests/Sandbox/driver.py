"""A host for tests: starts the supervisor, speaks its control protocol and the workers' frames."""

import collections
import json
import os
import pathlib
import select
import socket
import struct
import subprocess
import time
from dataclasses import dataclass, field

HELLO, READY, STARTED, ENDED, OUTPUT, FAULT, SETTLED = range(100, 107)
START, KILL, WANT, LAYER, RESULT = range(1, 6)
PYTHON, DENO = 1, 2
CAUSES = {1: "exited", 2: "signal", 3: "timeout", 4: "memory", 5: "output", 6: "killed", 7: "waiting", 8: "cpu"}
FRAME_MAX = 64 << 20
REQUEST_MAX = 48 << 10


@dataclass
class Report:
    """What a caller sees of one call."""
    frames: list = field(default_factory=list)
    fault: str | None = None
    cause: str = ""
    code: int = 0
    wall_us: int = 0
    cpu_us: int = 0
    peak_kb: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_total: int = 0
    stderr_total: int = 0
    cold: bool = False
    elapsed: float = 0.0
    to_result: float = 0.0
    to_settled: float = 0.0
    settled: tuple | None = None

    @property
    def last(self):
        return self.frames[-1] if self.frames else {}

    @property
    def value(self):
        assert self.last.get("type") == "result", self
        return self.last["value"]

    @property
    def error(self):
        assert self.last.get("type") == "error", self
        return self.last

    @property
    def text(self):
        return [frame["text"] for frame in self.frames if frame["type"] == "text"]


class Supervisor:
    def __init__(self, binary, *arguments, prefix=(), wait=True, **process):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.process = subprocess.Popen([*prefix, binary, *map(str, arguments)], stdin=theirs, **process)
        theirs.close()
        self.socket = ours
        self.idle = {PYTHON: collections.deque(), DENO: collections.deque()}
        self.packets = collections.defaultdict(list)
        self.faults = []
        self.hello = None
        self.isolation = None
        if wait:
            while self.hello is None:
                self.pump(30)

    def close(self):
        self.socket.close()
        for queue in self.idle.values():
            for _, channel, _, _ in queue:
                channel.close()
        return self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def pump(self, timeout):
        """Takes one packet; False where none came in time."""
        if not select.select([self.socket], [], [], timeout)[0]:
            return False
        data, fds, _, _ = socket.recv_fds(self.socket, 1 << 17, 1)
        if not data:
            raise EOFError(f"the supervisor ended: {self.process.wait(5)}")
        kind = struct.unpack_from("<I", data)[0]
        if kind == HELLO:
            self.hello = json.loads(data[8:])
        elif kind == FAULT:
            self.faults.append((*struct.unpack_from("<2I", data, 4), data[12:].decode(errors="replace")))
        elif kind == READY:
            worker, language, cold, layer = struct.unpack_from("<4I", data, 4)
            self.idle.setdefault(language | layer << 16, collections.deque()).append(
                (worker, socket.socket(fileno=fds[0]), cold, layer))
        else:
            self.packets[struct.unpack_from("<I", data, 4)[0]].append((kind, data))
        return True

    def send(self, *fields, more=b""):
        self.socket.send(struct.pack(f"<{len(fields)}I", *fields) + more)

    def worker(self, language=PYTHON, timeout=30, layer=0):
        """The next one that waits, asking for one where none does."""
        queue, until = self.idle.setdefault(language | layer << 16, collections.deque()), time.monotonic() + timeout
        while self.pump(0):
            pass
        if not queue and not layer:
            self.send(WANT, language, 1)
        while not queue:
            if not self.pump(max(0, until - time.monotonic())):
                raise TimeoutError(f"no worker became ready: {self.faults[-1:]}")
        return queue.popleft()

    def wait_packet(self, worker, wanted, timeout):
        until = time.monotonic() + timeout
        while True:
            for kind, data in self.packets[worker]:
                if kind == wanted:
                    return data
            if not self.pump(max(0, until - time.monotonic())):
                raise TimeoutError(f"packet {wanted} of worker {worker} did not come; {self.packets[worker]} {self.faults[-1:]}")

    def call(self, request, language=None, timeout_ms=10_000, memory_mb=256, output_kb=1024, model=None, layer=0,
             kill_after=None, linger=0.0, hasty=False):
        """One call from START to ENDED."""
        if language is None:
            language = PYTHON if request.get("language", "python") == "python" else DENO
        worker, channel, cold, _ = self.worker(language, layer=layer)
        report = Report(cold=bool(cold))
        begun = time.monotonic()
        with channel:
            try:
                self.start(worker, channel, frame_of(request), timeout_ms, memory_mb, output_kb)
                if kill_after is not None:
                    time.sleep(kill_after)
                    self.send(KILL, worker)
                self.take_frames(channel, report, model, begun + timeout_ms / 1000 + 20)
                report.to_result = time.monotonic() - begun
                if linger:
                    time.sleep(linger)
                if hasty:
                    self.send(KILL, worker)
                if report.last.get("type") in ("result", "error", "checked"):
                    self.settle(worker, report, begun)
            except (ValueError, OSError) as fault:
                report.fault = str(fault)
                self.send(KILL, worker)
            self.end(worker, report, timeout_ms)
        report.elapsed = time.monotonic() - begun
        return report

    def start(self, worker, channel, frame, *limits):
        """Limits and request in one packet, where that is not too large."""
        if len(frame) <= REQUEST_MAX:
            return self.send(START, worker, *limits, more=frame)
        self.send(START, worker, *limits)
        written, = struct.unpack_from("<I", self.wait_packet(worker, STARTED, 10), 8)
        channel.sendall(frame[written:])

    def take_frames(self, channel, report, model, until):
        while True:
            frame = receive_frame(channel, until)
            if frame is None:
                return
            report.frames.append(frame)
            if frame.get("type") == "llm_call" and model:
                try:
                    reply = {"value": model(frame["messages"], frame["options"])}
                except Exception as error:
                    reply = {"error": str(error)}
                send_frame(channel, {"type": "llm_reply", "id": frame["id"], **reply})
            elif frame.get("type") in ("result", "error", "checked"):
                return

    def settle(self, worker, report, begun):
        """Says that the result was read; the first of what it took and its end."""
        self.send(RESULT, worker)
        while not (found := [data for kind, data in self.packets[worker] if kind in (SETTLED, ENDED)]):
            assert self.pump(10), "neither settled nor ended"
        report.to_settled = time.monotonic() - begun
        report.settled = struct.unpack_from("<5I", found[0], 8) if found[0][0] == SETTLED else None

    def end(self, worker, report, timeout_ms):
        data = self.wait_packet(worker, ENDED, timeout_ms / 1000 + 10)
        for kind, packet in self.packets.pop(worker):
            if kind == OUTPUT:
                stream, = struct.unpack_from("<I", packet, 8)
                setattr(report, "stdout" if stream == 1 else "stderr", packet[12:])
        cause, report.code, report.wall_us, report.cpu_us, report.peak_kb, report.stdout_total, report.stderr_total = (
            struct.unpack_from("<7I", data, 8))
        report.cause = CAUSES[cause]

    def run(self, source, language="python", input=None, **options):
        request = {"type": "run", "language": language, "source": source, "entry_point": "main", "input": input,
                   "result_bytes_max": 1 << 20, "text_bytes_max": 1 << 20, "files": {}, "keep_files_bytes": 0,
                   "llm": False, "interpreter": False}
        request.update(options.pop("request", {}))
        return self.call(request, **options)

    def check(self, source, language="python", entry_point="main", **more):
        report = self.call({"type": "check", "language": language, "source": source, "entry_point": entry_point, **more})
        assert report.last.get("type") == "checked", report
        return report.last["faults"]


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return met


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return {int(child) for child in found.split()}


def zygotes(pid):
    """Children that are in no namespace of processes of their own."""
    status = {child: pathlib.Path(f"/proc/{child}/status").read_text() for child in children(pid)}
    return {child for child, text in status.items() if len(text.split("NSpid:")[1].split("\n")[0].split()) == 1}


def frame_of(message):
    body = json.dumps(message).encode()
    return struct.pack("<I", len(body)) + body


def send_frame(channel, message):
    channel.sendall(frame_of(message))


def receive_exactly(channel, count, until):
    parts = bytearray()
    while len(parts) < count:
        channel.settimeout(max(0.001, until - time.monotonic()))
        piece = channel.recv(min(count - len(parts), 1 << 20))
        if not piece:
            return None
        parts += piece
    return bytes(parts)


def receive_frame(channel, until):
    """None at the end; ValueError where the worker did not keep to the protocol."""
    header = receive_exactly(channel, 4, until)
    if header is None:
        return None
    length, = struct.unpack("<I", header)
    if length > FRAME_MAX:
        raise ValueError(f"a frame of {length} bytes")
    body = receive_exactly(channel, length, until)
    if body is None:
        return None
    frame = json.loads(body.decode())
    if not isinstance(frame, dict):
        raise ValueError("a frame that is no object")
    return frame
