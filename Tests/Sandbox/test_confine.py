"""`apus-sandbox confine`: how it is started, what the program sees of the host, and what it may do."""

import json
import os
import socket
import subprocess
import sys

import pytest

from confining import Confine, confine, confine_as, only_line, open_to_all  # noqa: F401
from test_containers import DOCKERS, LAUNCHER, NEEDED, NUMBERS

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


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


REFUSED = """
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def told(call):
    try: return call()
    except OSError as error: return errno.errorcode[error.errno]
def number(n, *arguments):
    result = libc.syscall(n, *[ctypes.c_long(a) for a in arguments])
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
for family, kind, protocol in ((1, 1, 0), (1, 2, 0), (2, 3, 1), (2, 2, 1), (10, 3, 58), (2, 1, 132), (2, 1, 262),
                               (16, 3, 0), (17, 3, 0), (38, 5, 0), (40, 1, 0)):
    print(told(lambda: socket.socket(family, kind, protocol)))
print(told(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)))
print(told(lambda: socket.socket().listen()), told(lambda: socket.socket().setsockopt(6, 31, b"tls")))
print(told(lambda: socket.socket().setsockopt(1, socket.SO_REUSEPORT, 1)))
print(number(101, 0, 0, 0, 0), number(165, 0, 0, 0, 0, 0), number(272, 0x10000000), number(321, 0, 0, 0),
      number(425, 1, 0), number(250, 0, 0, 0, 0, 0), number(310, 1, 0, 0, 0, 0, 0), number(43, 0, 0, 0),
      number(288, 0, 0, 0, 0), number(56, 0x10000000 | 17, 0, 0, 0, 0), number(161, 0), number(133, 0, 0, 0),
      number(105, 0), number(62, 1, 9))
print(told(lambda: os.setuid(0)), told(lambda: os.chown("/out", 0, 0)))
"""


@pytest.mark.skipif("unshare" not in NUMBERS or os.uname().machine != "x86_64", reason="numbers of x86-64")
def test_what_is_refused(confine_as):
    ended = confine_as.python(REFUSED)
    assert ended.returncode == 0, ended
    found = ended.stdout.split()
    families = ["EAFNOSUPPORT"] * 2 + ["EPERM"] * 5 + ["EAFNOSUPPORT"] * 4
    assert found == [*families, "EPERM", "EPERM", "ENOPROTOOPT", "ENOPROTOOPT", *["EPERM"] * 13, "0", "EPERM", "EPERM"]


PRIVILEGE = """
import ctypes
libc = ctypes.CDLL(None)
sets = (ctypes.c_uint32 * 6)(*[7] * 6)
libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), sets)
print(list(sets), [libc.prctl(option, 0, 0, 0, 0) for option in (39, 21)],
      [number for number in range(64) if libc.prctl(23, number, 0, 0, 0) == 1])
"""


def test_no_privilege(confine_as):
    # NO_NEW_PRIVS, a filter, and no capability, not even one that could come back.
    assert confine_as.python(PRIVILEGE).stdout == "[0, 0, 0, 0, 0, 0] [1, 2] []\n"


def test_nothing_fetched_is_executed(confine_as):
    ended = confine_as.run("sh", "-c", "for f in /out /tmp; do cp /usr/bin/id $f/id; chmod 6755 $f/id; $f/id; done")
    assert ended.returncode == 126 and ended.stderr.count("Permission denied") == 2 and ended.stdout == ""
    assert confine_as.is_owned()


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
    assert ended.returncode == 0 and ("127.0.0.1" in ended.stdout or "::1" in ended.stdout), ended


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
