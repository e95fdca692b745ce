#!/usr/bin/env bash
# usage: scripts/build.sh debug|release
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/install.sh
case "${1:-debug}" in
debug) swift build "${DEBUG_FLAGS[@]}" ;;
release) build_release ;;
*) die "usage: scripts/build.sh debug|release" ;;
esac
