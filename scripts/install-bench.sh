#!/usr/bin/env bash
# Installs what only the benchmarks need. Instant with nothing to do.
# usage: scripts/install-bench.sh [sandbox]
#   without an argument what bench-http needs: nginx, and the peer's virtual environment; `sandbox`: what bench-sandbox
#   needs: bubblewrap, and PyPI's libraries that run code
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

policy=/usr/sbin/policy-rc.d

# Debian starts a service as it is installed; the benchmarks start their own nginx, so the system's stays off.
# usage: install_package COMMAND PACKAGE
install_package() {
  local as_root=()
  command -v apt-get >/dev/null 2>&1 || die "$1 is missing: install it with this system's package manager"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "$1 is missing. As root: apt-get install $2"
    as_root=(sudo)
  fi
  say "installing $2"
  if [ ! -e "$policy" ]; then
    trap '${as_root[@]+"${as_root[@]}"} rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | ${as_root[@]+"${as_root[@]}"} tee "$policy" >/dev/null
    ${as_root[@]+"${as_root[@]}"} chmod +x "$policy"
  fi
  ${as_root[@]+"${as_root[@]}"} apt-get update -qq
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

[ "$(uname -s)" = Linux ] || die "these benchmarks measure through /proc: they run on Linux only"
case "${1:-}" in
"")
  if [ ! -x /usr/sbin/nginx ] && ! command -v nginx >/dev/null 2>&1; then install_package nginx nginx-light; fi
  make_venv .venv-bench Benchmarks/peers/requirements.txt
  ;;
sandbox)
  command -v bwrap >/dev/null 2>&1 || install_package bwrap bubblewrap
  make_venv .venv-sandbox-bench Benchmarks/sandbox/requirements.txt
  ;;
*) die "usage: scripts/install-bench.sh [sandbox]" ;;
esac
