#!/usr/bin/env bash
# Builds and runs the benchmarks of the sandbox: at the contract, over HTTP, and beside others that run code.
# usage: scripts/bench-sandbox.sh [--no-build] [options]     see --help
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=yes
if [ "${1:-}" = --no-build ]; then
  build=no
  shift
fi
case " $* " in *" --help "* | *" -h "*) build=no ;; esac

if [ "$build" = yes ]; then
  scripts/install.sh >&2
  scripts/install-bench.sh sandbox >&2
  scripts/build.sh release >&2
  swift build "${RELEASE_FLAGS[@]}" --product bench-sandbox >&2
fi
# Seconds at most, and needed whatever else is there.
compile_bench load -lm
PYTHONDONTWRITEBYTECODE=1 exec python3 Benchmarks/run_sandbox.py "$@"
