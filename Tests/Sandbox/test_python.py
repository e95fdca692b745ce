"""What Python programs may do, and what their callers see."""

import base64

import pytest


def run(sandbox, source, **options):
    return sandbox.run(source, "python", **options)


def test_value_and_output(sandbox):
    report = run(sandbox, "import sys\ndef main(x):\n  print('out')\n  print('err', file=sys.stderr)\n  return {'é': x}", input=[1])
    assert report.value == {"é": [1]}
    assert (report.stdout, report.stderr, report.cause, report.code) == (b"out\n", b"err\n", "killed", 9)


@pytest.mark.parametrize("source, value", [
    ("async def main(x):\n  import asyncio\n  await asyncio.sleep(0.001)\n  return x + 1", 2),
    ("main = lambda x: x + 1", 2),
    ("import asyncio\ndef main(x):\n  async def go(): return x + 1\n  return asyncio.run(go())", 2),
    ("import dataclasses\n@dataclasses.dataclass\nclass A:\n  n: int\ndef main(x): return dataclasses.asdict(A(x))", {"n": 1}),
    ("import threading\ndef main(x):\n  t=[]\n  th=[threading.Thread(target=t.append,args=(i,)) for i in range(4)]\n"
     "  [a.start() for a in th]; [a.join() for a in th]\n  return sorted(t)", [0, 1, 2, 3]),
    ("import main as m\ndef main(x): return m.__name__", "main"),
    ("def main(x):\n  open('a','w').write('t')\n  return open('/tmp/work/a').read()", "t"),
    ("import sqlite3\ndef main(x): return sqlite3.connect(':memory:').execute('select 1+1').fetchone()[0]", 2),
    ("import os\ndef main(x): return os.getpid()", 1),
])
def test_values(sandbox, source, value):
    assert run(sandbox, source, input=1).value == value


SIBLING = """
import asyncio, logging, random, secrets, threading, uuid
async def later(): return 'later'
def main(x):
  thread = threading.main_thread()
  logging.warning('logged')
  assert thread is threading.current_thread() and thread.native_id == threading.get_native_id() == 1
  assert asyncio.run(later()) == 'later'
  return [random.random(), secrets.token_hex(4), str(uuid.uuid4())]
"""


def test_siblings_share_no_chance(sandbox):
    reports = [run(sandbox, SIBLING) for _ in range(4)]
    for values in zip(*(report.value for report in reports)):
        assert len(set(values)) == 4
    assert all(report.stderr == b"WARNING:root:logged\n" for report in reports)


def test_modules_that_were_kept_away(sandbox):
    source = ("import html, ssl, tempfile, asyncio.sslproto, http.client, urllib.request\ndef main(x):\n"
              "  return [ssl.create_default_context().check_hostname, html.escape('<'), tempfile.gettempdir()]")
    assert run(sandbox, source).value == [True, "&lt;", "/tmp"]


def test_streams(sandbox):
    report = run(sandbox, "def main(x):\n  yield 'a'\n  yield 'b'\n  return 7")
    assert (report.text, report.value) == (["a", "b"], 7)
    report = run(sandbox, "async def main(x):\n  yield 'a'\n  yield 'ü'")
    assert (report.text, report.value) == (["a", "ü"], None)
    assert run(sandbox, "def main(x):\n  yield 1").error["kind"] == "unserializable"
    report = run(sandbox, "def main(x):\n  while True: yield 'a' * 1000", request={"text_bytes_max": 5000})
    assert report.error["kind"] == "result_too_large" and len(report.text) == 5


def test_exception_has_the_users_frames_alone(sandbox):
    source = "def inner(x):\n    return 1 / x\n\ndef main(x):\n    return inner(x)\n"
    error = run(sandbox, source, input=0).error
    assert (error["kind"], error["name"], error["message"]) == ("exception", "ZeroDivisionError", "division by zero")
    assert error["frames"] == [
        {"line": 5, "column": 12, "function": "main", "text": "return inner(x)"},
        {"line": 2, "column": 12, "function": "inner", "text": "return 1 / x"}]
    error = run(sandbox, "import json\ndef main(x):\n  json.loads('{')").error
    assert [frame["line"] for frame in error["frames"]] == [3]
    error = run(sandbox, "def main(x):\n  return main(x)").error
    assert error["name"] == "RecursionError" and len(error["frames"]) == 100


