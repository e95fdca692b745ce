#!/usr/bin/env bash
# Runs for long what `make test` runs shortly: mixed calls, good and hostile, in the sandbox, and the engine's simulator on
# many more seeds.
# usage: [CALLS=n] [SEEDS=n] scripts/soak.sh     20,000 calls and 200,000 seeds without them; 0 leaves a part out
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

calls="${CALLS:-20000}"
if [ "$calls" -gt 0 ] && [ "$(uname -s)" = Linux ]; then
  scripts/install.sh test
  say "$calls calls in the sandbox"
  APUS_SOAK_CALLS="$calls" .venv-test/bin/python -m pytest -q -s Tests/Sandbox/test_soak.py
fi

export APUS_ENGINE_ONLY=1 APUS_SIMULATOR_SEEDS="${SEEDS:-200000}"
if [ "$APUS_SIMULATOR_SEEDS" -gt 0 ]; then
  options=("${SWIFT_FLAGS[@]}" --scratch-path .build-soak --configuration release -Xswiftc -enable-testing --disable-xctest)
  say "$APUS_SIMULATOR_SEEDS seeds"
  swift test --parallel "${options[@]}" --filter '^AgentGraphTests\.Simulator'
fi
