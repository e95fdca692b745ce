#!/usr/bin/env bash
# Builds and runs the HTTP benchmarks: Apus, nginx, a bare pass-through and a peer under the same load.
# usage: scripts/bench-http.sh [--no-build] [options]     see --help
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=yes
if [ "${1:-}" = --no-build ]; then
  build=no
  shift
fi
case " $* " in *" --help "* | *" -h "*) build=no ;; esac

compile() {
  local folder="Benchmarks/$1" binary=".build-bench/$1"
  shift
  if [ -x "$binary" ] && [ -z "$(find Benchmarks/common "$folder" -newer "$binary" -print -quit)" ]; then return 0; fi
  say "compiling $folder"
  mkdir -p .build-bench
  cc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wshadow -Wconversion -Werror -o "$binary" \
    Benchmarks/common/*.c "$folder"/*.c "$@"
}

if [ "$build" = yes ]; then
  scripts/install.sh
  scripts/install-bench.sh
  scripts/build.sh release
  swift build "${RELEASE_FLAGS[@]}" --product bench-passthrough >&2
fi
# Seconds at most, and needed whatever else is there.
compile model-server -pthread
compile load -lm
PYTHONDONTWRITEBYTECODE=1 exec python3 Benchmarks/run_http.py "$@"
