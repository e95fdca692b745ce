#!/usr/bin/env bash
# Fuzzes AgentJSON's parser, writer, schema validator and patterns with libFuzzer and AddressSanitizer.
# usage: fuzz.sh [seconds]   60 unless told. Fails on a crash, on 10 s spent on one input, and on more than 2 GB;
# the input at fault is left in .build-fuzz/artifacts. What was learnt stays in .build-fuzz/corpus.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

seconds="${1:-60}"
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || die "the time is '$seconds'; allowed: a number of seconds above 0"

build=.build-fuzz
mkdir -p "$build/corpus" "$build/artifacts"
mapfile -t sources < <(find Sources/AgentJSON -name '*.swift' | sort)

say "building the fuzz target"
# The linker's warnings about AddressSanitizer's local symbols say nothing of this code.
swiftc -O -parse-as-library -swift-version 6 -strict-memory-safety -sanitize=fuzzer,address \
  -module-name FuzzAgentJSON "${sources[@]}" Fuzz/AgentJSON/FuzzAgentJSON.swift \
  -o "$build/fuzz-agent-json" 2> >(grep -v 'Cannot export local symbol' >&2)

say "fuzzing for $seconds s"
"$build/fuzz-agent-json" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
  -dict=Fuzz/AgentJSON/json.dict -artifact_prefix="$build/artifacts/" -print_final_stats=1 \
  "$build/corpus" Fuzz/AgentJSON/Seeds
