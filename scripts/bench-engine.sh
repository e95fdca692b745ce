#!/usr/bin/env bash
# Builds and runs the engine benchmark: Apus's graphs and LangGraph's on the same tasks, in turns.
# usage: scripts/bench-engine.sh [--no-build] [options]     see --help
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=yes
if [ "${1:-}" = --no-build ]; then
  build=no
  shift
fi
case " $* " in *" --help "* | *" -h "*) build=no ;; esac

if [ "$build" = yes ]; then
  swift build "${RELEASE_FLAGS[@]}" --product bench-engine >&2
  make_venv .venv-engine Benchmarks/Engine/LangGraph/requirements.txt
fi
PYTHONDONTWRITEBYTECODE=1 exec python3 Benchmarks/Engine/run_engine.py "$@"
