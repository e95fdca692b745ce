#!/usr/bin/env bash
# Runs the Swift tests with coverage and prints the covered lines of each target.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/install.sh
swift test "${COVERAGE_FLAGS[@]}" --enable-code-coverage --disable-xctest
# The toolchain's own tool: another version on PATH may not read the profile.
usr="$(dirname "$(dirname "$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')")")"
llvm_cov="$usr/bin/llvm-cov"
[ -x "$llvm_cov" ] || die "the toolchain has no $llvm_cov"
binaries="$(swift build "${COVERAGE_FLAGS[@]}" --show-bin-path)"
tests="$(find "$binaries" -maxdepth 1 -name '*PackageTests.xctest' | head -n 1)"
[ -n "$tests" ] || die "no test binary in $binaries"
"$llvm_cov" export --summary-only --instr-profile "$binaries/codecov/default.profdata" "$tests" |
  python3 scripts/coverage_summary.py "$ROOT/Sources"
