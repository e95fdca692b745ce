#!/usr/bin/env bash
# Builds and runs the benchmark of task agents: what they add to their models' time, beside LangGraph.
# usage: scripts/bench-tasks.sh [--no-build] [options]     see --help
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=yes
if [ "${1:-}" = --no-build ]; then
  build=no
  shift
fi
case " $* " in *" --help "* | *" -h "*) build=no ;; esac

if [ "$build" = yes ]; then
  scripts/install.sh
  make_venv .venv-bench Benchmarks/peers/requirements.txt
  scripts/build.sh release
fi
# Seconds at most, and needed whatever else is there.
compile_bench model-server -pthread
compile_bench load -lm
PYTHONDONTWRITEBYTECODE=1 exec python3 Benchmarks/run_tasks.py "$@"
