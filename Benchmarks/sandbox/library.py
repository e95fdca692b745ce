"""A library of PyPI that runs code: one in a process of its own, asked as bench-sandbox is.

usage: library.py NAME LANGUAGE     for each case on standard input, a line with its figures, one caller each. The first
case is a trial: its line tells the library's version, or why it does not run here. Paths come in BENCH_PYTHON, BENCH_DENO
and BENCH_FOLDER.
"""

import contextlib
import importlib.metadata
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import commands

Call = Callable[[str, dict], object]
# A slow one ends a case early; its figures are of the calls that it made.
SECONDS_MAX = 5


def with_call(source: str, given: dict) -> str:
    return f"{source}\nmain({given!r})"


@contextlib.contextmanager
def monty(language: str) -> Iterator[Call]:
    from pydantic_monty import Monty

    with Monty() as pool:
        def call(source: str, given: dict) -> object:
            with pool.checkout() as session:
                return session.feed_run(with_call(source, given))
        yield call


@contextlib.contextmanager
def smolagents(language: str) -> Iterator[Call]:
    from smolagents.local_python_executor import LocalPythonExecutor

    def call(source: str, given: dict) -> object:
        executor = LocalPythonExecutor([])
        executor.send_tools({})
        return executor(with_call(source, given)).output
    yield call


@contextlib.contextmanager
def restricted_python(language: str) -> Iterator[Call]:
    from RestrictedPython import Eval, Guards, compile_restricted, safe_globals

    def call(source: str, given: dict) -> object:
        names = {**safe_globals, "range": range, "_getitem_": Eval.default_guarded_getitem,
                 "_getiter_": Eval.default_guarded_getiter,
                 "_unpack_sequence_": Guards.guarded_unpack_sequence,
                 "_iter_unpack_sequence_": Guards.guarded_iter_unpack_sequence}
        exec(compile_restricted(source, "main.py", "exec"), names)
        return names["main"](given)
    yield call


def as_script(source: str, given: dict) -> str:
    """These two engines are given a script and no module."""
    return f"{source.replace('export function', 'function')}\nJSON.stringify(main({json.dumps(given)}))"


@contextlib.contextmanager
def mini_racer(language: str) -> Iterator[Call]:
    from py_mini_racer import MiniRacer

    def call(source: str, given: dict) -> object:
        with MiniRacer() as isolate:
            return json.loads(isolate.eval(as_script(source, given)))
    yield call


@contextlib.contextmanager
def quickjs(language: str) -> Iterator[Call]:
    import quickjs as engine

    def call(source: str, given: dict) -> object:
        context = engine.Context()
        context.set_memory_limit(512 << 20)
        context.set_time_limit(30)
        return json.loads(context.eval(as_script(source, given)))
    yield call


@contextlib.contextmanager
def sandlock(language: str) -> Iterator[Call]:
    from sandlock import Sandbox

    tools = {"python": os.environ["BENCH_PYTHON"], "deno": os.environ["BENCH_DENO"]}
    folder = Path(os.environ["BENCH_FOLDER"])
    cache = folder / "sandlock"
    cache.mkdir(exist_ok=True)

    def call(source: str, given: dict) -> object:
        sandbox = Sandbox(
            fs_readable=["/usr", "/lib", "/lib64", "/proc", "/dev", tools["deno"], str(folder)],
            fs_writable=[str(cache)], max_memory="2G", max_processes=64, env={"DENO_DIR": str(cache)})
        done = sandbox.run(commands.plain(language, source, given, tools, folder), timeout=30)
        if not done.success:
            raise RuntimeError(f"{done.error} {done.stderr!r:.300}")
        return json.loads(done.stdout)
    yield call


@contextlib.contextmanager
def langchain_sandbox(language: str) -> Iterator[Call]:
    from langchain_sandbox import SyncPyodideSandbox

    # It starts the `deno` of PATH, and wants to write into its working folder.
    os.environ["PATH"] = f"{Path(os.environ['BENCH_DENO']).parent}:{os.environ['PATH']}"
    os.chdir(os.environ["BENCH_FOLDER"])
    sandbox = SyncPyodideSandbox()

    def call(source: str, given: dict) -> object:
        done = sandbox.execute(f"import json\n{source}\njson.dumps(main({given!r}))", timeout_seconds=60)
        if done.status != "success":
            raise RuntimeError(done.stderr)
        return json.loads(done.result)
    yield call


LIBRARIES = {"pydantic-monty": monty, "sandlock": sandlock, "langchain-sandbox": langchain_sandbox,
             "smolagents": smolagents, "RestrictedPython": restricted_python, "mini-racer": mini_racer,
             "quickjs": quickjs}


def tell(line: dict) -> None:
    print(json.dumps(line), flush=True)


def plain_text(error: Exception) -> str:
    """One line without colours and addresses."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", f"{type(error).__name__}: {error}")
    return " ".join(re.sub(r"https?://[^\s']+", "…", text).split())[:300]


def measure(call: Call, case: dict) -> dict:
    times: list[float] = []
    begin = time.perf_counter()
    seconds = SECONDS_MAX if case["count"] else case["milliseconds"] / 1000
    while time.perf_counter() - begin < seconds and not 0 < case["count"] <= len(times):
        if times:
            time.sleep(case["pause_ms"] / 1000)
        start = time.perf_counter()
        value = call(case["source"], case["input"])
        times.append((time.perf_counter() - start) * 1000)
        if value != case["expected"]:
            raise RuntimeError(f"a call came to {value!r:.300}")
    return commands.figures(times, time.perf_counter() - begin)


def main(name: str, language: str) -> int:
    first = json.loads(sys.stdin.readline())
    with contextlib.ExitStack() as stack:
        try:
            call = stack.enter_context(LIBRARIES[name](language))
            measure(call, {**first, "count": 2})
        except Exception as error:
            tell({"error": plain_text(error)})
            return 0
        tell({"version": importlib.metadata.version(name)})
        for line in sys.stdin:
            tell(measure(call, json.loads(line)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