@pytest.mark.parametrize("source, kind, name", [
    ("def main(x)\n  pass", "syntax", "SyntaxError"),
    ("\0", "syntax", "SyntaxError"),
    ("(" * 300 + ")" * 300, "syntax", "SyntaxError"),
    ("def other(x): pass", "entry_point", "NameError"),
    ("main = 3", "entry_point", "NameError"),
    ("def main(x): return {1,2}", "unserializable", "TypeError"),
    ("def main(x): return float('nan')", "unserializable", "ValueError"),
    ("def main(x): return '\\ud800'", "unserializable", "UnicodeEncodeError"),
    ("def main(x):\n  a = []\n  a.append(a)\n  return a", "cyclic", "ValueError"),
    ("def main(x):\n  a = []\n  for i in range(100000): a = [a]\n  return a", "unserializable", "RecursionError"),
    ("def main(x): return 'a' * 2000000", "result_too_large", "OverflowError"),
    ("import sys\ndef main(x): sys.exit(3)", "exception", "SystemExit"),
    ("def main(): pass", "exception", "TypeError"),
    ("class E(Exception):\n  def __str__(self): raise ValueError\ndef main(x): raise E()", "exception", "E"),
    ("def main(x): return input()", "exception", "EOFError"),
    ("def main(x): return llm.chat([])", "exception", "ModelError"),
    ("def main(x): return bytearray(1 << 30)", "exception", "MemoryError"),
])
def test_errors(sandbox, source, kind, name):
    error = run(sandbox, source).error
    assert (error["kind"], error["name"]) == (kind, name)


def test_syntax_error_has_a_place(sandbox):
    error = run(sandbox, "def main(x):\n  return 1 +").error
    assert (error["line"], error["column"]) == (2, 13)


def test_model(sandbox):
    def model(messages, options):
        if options.get("fail"):
            raise RuntimeError("no more calls")
        return {"content": messages[0]["content"] + "!", "n": options.get("n")}

    def ask(source):
        return run(sandbox, source, model=model, request={"llm": True})

    assert ask("def main(x): return llm.chat([{'role':'user','content':'hi'}], n=2)").value == {"content": "hi!", "n": 2}
    assert ask("import llm\ndef main(x): return llm.chat('hi')['content']").value == "hi!"
    source = ("import asyncio\nasync def main(x):\n"
              "  r = await asyncio.gather(*(llm.achat(str(i)) for i in range(5)))\n  return [a['content'] for a in r]")
    assert ask(source).value == ["0!", "1!", "2!", "3!", "4!"]
    error = ask("def main(x):\n  return llm.chat('hi', fail=1)").error
    assert (error["name"], error["message"]) == ("ModelError", "no more calls")


def test_interpreter(sandbox):
    def ask(source, **more):
        return run(sandbox, source, request={"interpreter": True, "entry_point": None, **more})

    assert ask("x = 6\nprint('p')\nx * 7").value == "42"
    assert ask("x = 6").value is None
    assert ask("import asyncio\nawait asyncio.sleep(0)\n'a'").value == "'a'"
    assert ask("import sys\nsys.exit()").value is None
    assert ask("1/0").error["frames"] == [{"line": 1, "column": 1, "function": "<module>", "text": "1/0"}]
    report = ask("t = open('in.txt').read()\nopen('out.txt','w').write(t * 2)\nNone",
                 files={"in.txt": base64.b64encode(b"ab").decode()}, keep_files_bytes=100)
    assert report.last["files"] == {"in.txt": "YWI=", "out.txt": base64.b64encode(b"abab").decode()}
    assert ask("open('a','w').write('x' * 101)", keep_files_bytes=100).error["kind"] == "result_too_large"


def test_check(sandbox):
    assert sandbox.check("def main(x): return 1") == []
    assert sandbox.check("print(1)\nraise ValueError") == [{"message": "there is no function named main"}]
    assert sandbox.check("if 1:\n  from os import *") == []
    fault, = sandbox.check("def main(x):\n  return (")
    assert (fault["line"], fault["column"]) == (2, 10)
    fault, = sandbox.check("\ndef main(): pass")
    assert (fault["line"], fault["column"], fault["message"]) == (2, 1, "main must take one argument, the input")
    fault, = sandbox.check("def main(x):\n  pass\nreturn 3")
    assert fault["line"] == 3
    assert sandbox.check("await x", interpreter=True, entry_point=None) == []


def test_limits(sandbox):
    report = run(sandbox, "def main(x):\n  while True: pass", timeout_ms=200)
    assert report.cause == "timeout" and not report.frames
    report = run(sandbox, "import time\ndef main(x):\n  print('before')\n  time.sleep(60)", timeout_ms=200)
    assert (report.cause, report.stdout) == ("timeout", b"before\n")
    report = run(sandbox, "def main(x):\n  while True: print('x' * 1000)", output_kb=256)
    assert report.cause == "output" and len(report.stdout) == 65536 and report.stdout_total > 256 * 1024
    report = run(sandbox, "import time\ndef main(x): time.sleep(60)", kill_after=0.05)
    assert report.cause == "killed"
    for _ in range(20):
        # A host that ends a worker as soon as its channel closes is told how the worker itself ended.
        report = run(sandbox, "import os\ndef main(x): os._exit(9)", hasty=True)
        assert (report.cause, report.code, report.frames) == ("exited", 9, [])
