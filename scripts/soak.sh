#!/usr/bin/env bash
# Runs the engine's simulator on many more seeds than `make test` does.
# usage: [SEEDS=n] scripts/soak.sh     200,000 seeds without it
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export APUS_ENGINE_ONLY=1 APUS_SIMULATOR_SEEDS="${SEEDS:-200000}"
options=("${SWIFT_FLAGS[@]}" --scratch-path .build-soak --configuration release -Xswiftc -enable-testing --disable-xctest)
say "$APUS_SIMULATOR_SEEDS seeds"
swift test --parallel "${options[@]}" --filter '^AgentGraphTests\.Simulator'
