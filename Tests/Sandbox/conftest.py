"""What the sandbox's tests share. The supervisor is compiled with the C compiler: seconds instead of a build."""

import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

from driver import Supervisor  # noqa: E402

SOURCES = ROOT / "Sources/apus-sandbox"
PYTHON_PATH = os.environ.get("APUS_TEST_PYTHON", "/usr/bin/python3")
DENO_PATH = os.environ.get("APUS_TEST_DENO", str(ROOT / ".venv-sandbox/bin/deno"))


@pytest.fixture(scope="session")
def binary():
    """The supervisor; APUS_SANDBOX names one that is built already."""
    if built := os.environ.get("APUS_SANDBOX"):
        yield built
        return
    # Not below pytest's own folder, which every other run on this machine closes for other users when it begins.
    with tempfile.TemporaryDirectory(prefix="apus-sandbox-") as folder:
        os.chmod(folder, 0o755)
        path = pathlib.Path(folder) / "apus-sandbox"
        command = ["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", *map(str, SOURCES.glob("*.c")), "-o",
                   str(path)]
        subprocess.run(command, check=True)
        yield str(path)


@pytest.fixture(scope="session")
def arguments():
    return ["--python", PYTHON_PATH, "--deno", DENO_PATH, "--pool-python", "2", "--pool-deno", "1",
            "--workers-max", "32", "--refill-cpu-percent", "0"]


@pytest.fixture(scope="session")
def sandbox(binary, arguments):
    with Supervisor(binary, *arguments) as supervisor:
        if supervisor.hello["isolation"] == "none":
            pytest.skip(f"this machine allows no isolation: {supervisor.hello['reason']}")
        yield supervisor
        assert not supervisor.faults
