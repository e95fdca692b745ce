"""Fixtures of the end-to-end tests: the binary, the models, and runtimes that end with their test."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.pages import Pages
from harness.process import Apus
from harness.scripted_model import ScriptedModel

ROOT = Path(__file__).resolve().parents[2]
TOOLSETS = """
toolsets:
  math:
    builtin: {{tools: [calculator, current_time]}}
  web:
    builtin:
      tools: [http_fetch]
      http_fetch: {{allow: ["{host}"], allow_private: true}}
    output_max: 4096
  hasty:
    builtin:
      tools: [http_fetch]
      http_fetch: {{allow: ["{host}"], allow_private: true}}
    timeout: 0.3
  guarded:
    builtin: {{tools: [calculator, current_time]}}
    approval: [calculator]
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets fixtures know, when they end, whether their test failed."""
    report = yield
    if report.failed:
        item.failed_here = True
    return report


@pytest.fixture(scope="session")
def apus_binary() -> Path:
    """The binary under test: APUS_BINARY, else the debug build."""
    binary = Path(os.environ.get("APUS_BINARY", ROOT / ".build" / "debug" / "apus")).resolve()
    assert binary.exists(), f"{binary} does not exist: build it (make build), or name another one in APUS_BINARY"
    return binary


@pytest.fixture(scope="session")
def model_url() -> Iterator[str]:
    """A real model: APUS_TEST_MODEL_URL, else the local one, which is stopped again if it did not run before."""
    if url := os.environ.get("APUS_TEST_MODEL_URL"):
        yield url
        return
    script = ROOT / "scripts" / "local-model.sh"
    ran_before = subprocess.run([script, "status"], capture_output=True).returncode == 0
    started = subprocess.run([script, "start"], capture_output=True, text=True)
    assert started.returncode == 0, started.stderr
    yield started.stdout.strip()
    if not ran_before:
        subprocess.run([script, "stop"], capture_output=True, check=True)


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """A model server that does what the test says."""
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def apus(request, apus_binary: Path, tmp_path: Path) -> Iterator[Callable[..., Apus]]:
    """Makes runtimes: `apus(LLM_PROXY_URL=...)`. They end with the test; what they printed is shown if it failed."""
    made: list[Apus] = []

    def make(start: bool = True, directory: Path | None = None, **settings) -> Apus:
        directory = directory or tmp_path / f"apus-{len(made)}"
        directory.mkdir(exist_ok=True)
        made.append(Apus(apus_binary, directory, **settings))
        if start:
            made[-1].start()
        return made[-1]

    yield make
    for runtime in made:
        runtime.close()
        if getattr(request.node, "failed_here", False) and runtime.starts:
            print(f"--- apus on port {runtime.port}, start {runtime.starts}\n{runtime.output[-8000:]}")


@pytest.fixture
def bot(apus, model) -> Apus:
    """A runtime on the scripted model, with a stored agent `bot`."""
    runtime = apus(LLM_PROXY_URL=model.url)
    runtime.client.make_agent("bot")
    return runtime


@pytest.fixture
def pages() -> Iterator[Pages]:
    """A web server for tools that fetch."""
    with Pages() as pages:
        yield pages


@pytest.fixture
def actor(apus, model, pages, tmp_path) -> Apus:
    """A runtime with toolsets, and the agent `bot` that may calculate and fetch."""
    file = tmp_path / "toolsets.yaml"
    file.write_text(TOOLSETS.format(host=pages.host))
    runtime = apus(LLM_PROXY_URL=model.url, TOOLSETS_FILE=file)
    runtime.client.make_agent("bot", toolsets=["math", "web"])
    return runtime


@pytest.fixture(scope="module")
def shared_bot(apus_binary: Path, tmp_path_factory) -> Iterator[Apus]:
    """The same for all tests of a file, which must not mind each other."""
    with ScriptedModel() as model:
        runtime = Apus(apus_binary, tmp_path_factory.mktemp("apus"), LLM_PROXY_URL=model.url)
        runtime.model = model
        try:
            runtime.start()
            runtime.client.make_agent("bot")
            yield runtime
        finally:
            runtime.close()
