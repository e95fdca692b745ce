#!/usr/bin/env bash
# All tests: builds debug, runs the Swift tests (the engine's once more under the thread sanitizer) and the examples, then
# the end-to-end tests against the real binary and a real model.
# usage: [FILTER=text] scripts/test.sh [pytest option...]
#   FILTER: a regular expression for the Swift tests (swift test --filter) and an expression for pytest (-k)
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

FILTER="${FILTER:-}"
pytest_options=("$@")
summary=()
stop_model=""

finish() {
  local code=$?
  if [ -n "$stop_model" ]; then scripts/local-model.sh stop || true; fi
  echo
  for line in ${summary[@]+"${summary[@]}"}; do echo "$line"; done
  exit "$code"
}
trap finish EXIT

# Runs one layer; the first that fails ends the run.
layer() {
  local name="$1" began=$SECONDS
  shift
  say "$name"
  if "$@"; then
    summary+=("ok      $name ($((SECONDS - began)) s)")
  else
    local code=$?
    summary+=("FAILED  $name ($((SECONDS - began)) s)")
    exit "$code"
  fi
}

build_tests() { swift build --build-tests "${DEBUG_FLAGS[@]}"; }

# One target at a time: the tests of one process share two threads, and what computes starves what waits.
swift_tests() {
  local options=("${DEBUG_FLAGS[@]}" --skip-build --parallel --disable-xctest) target
  if [ -n "$FILTER" ]; then
    swift test "${options[@]}" --filter "$FILTER"
    return
  fi
  for target in Tests/*Tests; do
    # The server's tests block in sockets: one at a time, so that they cannot take both threads of the pool.
    if [ "$target" = Tests/AgentServerTests ]; then
      timeout 300 swift test "${options[@]/--parallel/--no-parallel}" --filter "^AgentServerTests\\." || return
    else
      timeout 600 swift test "${options[@]}" --filter "^$(basename "$target")\\." || return
    fi
  done
}

# What LangGraph makes of the graphs that the differential tests run.
differential_reference() {
  make_venv .venv-graph Tests/Differential/requirements.txt
  export APUS_DIFFERENTIAL_EXPECTED="$ROOT/.cache/differential"
  rm -rf "$APUS_DIFFERENTIAL_EXPECTED"
  PYTHONDONTWRITEBYTECODE=1 .venv-graph/bin/python Tests/Differential/reference.py \
    --out "$APUS_DIFFERENTIAL_EXPECTED" >/dev/null
}

# The Python with the real MCP package, whose servers the client is tested against.
mcp_servers() {
  make_venv .venv-mcp Tests/MCP/requirements.txt
  export APUS_TEST_MCP_PYTHON="$ROOT/.venv-mcp/bin/python"
}

start_model() {
  [ -z "${APUS_TEST_MODEL_URL:-}" ] || return 0
  if ! scripts/local-model.sh status >/dev/null; then stop_model=yes; fi
  APUS_TEST_MODEL_URL="$(scripts/local-model.sh start)" || return
  export APUS_TEST_MODEL_URL
}

# The supervisor by itself, with hostile programs.
sandbox_tests() {
  local options=(-q) code=0
  if [ -n "$FILTER" ]; then options+=(-k "$FILTER"); fi
  .venv-test/bin/python -m pytest "${options[@]}" Tests/Sandbox || code=$?
  if [ "$code" -eq 5 ] && [ -n "$FILTER" ]; then code=0; fi
  return "$code"
}

end_to_end_tests() {
  local options=(-q --durations=5) code=0
  if [ -n "$FILTER" ]; then options+=(-k "$FILTER"); fi
  .venv-test/bin/python -m pytest "${options[@]}" ${pytest_options[@]+"${pytest_options[@]}"} Tests/EndToEnd || code=$?
  # 5: the filter chose none of them.
  if [ "$code" -eq 5 ] && [ -n "$FILTER" ]; then code=0; fi
  return "$code"
}

layer "install what is missing" scripts/install.sh test
use_own_deno
layer "build (debug, with tests)" build_tests
layer "LangGraph's results" differential_reference
layer "MCP's own package" mcp_servers
layer "Swift tests" swift_tests
if [ -z "$FILTER" ]; then
  layer "engine tests under the thread sanitizer" scripts/test-threads.sh
  layer "examples" scripts/examples.sh
  layer "documentation" scripts/docs.sh
fi
layer "sandbox" sandbox_tests
layer "local model" start_model
layer "end-to-end tests" end_to_end_tests
