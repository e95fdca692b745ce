"""What runs inside the sandbox for Python: a zygote that forks workers, and a worker that runs one program.

Everything the worker needs after user code began is bound here, before: user code may change any module.
"""
import os
import sys

# What modules do in a forked child is for threads and locks that a zygote does not have, and makes pages its own.
register_at_fork, os.register_at_fork = os.register_at_fork, lambda **_: None
# asyncio takes it along where it is there; a worker has no use for it.
sys.modules["ssl"] = None

import array
import ast
import asyncio
import base64
import binascii
import bisect
import collections
import contextlib
import copy
import csv
import ctypes
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import gc
import hashlib
import heapq
import hmac
import inspect
import io
import itertools
import json
import linecache
import math
import operator
import random
import re
import resource
import secrets
import signal
import socket
import statistics
import string
import struct
import textwrap
import threading
import time
import traceback
import types
import typing
import unicodedata
import urllib.parse
import uuid
import zlib

os.register_at_fork = register_at_fork
del sys.modules["ssl"]
LIBC = ctypes.CDLL(None, use_errno=True)
PIDFD, PARENT, NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID = (
    0x1000, 0x8000, 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000)
SETTID, CLEARTID = 0x1000000, 0x200000
SYS_CLONE3, SYS_CLOSE_RANGE = 435, 436
SYS_SECCOMP, SYS_CAPSET, SYS_SETGROUPS, SYS_SETRESGID, SYS_SETRESUID = (
    (277, 91, 159, 149, 147) if os.uname().machine == "aarch64" else (317, 126, 116, 119, 117))
FRAME_MAX = 64 << 20
USER_FILE = "main.py"


def checked(step, *arguments):
    """A system call; what fails is said with its name and reason."""
    result = LIBC.syscall(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{step}: {os.strerror(ctypes.get_errno())}")
    return result


def prctl(step, *arguments):
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:5]]
    if LIBC.prctl(*values) < 0:
        raise OSError(ctypes.get_errno(), f"prctl {step}: {os.strerror(ctypes.get_errno())}")


# ---- the zygote ----

class CloneArguments(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls", "set_tid",
        "set_tid_size", "cgroup")]


class FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_void_p)]


def thread_id_address():
    """Where the C library keeps this thread's number: a fork of our own must set it, as the library's does."""
    address = ctypes.c_void_p()
    return address.value or 0 if LIBC.prctl(40, ctypes.byref(address), 0, 0, 0) == 0 else 0


def zygote(control, program):
    """Forks a worker for every request; returns in the worker alone."""
    pidfd, buffer = ctypes.c_int(-1), ctypes.create_string_buffer(program, len(program))
    filter_ = FilterProgram(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    tid = thread_id_address()
    flags = PIDFD | PARENT | NEWNS | NEWUTS | NEWIPC | NEWPID | (SETTID | CLEARTID if tid else 0)
    clone = CloneArguments(flags=flags, pidfd=ctypes.addressof(pidfd), child_tid=tid)
    api = ctypes.pythonapi
    gc.collect()
    gc.freeze()
    LIBC.malloc_trim(0)
    control.send(struct.pack("=Ii", 0, 0))
    while True:
        request, fds, _, _ = socket.recv_fds(control, 64, 5)
        if not request:
            os._exit(0)
        worker, uid = struct.unpack("=Ii", request)
        api.PyOS_BeforeFork()
        pid = LIBC.syscall(SYS_CLONE3, ctypes.byref(clone), ctypes.sizeof(clone))
        if pid == 0:
            api.PyOS_AfterFork_Child()
            random.seed()
            threading.main_thread()._set_native_id()
            control.detach()
            enter(uid, fds, filter_)
            return
        error = ctypes.get_errno()
        api.PyOS_AfterFork_Parent()
        reply = struct.pack("=Ii", worker, pid if pid > 0 else -error)
        socket.send_fds(control, [reply], [pidfd.value] if pid > 0 else [])
        for fd in [*fds, pidfd.value] if pid > 0 else fds:
            os.close(fd)


def enter(uid, fds, filter_):
    """From a fresh fork to a process that can do nothing but compute; a fault is said on its stderr."""
    os.dup2(fds[2], 2)
    try:
        os.dup2(fds[0], 0), os.dup2(fds[1], 1), os.dup2(fds[0], 3)
        for group in fds[3:]:
            os.write(group, b"0")
        checked("close_range", SYS_CLOSE_RANGE, 4, ctypes.c_uint(0xFFFFFFFF), 0)
        if LIBC.mount(b"tmp", b"/tmp", b"tmpfs", ctypes.c_ulong(2 | 4 | 8), b"mode=1777,size=64m,nr_inodes=4096") != 0:
            raise OSError(ctypes.get_errno(), "mount tmpfs /tmp: " + os.strerror(ctypes.get_errno()))
        drop_user(uid)
        os.mkdir("/tmp/work")
        os.chdir("/tmp/work")
        limit_resource(resource.RLIMIT_NPROC, 16)
        drop_capabilities()
        prctl("PR_SET_PDEATHSIG", 1, signal.SIGKILL)
        prctl("PR_SET_DUMPABLE", 4, 0)
        os.setsid()
        prctl("PR_SET_NO_NEW_PRIVS", 38, 1)
        checked("seccomp", SYS_SECCOMP, 1, 0, ctypes.byref(filter_))
    except BaseException as error:
        os.write(2, str(error).encode())
        os._exit(70)


def limit_resource(kind, most):
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def prepare():
    """What workers take from their zygote, once for all."""
    for kind, most in ((resource.RLIMIT_NOFILE, 64), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 64 << 20),
                       (resource.RLIMIT_MEMLOCK, 0), (resource.RLIMIT_SIGPENDING, 1024),
                       (resource.RLIMIT_STACK, 8 << 20)):
        limit_resource(kind, most)
    drop_bounding()


