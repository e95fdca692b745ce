# ---- one worker's life ----

def flush_output():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass


def set_streams():
    sys.stdin = io.StringIO()
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = open(fd, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        setattr(sys, name, stream), setattr(sys, f"__{name}__", stream)
    sys.argv = [USER_FILE]


def warm_up(channel):
    """Once through all of it."""
    Program(channel, {"source": "def main(x):\n  return [x]", "input": {}}).run()
    channel.dumps(channel.loads(b'{"a":[1,"b"]}'))
    flush_output()
    write, channel.write = channel.write, lambda _, view: len(view)
    channel.send_bytes(b"{}")
    channel.write = write


def worker(channel):
    send_last, leave, flush, wait = Channel.send_bytes, os._exit, flush_output, os.read
    # The program's own modules first, packages last, as usual.
    sys.path.insert(0, "/tmp/work")
    # The pages it writes to are this process's own before the clock runs.
    warm_up(channel)
    os.write(1, b"\x01")
    request = channel.receive()
    if request.get("type") == "check":
        last = channel.dumps({"type": "checked", "faults": check(request)}).encode()
    else:
        last = Program(channel, request).run()
    flush()
    send_last(channel, last)
    # It is ended from outside, once it was looked at what it took; a host that is gone ends it, too.
    while wait(0, 4096):
        pass
    leave(0)


# ---- before the first of them ----

class ProgramHeader(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_uint32), ("flags", ctypes.c_uint32)] + [
        (name, ctypes.c_uint64) for name in ("offset", "address", "physical", "file_bytes", "bytes", "alignment")]


class LoadedObject(ctypes.Structure):
    _fields_ = [("base", ctypes.c_uint64), ("name", ctypes.c_char_p), ("headers", ctypes.POINTER(ProgramHeader)),
                ("count", ctypes.c_uint16)]


def forget_files():
    """Unmaps what the start has read of programs and libraries; what is used again comes back from the page cache."""
    def forget(loaded, _size, _data):
        for header in loaded[0].headers[:loaded[0].count]:
            if header.kind == 1 and not header.flags & 2:
                at = loaded[0].base + header.address & ~4095
                LIBC.madvise(ctypes.c_void_p(at), ctypes.c_size_t(header.bytes & ~4095), 4)
        return 0

    LIBC.dl_iterate_phdr(ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(LoadedObject), ctypes.c_size_t, ctypes.c_void_p)(forget), None)


asyncio.selector_events.BaseSelectorEventLoop._make_self_pipe = make_self_pipe
if os.path.isdir("/layer"):
    sys.path.append("/layer")
with open("/boot/filter", "rb") as opened:
    FILTER = opened.read()
prepare()
set_streams()
threading.stack_size(1 << 20)
CHANNEL = Channel()
forget_files()
# Often enough that the interpreter has adapted its code: pages that are not written to any more stay shared.
for _ in range(16):
    warm_up(CHANNEL)
zygote(socket.socket(fileno=3), FILTER)
worker(CHANNEL)
