#!/usr/bin/env bash
# Runs the engine's tests under the thread sanitizer, in a build of their own that holds the engine alone.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export APUS_ENGINE_ONLY=1
options=("${SWIFT_FLAGS[@]}" --scratch-path .build-threads --sanitize=thread --disable-xctest)
swift build --build-tests "${options[@]}"
# The simulator runs its tasks one at a time, where there are no races to find: few of its seeds will do. The
# differential tests need LangGraph's results, and run without the sanitizer.
TSAN_OPTIONS="suppressions=$ROOT/Tests/ThreadSanitizer/suppressions.txt halt_on_error=1" \
  APUS_SIMULATOR_SEEDS="${APUS_SIMULATOR_SEEDS:-300}" \
  swift test --skip-build --parallel "${options[@]}" --filter '^AgentGraphTests\.' --skip Differential
