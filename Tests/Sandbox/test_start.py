"""The packet START: the limits, and the request that may come along."""

import socket
import struct
import time

import pytest

from driver import ENDED, KILL, PYTHON, REQUEST_MAX, RESULT, START, STARTED, frame_of, receive_frame

LIMITS = (10_000, 64, 100)
# What is in force when the program's first line runs.
LOOKS = "import resource\nSEEN = resource.getrlimit(resource.RLIMIT_DATA)[0]\ndef main(x): return SEEN"


def request(source, **more):
    return {"type": "run", "language": "python", "source": source, "entry_point": "main", "input": 1, **more}


def result(channel):
    return receive_frame(channel, time.monotonic() + 10)["value"]


def end(sandbox, worker, channel):
    """The kinds of all packets of the call."""
    sandbox.send(RESULT, worker)
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
