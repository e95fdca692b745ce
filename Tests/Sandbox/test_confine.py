"""`apus-sandbox confine`: what the program sees and may do, its limits, how it ends, and what it leaves."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from confining import Confine, confine, confine_as, open_to_all  # noqa: F401
from test_containers import DOCKERS, LAUNCHER, NEEDED, NUMBERS
from test_supervisor import until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
PROCESSES = 64


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


# What it sees


LOOK = """
import json, os, pwd, socket, sys
found = {"root": sorted(os.listdir("/")), "etc": sorted(os.listdir("/etc")), "dev": sorted(os.listdir("/dev")),
         "tmp": os.listdir("/tmp"), "out": os.listdir("/out"), "cwd": os.getcwd(), "environment": dict(os.environ),
         "ids": [os.getuid(), os.geteuid(), os.getgid(), os.getegid()], "host": socket.gethostname(),
         "pids": [os.getpid(), os.getppid()], "seen": [path for path in sys.argv[1:] if os.path.exists(path)],
         "input": sys.stdin.read(), "descriptors": [fd for fd in range(3, 256) if not closed(fd)]}
print(json.dumps(found))
"""
CLOSED = """
import os
def closed(fd):
    try: os.fstat(fd)
    except OSError: return True
"""


def test_what_it_sees(confine_as, tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("of the host")
    (confine_as.out / "given").write_text("")
    hidden = [canary, tmp_path, "/root", "/home", "/work", "/proc/self", "/sys/kernel", "/run", "/var", "/boot", "/opt",
              "/etc/passwd", "/etc/shadow", "/etc/ssl/private", "/etc/pip.conf", "/etc/gitconfig", "/dev/tty",
              "/dev/shm", "/dev/pts"]
    extra = os.open(canary, os.O_RDONLY)
    command = confine_as.command("/usr/bin/python3", "-c", CLOSED + LOOK, *hidden, options=["--env", "GIVEN=a=b"])
    ended = subprocess.run(command, capture_output=True, text=True, pass_fds=[extra], input="of the host",
                           env={**os.environ, "APUS_SECRET": "of the host"})
    os.close(extra)
    assert ended.returncode == 0 and ended.stderr == "", ended
    found = json.loads(ended.stdout)
    expected = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "dev", "tmp", "out"}
    assert set(found["root"]) <= expected and {"usr", "dev", "tmp", "out"} <= set(found["root"])
    assert found["dev"] == ["null", "random", "urandom", "zero"]
    assert (found["seen"], found["tmp"], found["cwd"], found["input"]) == ([], [], "/tmp", "")
    assert found["environment"] == {"GIVEN": "a=b", "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp",
                                    "LANG": "C.UTF-8"} and found["out"] == ["given"]
    assert found["host"] == "sandbox" and found["pids"][1] == 1 and found["descriptors"] == []
    assert len(set(found["ids"])) == 1 and 0 not in found["ids"]


WRITE = """
import os, sys
for path in sys.argv[1:]:
    try: open(path, "w").close(), print(path)
    except OSError: pass
for path in ("/usr", "/etc", "/dev", "/lib"):
    for change in (lambda: os.mkdir(path + "/x"), lambda: os.rename(path, path + "2"), lambda: os.chmod(path, 0o777)):
        try: change(), print(path)
        except OSError: pass
"""


def test_where_it_writes(confine_as):
    ended = confine_as.python(WRITE, "/x", "/etc/x", "/etc/hosts", "/usr/x", "/usr/bin/python3", "/dev/x", "/tmp/x",
                              "/out/x", "/dev/null")
    assert (ended.stdout.split(), ended.stderr) == (["/tmp/x", "/out/x", "/dev/null"], "")
    assert confine_as.is_owned() and [path.name for path in confine_as.out.iterdir()] == ["x"]


def test_paths_to_read(confine, tmp_path):
    for name in ("a", "b", "a/below"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    paths = [tmp_path / "a", tmp_path / "a/below", tmp_path / "b/file", "/etc/hosts", "/usr/share", tmp_path / "a"]
    options = [part for path in paths for part in ("--ro", path)]
    shell = f"cd {tmp_path}; cat a/file a/below/file b/file; echo x > a/x; echo x > b/file; ls"
    ended = confine.run("sh", "-c", shell, options=options)
    assert ended.stdout == "aa/belowba\nb\n" and ended.stderr.count("Read-only file system") == 2


# What it may do


REFUSED = """
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def told(call):
    try: return call()
    except OSError as error: return errno.errorcode[error.errno]
