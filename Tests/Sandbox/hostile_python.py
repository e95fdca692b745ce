"""Hostile Python programs: name, source, and what the caller must see.

`value`: the program's own account of what it got. `error`: the exception's class. `cause`: how the process ended.
`frames`: nothing at all may have come as a result.
"""

CALL = """
import ctypes, errno
L = ctypes.CDLL(None, use_errno=True)
def call(*a):
    r = L.syscall(*a)
    return errno.errorcode.get(ctypes.get_errno(), '?') if r < 0 else 'done'
"""


def syscalls(body):
    return CALL + "def main(x):\n  return " + body


PROGRAMS = [
    # processes
    ("fork", "import os\ndef main(x): os.fork()", {"error": "PermissionError"}),
    ("fork_bomb", "import os\ndef main(x):\n  while True:\n    try: os.fork()\n    except OSError: pass", {"cause": "timeout"}),
    ("subprocess", "import subprocess\ndef main(x): subprocess.run(['/bin/sh'])", {"error": "PermissionError"}),
    ("os_system", "import os\ndef main(x): return os.system('id') != 0", {"value": True}),
    ("exec_self", "import os\ndef main(x): os.execv('/usr/bin/python3.11', ['python3'])", {"error": ("PermissionError", "OSError")}),
    ("multiprocessing", "import multiprocessing as m\ndef main(x): m.Process(target=print).start()", {"error": ("PermissionError", "OSError")}),
    ("daemon", syscalls("[call(56, 0x11, 0, 0, 0, 0), call(57), call(58), call(435, 0, 0), call(112)]"),
     {"value": ["EPERM", "EPERM", "EPERM", "ENOSYS", "EPERM"]}),
    ("thread_bomb", "import threading, time\ndef main(x):\n  n = 0\n  try:\n    while n < 1000:\n      threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); n += 1\n"
     "  except RuntimeError: pass\n  return n < 32", {"value": True}),
    # time
    ("endless_loop", "def main(x):\n  while True: pass", {"cause": "timeout"}),
    ("endless_sleep", "import time\ndef main(x): time.sleep(1e6)", {"cause": "timeout"}),
    ("regex_hang", "import re\ndef main(x): re.match(r'(a+)+$', 'a' * 40 + 'b')", {"cause": "timeout"}),
    ("big_integer_hang", "def main(x): return len(str(bin(7 ** (7 ** 9))))", {"cause": ("timeout",), "or_error": "MemoryError"}),
    ("signals_ignored", "import signal\ndef main(x):\n  for s in range(1, 64):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n  while True: pass", {"cause": "timeout"}),
    ("endless_stream", "def main(x):\n  while True: yield 'x' * 1000", {"error": "OverflowError"}),
    ("compile_bomb", "def main(x): compile('-' * 100000 + '1', 'a', 'eval')", {"any": True}),
    ("never_awaited", "import asyncio\nasync def main(x): await asyncio.Event().wait()", {"cause": "timeout"}),
    # memory
    ("memory_bomb", "def main(x):\n  a = []\n  while True: a.append(bytearray(1 << 24))", {"cause": "memory", "or_error": "MemoryError"}),
    ("memory_small_steps", "def main(x):\n  a = []\n  while True: a.append(str(len(a)) * 50)", {"cause": "memory", "or_error": "MemoryError"}),
    ("mmap_bomb", "import mmap\ndef main(x):\n  a = []\n  while True:\n    m = mmap.mmap(-1, 1 << 26, flags=mmap.MAP_PRIVATE); m.write(b'x' * (1 << 26)); a.append(m)", {"cause": "memory", "or_error": ("OSError", "MemoryError")}),
    ("shared_memory", "import mmap\ndef main(x): mmap.mmap(-1, 4096)", {"error": "PermissionError"}),
    ("tmp_bomb", "def main(x):\n  with open('/tmp/work/a', 'wb') as f:\n    while True: f.write(b'x' * (1 << 20))", {"error": ("OSError", "MemoryError"), "or_cause": ("memory", "signal")}),
    ("tmp_full_by_many", "def main(x):\n  for i in range(100):\n    with open(f'/tmp/work/{i}', 'wb') as f: f.write(b'x' * (1 << 20))", {"error": "OSError"}),
    ("inode_bomb", "def main(x):\n  for i in range(100000): open(f'/tmp/work/{i}', 'w').close()", {"error": "OSError"}),
    # output and descriptors
    ("stdout_flood", "def main(x):\n  while True: print('x' * 10000)", {"cause": "output"}),
    ("stderr_flood", "import sys\ndef main(x):\n  while True: sys.stderr.write('x' * 10000)", {"cause": "output"}),
    ("descriptors", "import os\ndef main(x):\n  found = []\n  for fd in range(4, 1024):\n    try: os.fstat(fd); found.append(fd)\n    except OSError: pass\n  return found", {"value": []}),
    ("descriptor_bomb", "import os\ndef main(x):\n  n = 0\n  try:\n    while True: os.dup(1); n += 1\n  except OSError: return n < 64", {"value": True}),
    ("channel_closed", "import os\ndef main(x): os.close(3), os.close(0)", {"any": True, "no_result": True}),
    ("junk_on_channel", "import os\ndef main(x):\n  os.write(3, b'\\xff' * 4096)", {"fault": "frame of"}),
    ("junk_json", "import os\ndef main(x):\n  os.write(3, b'\\4\\0\\0\\0junk')", {"fault": "Expecting value"}),
    ("channel_flood", "import os\ndef main(x):\n  while True: os.write(3, b'\\2\\0\\0\\0{}' * 1000)", {"cause": ("timeout", "killed"), "any": True}),
    ("fake_result", "import os, struct\ndef main(x):\n  b = b'{\"type\":\"result\",\"value\":666}'\n  os.write(3, struct.pack('<I', len(b)) + b)\n  while True: pass", {"value": 666, "cause": ("timeout", "killed")}),
    ("reads_channel", "import os\ndef main(x):\n  os.set_blocking(0, False)\n  os.read(0, 100)", {"error": "BlockingIOError"}),
    ("ready_again", "import os\ndef main(x):\n  os.write(1, b'\\1' * 10)\n  return 1", {"value": 1}),
    # files and devices
    ("passwd", "def main(x): return open('/etc/passwd').read()", {"error": "FileNotFoundError"}),
    ("shadow_by_dots", "def main(x): return open('/tmp/../../../../etc/shadow').read()", {"error": "FileNotFoundError"}),
    ("proc_self", "import os\ndef main(x): return os.listdir('/proc')", {"error": "FileNotFoundError"}),
    ("proc_1_root", "def main(x): return open('/proc/1/root/etc/passwd').read()", {"error": "FileNotFoundError"}),
    ("sys", "import os\ndef main(x): return os.listdir('/sys')", {"error": "FileNotFoundError"}),
    ("root_listing", "import os\ndef main(x): return sorted(os.listdir('/'))", {"value": ["boot", "dev", "lib", "lib64", "tmp", "usr"]}),
    ("devices", "import os\ndef main(x): return sorted(os.listdir('/dev'))", {"value": ["null", "random", "urandom"]}),
    ("home", "import os\ndef main(x): return [p for p in ('/root', '/home', '/var', '/run', '/opt', '/mnt', '/srv', '/bin') if os.path.exists(p)]", {"value": []}),
    ("write_root", "def main(x): open('/a', 'w')", {"error": "OSError"}),
    ("write_library", "import os\ndef main(x): open(os.__file__, 'a')", {"error": ("OSError", "PermissionError")}),
    ("tamper_bootstrap", "def main(x): open('/boot/python.py', 'a')", {"error": ("OSError", "PermissionError")}),
    ("import_bootstrap", "import runpy\ndef main(x): runpy.run_path('/boot/python.py')", {"error": ("OSError", "PermissionError", "FileNotFoundError")}),
    ("mknod", "import os, stat\ndef main(x): os.mknod('/tmp/work/sda', stat.S_IFBLK | 0o666, os.makedev(8, 0))", {"error": "PermissionError"}),
    ("symlink_out", "import os\ndef main(x):\n  os.symlink('/etc/passwd', 'a')\n  return open('a').read()", {"error": "FileNotFoundError"}),
    ("symlink_is_not_kept", "import os\ndef main(x):\n  os.symlink('/boot/python.py', 'a')", {"value": None, "request": {"keep_files_bytes": 1 << 20}}),
    ("setuid_file", "import os\ndef main(x):\n  open('a', 'w').close(); os.chmod('a', 0o4755)\n  os.execv('a', ['a'])", {"error": "PermissionError"}),
    ("chroot_out", syscalls("[call(161, b'/tmp'), call(155, b'.', b'.')]"), {"value": ["EPERM", "EPERM"]}),
    ("open_by_handle", syscalls("[call(304, 0, 0, 0), call(303, 0, b'/', 0, 0, 0)]"), {"value": ["EPERM", "EPERM"]}),
    # network
    ("socket", "import socket\ndef main(x): socket.create_connection(('127.0.0.1', PORT), 1)", {"error": ("PermissionError", "OSError", "gaierror")}),
    ("urllib", "import urllib.request\ndef main(x): urllib.request.urlopen('http://127.0.0.1:PORT')", {"error": "URLError"}),
    ("sockets_of_every_kind", "import socket\ndef main(x):\n  made = []\n  for f in range(46):\n    for k in (1, 2, 3, 5):\n      try: socket.socket(f, k); made.append((f, k))\n      except OSError: pass\n  return made", {"value": []}),
    ("socketpair", "import socket\ndef main(x): socket.socketpair()", {"error": "PermissionError"}),
    ("abstract_socket", "import socket\ndef main(x): socket.socket(socket.AF_UNIX).connect('\\0apus-canary')", {"error": "PermissionError"}),
    ("send_descriptor", syscalls("[call(46, 3, 0, 0), call(47, 3, 0, 0), call(44, 3, b'', 0, 0, 0, 0)]"), {"value": ["EPERM", "EPERM", "EPERM"]}),
    # the kernel
    ("ptrace", syscalls("[call(101, 0, 0, 0, 0), call(310, 1, 0, 0, 0, 0, 0), call(311, 1, 0, 0, 0, 0, 0), call(312, 1, 1, 0, 0, 0)]"), {"value": ["EPERM"] * 4}),
    ("mounts", syscalls("[call(165, b'a', b'/tmp', b'tmpfs', 0, 0), call(166, b'/tmp', 2), call(428, -100, b'/', 1), call(429, -1, b'', -1, b'', 0), call(430, b'tmpfs', 0), call(442, -1, b'', 0, 0, 0)]"), {"value": ["EPERM"] * 6}),
    ("namespaces", syscalls("[call(272, 0x10000000), call(272, 0x20000), call(308, 0, 0), call(56, 0x10000000 | 17, 0, 0, 0, 0), call(56, 0x10010F00, 0, 0, 0, 0)]"), {"value": ["EPERM"] * 5}),
    ("setuid", "import os\ndef main(x): os.setuid(0)", {"error": "PermissionError"}),
    ("setresuid_and_capset", syscalls("[call(117, 0, 0, 0), call(119, 0, 0, 0), call(116, 0, 0), call(126, 0, 0), call(135, 8)]"), {"value": ["EPERM"] * 5}),
    ("capabilities", syscalls("[L.prctl(23, c, 0, 0, 0) for c in range(41)]"), {"value": [0] * 41}),
    ("keyctl", syscalls("[call(250, 0, -3, 0), call(248, 0, 0, 0, 0, 0), call(249, 0, 0, 0, 0)]"), {"value": ["EPERM"] * 3}),
    ("io_uring", syscalls("[call(425, 8, 0), call(426, 0, 0, 0, 0, 0), call(427, 0, 0, 0, 0)]"), {"value": ["EPERM"] * 3}),
    ("bpf_and_perf", syscalls("[call(321, 0, 0, 0), call(298, 0, 0, 0, 0, 0), call(323, 0)]"), {"value": ["EPERM"] * 3}),
    ("sysv_and_memfd", syscalls("[call(29, 0, 4096, 0o1600), call(64, 0, 1, 0o1600), call(68, 0, 0o1600), call(319, b'a', 0), call(240, b'a', 0, 0, 0)]"), {"value": ["EPERM"] * 5}),
    ("prctl", syscalls("[call(157, 1, 0), call(157, 4, 1), call(157, 36, 1), call(157, 22, 2), call(157, 0x59616d61, -1)]"), {"value": ["EPERM"] * 5}),
    ("ioctl_tiocsti", syscalls("[call(16, 0, 0x5412, b'x'), call(16, 1, 0x541C, b'x')]"), {"value": ["EPERM"] * 2}),
    ("grows_down_and_lock", syscalls("[call(9, 0, 4096, 3, 0x122, -1, 0), call(9, 0, 4096, 3, 0x21, -1, 0), call(149, 0, 4096), call(151, 1)]"), {"value": ["EPERM"] * 4}),
    ("signal_parent", "import os, signal\ndef main(x): return [os.getppid(), os.kill(-1, 0) if 0 else 0]", {"value": [0, 0]}),
    ("kill_everyone", "import os\ndef main(x):\n  try: os.kill(-1, 9)\n  except ProcessLookupError: return 'nobody'", {"value": "nobody"}),
    ("kill_host_pids", "import os\ndef main(x):\n  hit = []\n  for p in range(2, 40000):\n    try: os.kill(p, 9); hit.append(p)\n    except OSError: pass\n  return hit", {"value": []}),
    ("kill_group", "import os\ndef main(x):\n  os.killpg(0, 9)\n  return 'alive'", {"value": "alive"}),
    ("abort", "import os\ndef main(x): os.abort()", {"cause": "signal"}),
    ("segfault", "import ctypes\ndef main(x): ctypes.string_at(1)", {"cause": "signal"}),
    ("raise_limits", "import resource\ndef main(x): resource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999))", {"error": ("ValueError", "PermissionError")}),
    ("undo_memory_limit", "import resource\ndef main(x): resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))", {"error": ("ValueError", "PermissionError")}),
    ("stack_overflow", "import sys\ndef main(x):\n  sys.setrecursionlimit(1 << 30)\n  def f(): return [f()]\n  f()", {"any": True, "no_result": True}),
    # the result and the bootstrap
    ("cyclic", "def main(x):\n  d = {}\n  d['d'] = d\n  return d", {"error": "ValueError", "kind": "cyclic"}),
    ("huge_result", "def main(x): return ['x' * 1000] * 10000", {"kind": "result_too_large"}),
    ("deep_result", "def main(x):\n  a = []\n  for _ in range(400): a = [a]\n  return a", {"kind": "unserializable"}),
    ("evil_str", "class E(Exception):\n  def __str__(self):\n    while True: pass\ndef main(x): raise E", {"cause": "timeout"}),
    ("evil_dict", "class D(dict):\n  def items(self): raise SystemExit\n  def __iter__(self): raise SystemExit\ndef main(x): return D(a=1)", {"any": True}),
    ("patched_json", "import json, os\ndef main(x):\n  json.dumps = json.loads = os.write = os.read = None\n  return 'still'", {"any": True}),
    ("patched_builtins", "import builtins\ndef main(x):\n  for n in ('len', 'isinstance', 'type', 'str', 'bytes', 'open'): setattr(builtins, n, None)\n  return 1", {"any": True}),
    ("host_frames", "import sys\ndef main(x):\n  f = sys._getframe(1)\n  while f.f_back: f = f.f_back\n  return sorted(k for k in f.f_globals if 'secret' in k.lower() and k != 'secrets')", {"value": []}),
    ("exit_quietly", "import os\ndef main(x): os._exit(0)", {"cause": "exited", "no_result": True}),
    ("environment", "import os\ndef main(x): return sorted(os.environ)", {"value": ["HOME", "LANG", "PATH", "TMPDIR"]}),
]
