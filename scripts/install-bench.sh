#!/usr/bin/env bash
# Installs what only the benchmarks need: nginx, and the peer's virtual environment. Instant with nothing to do.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

policy=/usr/sbin/policy-rc.d

# Debian starts a service as it is installed; the benchmarks start their own nginx, so the system's stays off.
install_nginx() {
  local as_root=()
  command -v apt-get >/dev/null 2>&1 || die "nginx is missing: install it with this system's package manager"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "nginx is missing. As root: apt-get install nginx-light"
    as_root=(sudo)
  fi
  say "installing nginx-light"
  if [ ! -e "$policy" ]; then
    trap '${as_root[@]+"${as_root[@]}"} rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | ${as_root[@]+"${as_root[@]}"} tee "$policy" >/dev/null
    ${as_root[@]+"${as_root[@]}"} chmod +x "$policy"
  fi
  ${as_root[@]+"${as_root[@]}"} apt-get update -qq
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends nginx-light >/dev/null
}

[ "$(uname -s)" = Linux ] || die "the HTTP benchmarks measure through /proc: they run on Linux only"
if [ ! -x /usr/sbin/nginx ] && ! command -v nginx >/dev/null 2>&1; then install_nginx; fi
make_venv .venv-bench Benchmarks/peers/requirements.txt