def number(n, *arguments):
    result = libc.syscall(n, *[ctypes.c_long(a) for a in arguments])
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
for family, kind, protocol in ((1, 1, 0), (1, 2, 0), (2, 3, 1), (2, 2, 1), (10, 3, 58), (2, 1, 132), (2, 1, 262), (16, 3, 0),
                               (17, 3, 0), (38, 5, 0), (40, 1, 0)):
    print(told(lambda: socket.socket(family, kind, protocol)))
print(told(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)))
print(told(lambda: socket.socket().listen()), told(lambda: socket.socket().setsockopt(6, 31, b"tls")))
print(told(lambda: socket.socket().setsockopt(1, socket.SO_REUSEPORT, 1)))
print(number(101, 0, 0, 0, 0), number(165, 0, 0, 0, 0, 0), number(272, 0x10000000), number(321, 0, 0, 0),
      number(425, 1, 0), number(250, 0, 0, 0, 0, 0), number(310, 1, 0, 0, 0, 0, 0), number(43, 0, 0, 0), number(288, 0, 0, 0, 0),
      number(56, 0x10000000 | 17, 0, 0, 0, 0), number(161, 0), number(133, 0, 0, 0), number(105, 0), number(62, 1, 9))
print(told(lambda: os.setuid(0)), told(lambda: os.chown("/out", 0, 0)))
"""


@pytest.mark.skipif("unshare" not in NUMBERS or os.uname().machine != "x86_64", reason="numbers of x86-64")
def test_what_is_refused(confine_as):
    ended = confine_as.python(REFUSED)
    assert ended.returncode == 0, ended
    found = ended.stdout.split()
    families = ["EAFNOSUPPORT"] * 2 + ["EPERM"] * 5 + ["EAFNOSUPPORT"] * 4
    assert found == [*families, "EPERM", "EPERM", "ENOPROTOOPT", "ENOPROTOOPT", *["EPERM"] * 13, "0", "EPERM", "EPERM"]


def test_no_privilege_comes_back(confine_as):
    source = "print([line for line in open('/out/s') if line[:3] in ('Cap', 'NoN', 'Sec')])"
    ended = confine_as.run("sh", "-c", "cp /usr/bin/id /out/id; chmod 6755 /out/id; /out/id; su -c id; echo $?")
    assert ended.stdout.split()[-1] != "0" and "uid=0" not in ended.stdout, source
    assert "Permission denied" in ended.stderr and confine_as.is_owned()


@pytest.mark.parametrize("family, host", [("AF_INET", "127.0.0.1"), ("AF_INET6", "::1")])
def test_the_hosts_network(confine, family, host):
    try:
        server = socket.create_server((host, 0), family=getattr(socket, family))
    except OSError:
        pytest.skip(f"no {family}")
    with server:
        source = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).sendall(b'hello')"
        assert confine.python(source, host, server.getsockname()[1]).returncode == 0
        connection, _ = server.accept()
        with connection:
            assert connection.recv(5) == b"hello"


def test_names_are_found(confine):
    ended = confine.python("import socket; print(socket.getaddrinfo('localhost', 80, type=socket.SOCK_STREAM))")
    assert ended.returncode == 0 and "127.0.0.1" in ended.stdout or "::1" in ended.stdout, ended


# Its limits


def test_the_time(confine_as):
    ended = confine_as.run("sh", "-c", "trap '' TERM INT HUP; sleep 4711 & sleep 4711", time_ms=400)
    assert ended.returncode == 75 and only_line(ended.stderr) == "confine: the time of 400 ms was up\n"
    assert running("sleep\0004711") == []


@pytest.mark.parametrize("source", [
    "open('/out/x', 'wb').write(bytes(40 << 20))",
    "for n in range(40): open(f'/out/{n}', 'wb').write(bytes(1 << 20))",
    "for n in range(100000): open(f'/out/{n}', 'wb').close()",
    "import os\nfor n in range(80): os.mkdir('a'), os.chdir('a')",
    "import os\nos.mkdir('a')\nfor n in range(40): open(f'a/{n}', 'wb').write(bytes(1 << 20))\nos.chmod('a', 0)",
    "import os\nos.mkdir('a')\nfor n in range(40): open(f'a/{n}', 'wb').write(bytes(1 << 20))\n"
    "while True: os.chmod('a', 0), os.chmod('a', 0o400)",
    "import resource, signal\nsignal.signal(25, signal.SIG_DFL)\nopen('/out/x', 'wb').write(bytes(40 << 20))"])
def test_the_disk(confine_as, source):
    source = "import os, time\nos.chdir('/out')\n" + source + "\ntime.sleep(30)"
    begin = time.monotonic()
    ended = confine_as.python(source, disk=24, time_ms=20000)
    if "40 << 20" in source and "SIG_DFL" not in source:
        # One file stops at the limit, and its writer is told.
        assert ended.returncode == 1 and "File too large" in ended.stderr
        return
    assert ended.returncode == 73 and time.monotonic() - begin < 20, ended
    assert "more than 24 MB were written" in only_line(ended.stderr)
    subprocess.run(["rm", "-rf", confine_as.out], check=True)


def test_the_disk_at_the_end(confine):
    source = "for n in range(30): open(f'/out/{n}', 'wb').write(bytes(1 << 20))"
    assert confine.python(source, disk=24).returncode == 73
    assert confine.run("true", disk=24).returncode == 73
    assert confine.run("true", disk=48).returncode == 0


def test_scratch_is_limited(confine):
    ended = confine.python("for n in range(40): open(f'/tmp/{n}', 'wb').write(bytes(1 << 20))", disk=24)
    assert ended.returncode == 1 and "No space left" in ended.stderr


def test_the_memory(confine_as):
    ended = confine_as.python("bytearray(1 << 28)", memory=64)
    assert ended.returncode == 1 and "MemoryError" in ended.stderr


def test_the_memory_of_several(confine):
    if not any("memory" in line and line.endswith(("/", "/process_api")) or "memory" in line
               for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines()) or os.geteuid() != 0:
        pytest.skip("no memory cgroup that can be written")
    source = "import os, time\nfor n in range(6): os.fork()\nheld = bytearray(40 << 20)\ntime.sleep(20)"
    ended = confine.python(source, memory=64, time_ms=15000)
    assert ended.returncode == 74 and only_line(ended.stderr) == "confine: the memory of 64 MB was not enough\n"


FORKS = """
import os, time
count = 0
try:
    while count < 500:
        if os.fork() == 0: time.sleep(4712), os._exit(0)
        count += 1
