#!/usr/bin/env bash
# Checks form and house rules: swift-format, the project's own rules (tidy.py), the scripts' syntax.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

code=0
swift_folders=()
for folder in Sources Tests Benchmarks Examples; do
  if [ -d "$folder" ]; then swift_folders+=("$folder"); fi
done

if [ "${1:-}" = --fix ]; then
  swift format --in-place --parallel --recursive Package.swift "${swift_folders[@]}"
  exit
fi
swift format lint --strict --parallel --recursive Package.swift "${swift_folders[@]}" || code=1
python3 scripts/tidy.py || code=1
python3 scripts/embed.py --check || code=1
for script in scripts/*.sh .ci/run; do bash -n "$script" || code=1; done
if [ "$code" -eq 0 ]; then say "lint: nothing to complain about"; fi
exit "$code"
