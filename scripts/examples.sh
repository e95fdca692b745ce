#!/usr/bin/env bash
# Builds and runs the examples and checks what they print, and that those without traits fetch no other package.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Examples with the same traits share what is built of AgentGraph.
GRAPH=.build-examples/graph
SQLITE=.build-examples/sqlite
work="$(mktemp -d)"
asking=""

finish() {
  if [ -n "$asking" ]; then kill "$asking" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

# usage: build NAME SCRATCH
build() {
  say "example $1"
  # Another package was built last in this folder: its plan must not be taken for this one's.
  swift build --quiet --disable-build-manifest-caching --package-path "Examples/$1" --scratch-path "$2"
}

# usage: expect WHAT FILE LINE...  each line must stand in the file
expect() {
  local what="$1" file="$2" line
  shift 2
  for line in "$@"; do
    grep -qxF -- "$line" "$file" || die "$what did not print \"$line\", but: $(cat "$file")"
  done
}

# usage: refuse WHAT FILE TEXT  no line may hold the text
refuse() {
  if grep -qF -- "$3" "$2"; then die "$1 printed \"$3\": $(cat "$2")"; fi
}

# usage: wait_for FILE TEXT
wait_for() {
  for _ in $(seq 300); do
    if grep -qF -- "$2" "$1"; then return 0; fi
    sleep 0.1
  done
  die "no \"$2\" within 30 s, but: $(cat "$1")"
}

for name in HelloGraph MapReduce ToolLoop; do
  build "$name" "$GRAPH"
  "$GRAPH/debug/$name" >"$work/$name.txt"
done
expect HelloGraph "$work/HelloGraph.txt" "Hello, Ada!" "What shall we build?"
expect MapReduce "$work/MapReduce.txt" "3 documents, 2 supersteps: cat 4, the 3, a 2"
expect ToolLoop "$work/ToolLoop.txt" "5: model" "Oslo 9°, Rome 24° after 3 calls of the tool"
fetched="$(find "$GRAPH/checkouts" "$GRAPH/repositories" -mindepth 1 -maxdepth 1 2>/dev/null | tr '\n' ' ')"
[ -z "$fetched" ] || die "AgentGraph alone fetched other packages: $fetched"

build HumanApproval "$SQLITE"
approval="$SQLITE/debug/HumanApproval"
file="$work/purchase.sqlite"
# Something that never ends stands for a terminal, so that the process waits and can be killed.
mkfifo "$work/terminal"
exec 9<>"$work/terminal"
# Each line is to be seen at once, though it goes to a file.
stdbuf -oL "$approval" ask "$file" "a bicycle" <"$work/terminal" >"$work/ask.txt" &
asking=$!
wait_for "$work/ask.txt" "The question is stored."
kill -9 "$asking"
wait "$asking" 2>/dev/null || true
asking=""
exec 9>&-
expect "HumanApproval ask" "$work/ask.txt" "Asking the shop for its price of a bicycle." \
  'Open: "Buy a bicycle for 120 euros?"'
"$approval" answer "$file" maybe >"$work/maybe.txt"
grep -q '^Refused: ' "$work/maybe.txt" || die "the answer \"maybe\" was taken: $(cat "$work/maybe.txt")"
"$approval" answer "$file" yes >"$work/yes.txt"
expect "HumanApproval answer" "$work/yes.txt" "Bought a bicycle."
refuse "HumanApproval answer" "$work/yes.txt" "Asking the shop"
say "examples: all as expected"
