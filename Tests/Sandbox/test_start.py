"""The packet START: the limits, and the request that may come along."""

import socket
import struct
import time

import pytest

from driver import ENDED, KILL, PYTHON, REQUEST_MAX, RESULT, SETTLED, START, STARTED, frame_of, receive_frame

LIMITS = (10_000, 64, 100)
# What is in force when the program's first line runs.
LOOKS = "import resource\nSEEN = resource.getrlimit(resource.RLIMIT_DATA)[0]\ndef main(x): return SEEN"


def request(source, **more):
    return {"type": "run", "language": "python", "source": source, "entry_point": "main", "input": 1, **more}


def result(channel):
    return receive_frame(channel, time.monotonic() + 10)["value"]


def end(sandbox, worker, channel, by=RESULT):
    """The kinds of all packets of the call."""
    sandbox.send(by, worker)
    sandbox.wait_packet(worker, ENDED, 10)
    channel.close()
    return [kind for kind, _ in sandbox.packets.pop(worker)]


@pytest.mark.parametrize("travels", [True, False])
def test_limits_are_in_force_before_the_program(sandbox, travels):
    worker, channel, _, _ = sandbox.worker()
    frame = frame_of(request(LOOKS))
    sandbox.send(START, worker, *LIMITS, more=frame if travels else b"")
    if not travels:
        assert struct.unpack_from("<3I", sandbox.wait_packet(worker, STARTED, 10))[1:] == (worker, 0)
        channel.sendall(frame)
    assert 64 << 20 <= result(channel) < 128 << 20
    assert (STARTED in end(sandbox, worker, channel)) is not travels


@pytest.mark.parametrize("size", [REQUEST_MAX, REQUEST_MAX - 1, REQUEST_MAX - 4095])
def test_the_largest_that_travels(sandbox, size):
    worker, channel, _, _ = sandbox.worker()
    empty = len(frame_of(request("def main(x): return len(x)", input="")))
    frame = frame_of(request("def main(x): return len(x)", input="x" * (size - empty)))
    sandbox.send(START, worker, *LIMITS, more=frame)
    assert result(channel) == size - empty
    assert STARTED not in end(sandbox, worker, channel)


def test_what_the_socket_does_not_take_is_left_to_the_host(sandbox):
    worker, channel, _, _ = sandbox.worker()
    # Both ends of the host's have one buffer; a frame fills it, and a worker that waits reads nothing of it in time.
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    frame = frame_of(request("def main(x): return len(x)", input="x" * 40_000))
    sandbox.send(START, worker, *LIMITS, more=frame)
    _, _, written = struct.unpack_from("<3I", sandbox.wait_packet(worker, STARTED, 10))
    assert written < len(frame)
    channel.sendall(frame[written:])
    assert result(channel) == 40_000
    end(sandbox, worker, channel)


def test_packets_that_are_too_long_start_nothing(sandbox):
    worker, channel, _, _ = sandbox.worker()
    for more in (1, 4, 70_000):
        sandbox.send(START, worker, *LIMITS, more=bytes(REQUEST_MAX + more))
    sandbox.idle[PYTHON].appendleft((worker, channel, 0, 0))
    assert sandbox.run("def main(x): return x", input=2).value == 2
    assert len(sandbox.faults) == 3 and all("does not have" in text for _, _, text in sandbox.faults)
    sandbox.faults.clear()


def test_a_request_for_one_that_was_killed(sandbox):
    worker, channel, _, _ = sandbox.worker()
    sandbox.send(KILL, worker)
    sandbox.send(START, worker, *LIMITS, more=frame_of(request(LOOKS)))
    sandbox.wait_packet(worker, ENDED, 10)
    assert receive_frame(channel, time.monotonic() + 10) is None
    channel.close()
    assert [kind for kind, _ in sandbox.packets.pop(worker)] == [ENDED]


def begun(sandbox, source):
    worker, channel, _, _ = sandbox.worker()
    sandbox.send(START, worker, *LIMITS, more=frame_of(request(source)))
    return worker, channel


def answered(sandbox):
    """The supervisor has seen all that was there before."""
    sandbox.socket.send(b"\1")
    while not sandbox.faults:
        assert sandbox.pump(10)
    sandbox.faults.clear()


@pytest.mark.parametrize("source, kind", [("def main(x): return x", "result"), ("def main(x): 1/0", "error")])
def test_a_first_frame_that_is_the_last_settles_the_call(sandbox, source, kind):
    worker, channel = begun(sandbox, source)
    sandbox.wait_packet(worker, ENDED, 10)
    assert receive_frame(channel, time.monotonic() + 10)["type"] == kind
    assert end(sandbox, worker, channel) == [SETTLED, ENDED]


def test_text_before_the_last_frame(sandbox):
    worker, channel = begun(sandbox, "def main(x):\n  yield 'a'\n  return x")
    frames = [receive_frame(channel, time.monotonic() + 10)["type"] for _ in range(2)]
    assert frames == ["text", "result"]
    # By itself where it looked at the channel after the host had taken the text.
    assert end(sandbox, worker, channel) == [SETTLED, ENDED]


@pytest.mark.parametrize("piece", [2, 4, 12, 30])
def test_a_piece_of_a_frame_settles_nothing(sandbox, piece):
    source = f"""
import os, struct
def main(x):
  body = b'{{"type":"result","value":7}}'
  frame = struct.pack('<I', len(body)) + body
  os.write(3, frame[:{piece}])
  os.read(0, 1)
  os.write(3, frame[{piece}:])
  os.read(0, 1)
"""
    worker, channel = begun(sandbox, source)
    while len(channel.recv(64, socket.MSG_PEEK)) < piece:
        pass
    answered(sandbox)
    channel.sendall(b"x")
    assert result(channel) == 7
    assert end(sandbox, worker, channel, by=KILL) == [ENDED]
