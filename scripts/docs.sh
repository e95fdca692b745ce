#!/usr/bin/env bash
# Builds the engine's documentation into .build-docs/AgentGraph.doccarchive, and fails on what is not true in it: code of
# a guide that no test or example has, a tutorial's step that does not compile, a link that leads nowhere, a public type
# without a place on the landing page.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CATALOGUE=Sources/AgentGraph/AgentGraph.docc
OUT=.build-docs
MODULES=.build/debug/Modules
docc="$(dirname "$(readlink -f "$(command -v swift)")")/docc"
[ -x "$docc" ] || die "docc is not beside swift: this needs a whole Swift toolchain"

swift build "${DEBUG_FLAGS[@]}" --target AgentGraph >&2
rm -rf "$OUT"
mkdir -p "$OUT/symbols"

say "symbols of AgentGraph"
swift symbolgraph-extract -module-name AgentGraph -I "$MODULES" -minimum-access-level public \
  -skip-synthesized-members -output-dir "$OUT/symbols" -target "$(swiftc -print-target-info |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')"

say "code of the guides"
python3 scripts/docs_code.py "$OUT/symbols/AgentGraph.symbols.json"

say "steps of the tutorial"
for step in "$CATALOGUE"/Resources/*.swift; do
  # A file with code at its top is a main file.
  cp "$step" "$OUT/main.swift"
  swiftc -typecheck -swift-version 6 -warnings-as-errors -I "$MODULES" "$OUT/main.swift" ||
    die "$step does not compile"
done
rm "$OUT/main.swift"

say "guides, tutorial and reference"
"$docc" convert "$CATALOGUE" --additional-symbol-graph-dir "$OUT/symbols" --output-path "$OUT/AgentGraph.doccarchive" \
  --fallback-display-name AgentGraph --fallback-bundle-identifier agentgraph --warnings-as-errors
say "$OUT/AgentGraph.doccarchive: serve it with \"docc preview\" or any web server"