def drop_bounding():
    for capability in range(64):
        if LIBC.prctl(23, capability, 0, 0, 0) < 0:
            break
        prctl("PR_CAPBSET_DROP", 24, capability)


def drop_user(uid):
    if uid < 0:
        # Its own user namespace instead of its own uid: processes are counted by it. Its bounding set is full again.
        if LIBC.unshare(NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare CLONE_NEWUSER: " + os.strerror(ctypes.get_errno()))
        return drop_bounding()
    checked("setgroups", SYS_SETGROUPS, 0, 0)
    checked("setresgid", SYS_SETRESGID, uid, uid, uid)
    checked("setresuid", SYS_SETRESUID, uid, uid, uid)


def drop_capabilities():
    prctl("PR_CAP_AMBIENT", 47, 4)
    checked("capset", SYS_CAPSET, struct.pack("=Ii", 0x20080522, 0), bytes(24))


# ---- frames ----

class Channel:
    """Frames to and from the host: a length of four bytes, then JSON."""

    def __init__(self):
        self.read, self.write, self.lock = os.read, os.write, threading.Lock()
        self.loads, self.dumps = json.loads, json.dumps
        self.buffer = bytearray()

    def take(self, count):
        while len(self.buffer) < count:
            piece = self.read(0, min(max(count - len(self.buffer), 65536), 1 << 20))
            if not piece:
                os._exit(0)
            self.buffer += piece
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def receive(self):
        length = int.from_bytes(self.take(4), "little")
        if length > FRAME_MAX:
            os._exit(71)
        return self.loads(self.take(length))

    def send(self, message):
        self.send_bytes(self.dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))

    def send_bytes(self, body):
        view = memoryview(len(body).to_bytes(4, "little") + body)
        with self.lock:
            while view:
                view = view[self.write(3, view):]


# ---- the model ----

class ModelError(Exception):
    """The host refused a call of the model, or it failed."""


class Model:
    """The global `llm`: calls the model through the host. Several calls may be open at once."""

    def __init__(self, channel, allowed):
        self._channel, self._allowed, self._last = channel, allowed, 0
        self._replies, self._lock, self._reading = {}, threading.Condition(), False

    def _ask(self, messages, options):
        if not self._allowed:
            raise ModelError("this call has no model: llm is not available")
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        with self._lock:
            self._last += 1
            number = self._last
        self._channel.send({"type": "llm_call", "id": number, "messages": messages, "options": options})
        return number

    def _wait(self, number):
        """Whoever waits reads for all that wait."""
        while True:
            with self._lock:
                while number not in self._replies and self._reading:
                    self._lock.wait()
                if number in self._replies:
                    break
                self._reading = True
            try:
                reply = self._channel.receive()
            finally:
                with self._lock:
                    self._reading = False
                    self._lock.notify_all()
            with self._lock:
                self._replies[reply.get("id")] = reply
        reply = self._replies.pop(number)
        if "error" in reply:
            raise ModelError(reply["error"])
        return reply.get("value")

    def chat(self, messages, /, **options):
        """Calls the model and returns {"content", "role", "tool_calls"?, "finish_reason", "usage"}."""
        return self._wait(self._ask(messages, options))

    async def achat(self, messages, /, **options):
        """As chat, without holding up other tasks."""
        number = self._ask(messages, options)
        return await asyncio.get_running_loop().run_in_executor(None, self._wait, number)
