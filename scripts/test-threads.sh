#!/usr/bin/env bash
# Runs the engine's tests under the thread sanitizer, in a build of their own that holds the engine alone.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export APUS_ENGINE_ONLY=1
options=("${SWIFT_FLAGS[@]}" --scratch-path .build-threads --sanitize=thread --disable-xctest)
# Memory/ and the lists' 2,000 forks are plain locks and values; the simulator's seeds are many times slower here.
swift build --build-tests "${options[@]}"
TSAN_OPTIONS="suppressions=$ROOT/Tests/ThreadSanitizer/suppressions.txt halt_on_error=1" \
  APUS_SIMULATOR_SEEDS="${APUS_SIMULATOR_SEEDS:-300}" \
  swift test --skip-build --parallel "${options[@]}" --filter '^AgentGraphTests\.' --skip Differential