except BlockingIOError: pass
print(count)
"""


def test_processes_are_limited(confine_as):
    ended = confine_as.python(FORKS, time_ms=20000)
    assert ended.returncode == 0 and 50 <= int(ended.stdout) < PROCESSES, ended


# How it ends


@pytest.mark.parametrize("program, code", [
    (["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137), (["sh", "-c", "kill -15 $$"], 143),
    (["/nonexistent"], 127), (["nonexistent"], 127), (["/usr"], 126), (["/etc/resolv.conf"], None)])
def test_exit_codes(confine_as, program, code):
    ended = confine_as.run(*program)
    assert ended.returncode == code or code is None and ended.returncode in (0, 1, 2, 126, 127)


def test_output_is_the_callers(confine):
    ended = confine.run("sh", "-c", "echo out; echo err >&2")
    assert (ended.stdout, ended.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ended_by_a_signal(confine, number):
    process = confine.start("sh", "-c", "echo begun; sleep 4713")
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(number)
    assert process.wait(10) == 128 + number and f"ended by signal {int(number)}" in process.stderr.read().decode()
    assert running("sleep\0004713") == [] and confine.is_owned()


def test_killed(confine):
    process = confine.start("sh", "-c", "echo begun; sleep 4714")
    assert process.stdout.readline() == b"begun\n"
    process.kill()
    process.wait()
    assert until(lambda: running("sleep\0004714") == [])
    # The next one sweeps up its control groups.
    left = f"apus-{process.pid}"
    assert until(lambda: confine.run("true").returncode == 0 and left not in {path.name for path in groups()})


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_the_parent_is_gone(confine, kind):
    if kind == "pipe":
        kept, given = (lambda ends: (open(ends[1], "wb", 0), open(ends[0], "rb", 0)))(os.pipe())
    else:
        kept, given = socket.socketpair()
    process = confine.start("sh", "-c", "echo begun; sleep 4715", options=["--life-fd", given.fileno()],
                            pass_fds=[given.fileno()])
    given.close()
    assert process.stdout.readline() == b"begun\n"
    (kept.write if kind == "pipe" else kept.sendall)(b"still here")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    kept.close()
    assert process.wait(10) == 76 and "--life-fd" in only_line(process.stderr.read().decode())
    assert running("sleep\0004715") == []


def test_a_parent_of_which_a_thread_ends(confine):
    # The parent-death signal would follow the thread that started it.
    import threading
    started = []
    thread = threading.Thread(target=lambda: started.append(confine.start("sh", "-c", "sleep 0.3; echo done")))
    thread.start(), thread.join()
    assert started[0].communicate(timeout=10)[0] == b"done\n" and started[0].returncode == 0


def test_nothing_is_left(confine_as):
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    for program in (["sh", "-c", "sleep 4716 & setsid sleep 4716 & exit 3"], ["nonexistent"], ["sleep", "9"]):
        process = confine_as.start(*program, time_ms=1000)
        process.communicate()
        assert f"apus-{process.pid}" not in {path.name for path in groups()}
    assert running("sleep\0004716") == [] and pathlib.Path("/proc/self/mountinfo").read_text() == mounts
    assert confine_as.out.stat().st_mode & 0o7777 == 0o755


def test_what_it_leaves_can_be_removed(confine_as):
    source = ("import os, socket\nos.chdir('/out')\nos.mkdir('d')\nopen('d/f', 'w').close()\nos.symlink('/etc/passwd', 'l')\n"
              "a, b = socket.socketpair()\na.bind('s')\nos.chmod('d/f', 0o6000)\nos.link('d/f', 'd/g')\n"
              "os.chmod('d', 0o1000)\nos.chmod('/out', 0)")
    ended = confine_as.python(source)
    assert ended.returncode == 0 and confine_as.is_owned(), ended
    assert sorted(path.name for path in confine_as.out.iterdir()) == ["d", "l"]
    assert (confine_as.out / "d").stat().st_mode & 0o777 == 0o700
    assert (confine_as.out / "d/f").stat().st_mode & 0o7777 == 0o400


# How it is started


@pytest.mark.parametrize("change, text", [
    ({"--out": None}, "missing: --out DIR"), ({"--out": "/nonexistent/x"}, "--out: no such folder: /nonexistent/x"),
    ({"--out": "/etc/hosts"}, "--out: not a folder"), ({"--timeout-ms": "0"}, "--timeout-ms takes a number from 1"),
    ({"--memory-mb": "8"}, "--memory-mb takes a number from 16"), ({"--disk-mb": "x"}, "--disk-mb takes a number"),
    ({"--disk-mb": None}, "missing: --disk-mb N"), ({"--nonsense": "1"}, "unknown argument: --nonsense"),
    ({"--env": "NAME"}, "--env takes NAME=VALUE"), ({"--ro": "relative"}, "--ro takes an absolute path"),
    ({"--ro": "/usr/../etc"}, "--ro takes an absolute path"), ({"--ro": "/nonexistent"}, "--ro: no such path"),
    ({"--ro": "/proc/self"}, "--ro cannot take"), ({"--life-fd": "2"}, "--life-fd takes a descriptor of its own"),
    ({"--life-fd": "77"}, "--life-fd: Bad file descriptor")])
def test_wrong_arguments(binary, tmp_path, change, text):
    flags = {"--out": str(tmp_path), "--timeout-ms": "1000", "--memory-mb": "64", "--disk-mb": "16", **change}
    given = [part for flag, value in flags.items() if value is not None for part in (flag, value)]
    ended = subprocess.run([binary, "confine", *given, "--", "true"], capture_output=True, text=True)
    assert ended.returncode == 64 and text in only_line(ended.stderr)


@pytest.mark.parametrize("arguments", [[], ["--"], ["--out"], ["true"]])
def test_no_arguments(binary, arguments):
    ended = subprocess.run([binary, "confine", *arguments], capture_output=True, text=True)
    assert ended.returncode == 64 and "known: --out DIR" in only_line(ended.stderr)


@needs_root
@pytest.mark.parametrize("allowed, code", [(NEEDED, 0), ([], 69), *[(set(NEEDED) - {name}, 69) for name in NEEDED]],
                         ids=["needed", "none", *[f"no-{name}" for name in NEEDED]])
@pytest.mark.skipif(not NUMBERS, reason="no numbers of this architecture's calls")
def test_in_a_container(binary, tmp_path, allowed, code):
    open_to_all(tmp_path)
    confine = Confine(binary, tmp_path)
    os.chown(confine.out, 10001, 10001)
    refused = [number for name, number in NUMBERS.items() if name not in {"clone", "seccomp", *allowed}]
    confine.prefix = [sys.executable, "-c", LAUNCHER, ",".join(map(str, refused)), "", "10001"]
    ended = confine.run("sh", "-c", "echo hello > /out/x; cat /out/x")
    assert ended.returncode == code, ended
    if code == 0:
        assert ended.stdout == "hello\n"
    else:
        assert "cannot be confined here" in only_line(ended.stderr) and "user namespaces" in ended.stderr
        assert ended.stdout == "" and list(confine.out.iterdir()) == []


@needs_root
@pytest.mark.skipif(not NUMBERS, reason="no numbers of this architecture's calls")
def test_root_of_a_container(binary, tmp_path):
    confine = Confine(binary, tmp_path)
    refused = [number for name, number in NUMBERS.items() if name not in ("clone", "seccomp")]
    confine.prefix = [sys.executable, "-c", LAUNCHER, ",".join(map(str, refused)), ",".join(map(str, DOCKERS)), "0"]
    ended = confine.run("true")
    assert ended.returncode == 69 and "CAP_SYS_ADMIN" in only_line(ended.stderr) and confine.is_owned()
