# Sourced by the other scripts: where things are, the flags of every build, and small helpers.
# shellcheck shell=bash disable=SC2034
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"

# The one place for flags: an import that is not declared in Package.swift is an error.
SWIFT_FLAGS=(--explicit-target-dependency-import-check error)
DEBUG_FLAGS=("${SWIFT_FLAGS[@]}" --scratch-path .build)
# The standard library inside: one file to ship, and a fifth less processor time for a request than with it shared.
# Optimized across modules: the engine is generic, and specialized for its state it takes a third less for a request.
RELEASE_FLAGS=("${SWIFT_FLAGS[@]}" --scratch-path .build-release --configuration release --static-swift-stdlib -Xswiftc -cross-module-optimization)
COVERAGE_FLAGS=("${SWIFT_FLAGS[@]}" --scratch-path .build-coverage)
DEBUG_BINARY=.build/debug/apus
RELEASE_BINARY=.build-release/release/apus
MODEL_STATE="$ROOT/.cache/local-model"

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# The value of a setting: the environment's, else the one in .env; empty when neither has it.
setting() {
  local name="$1"
  if [ -n "${!name:-}" ]; then
    printf '%s' "${!name}"
  elif [ -f .env ]; then
    sed -n "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}${name}[[:space:]]*=[[:space:]]*//p" .env | tail -n 1 |
      sed -e 's/[[:space:]]*$//' -e 's/^"\(.*\)"$/\1/' -e "s/^'\(.*\)'\$/\1/" | tr -d '\n'
  fi
}

# Runs swift build, unless no source is newer than the last build of this kind that succeeded.
# usage: build_if_changed STAMP BINARY flag...
build_if_changed() {
  local stamp="$1" binary="$2"
  shift 2
  if [ -x "$binary" ] && [ -f "$stamp" ] &&
    [ -z "$(find Sources Package.swift -newer "$stamp" -print -quit)" ]; then
    return 0
  fi
  mkdir -p "$(dirname "$stamp")"
  # The stamp has the time of the start: what is saved during the build counts as newer.
  touch "$stamp.new"
  swift build "$@"
  mv "$stamp.new" "$stamp"
}

# The service and the sandbox's supervisor, which stands beside it.
build_release() {
  build_if_changed .build-release/apus.stamp "$RELEASE_BINARY" "${RELEASE_FLAGS[@]}" --product apus
  build_supervisor
}

# The supervisor is C alone: linked as such it takes a tenth of the memory of one with Swift's runtime inside.
build_supervisor() {
  local binary clang
  binary="$(dirname "$RELEASE_BINARY")/apus-sandbox"
  clang="$(dirname "$(readlink -f "$(command -v swift)")")/clang"
  if [ -x "$binary" ] && [ -z "$(find Sources/apus-sandbox -newer "$binary" -print -quit)" ]; then return 0; fi
  "$clang" -std=c11 -O2 -Wall -Wextra Sources/apus-sandbox/*.c -o "$binary.new"
  mv "$binary.new" "$binary"
}

# The Deno that install.sh has fetched, unless another one is named.
use_own_deno() {
  local deno="$ROOT/.venv-sandbox/bin/deno"
  if [ -z "$(setting SANDBOX_DENO)" ] && [ -x "$deno" ]; then export SANDBOX_DENO="$deno"; fi
}

# Makes a virtual environment from a list of pinned packages, unless it was made from the same list before.
# usage: make_venv DIRECTORY REQUIREMENTS [pip option...]
make_venv() {
  local directory="$1" requirements="$2" stamp hash
  shift 2
  stamp="$directory/.requirements.sha256"
  hash="$(sha256sum "$requirements" | cut -d' ' -f1)"
  if [ -x "$directory/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$hash" ]; then return 0; fi
  say "making $directory from $requirements"
  rm -rf "$directory"
  python3 -m venv "$directory"
  "$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$@" --requirement "$requirements" >&2
  printf '%s' "$hash" >"$stamp"
}

# Whether something listens on a TCP port of this machine.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Compiles a C program of the benchmarks, unless it is newer than its sources.
# usage: compile_bench FOLDER [linker option...]
compile_bench() {
  local folder="Benchmarks/$1" binary=".build-bench/$1"
  shift
  if [ -x "$binary" ] && [ -z "$(find Benchmarks/common "$folder" -newer "$binary" -print -quit)" ]; then return 0; fi
  say "compiling $folder"
  mkdir -p .build-bench
  cc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wshadow -Wconversion -Werror -o "$binary" \
    Benchmarks/common/*.c "$folder"/*.c "$@"
}
