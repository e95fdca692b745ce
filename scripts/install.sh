#!/usr/bin/env bash
# Installs what is missing on a Debian-like system, and checks the Swift toolchain. With nothing to do it is instant.
# usage: scripts/install.sh [test]     `test` also makes the virtual environment of the end-to-end tests
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SWIFT_NEEDED=6.3
packages=()

need_command() { command -v "$1" >/dev/null 2>&1 || packages+=("$2"); }
need_header() { [ -e "/usr/include/$1" ] || packages+=("$2"); }

need_command curl curl
need_command git git
need_command make make
need_command cc gcc
need_command python3 python3
if ! [ -x .venv-test/bin/python ]; then python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv); fi
if [ "$(uname -s)" = Linux ]; then
  need_command flock util-linux
  need_header sqlite3.h libsqlite3-dev
  need_header zlib.h zlib1g-dev
fi

install_packages() {
  command -v apt-get >/dev/null 2>&1 ||
    die "missing: ${packages[*]} (Debian's names). Install them with this system's package manager, then try again."
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "missing: ${packages[*]}. As root: apt-get install ${packages[*]}"
    as_root=(sudo)
  fi
  say "installing ${packages[*]}"
  # ${a[@]+"${a[@]}"}: older shells call an empty array unset.
  ${as_root[@]+"${as_root[@]}"} apt-get update -qq
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

# Asking swift takes a moment: the answer is kept with the tool's path and time.
check_swift() {
  local found tool mark
  tool="$(command -v swift)" ||
    die "Swift is missing: Apus needs $SWIFT_NEEDED or newer. Get a toolchain from swift.org, put its usr/bin on PATH."
  mark="$SWIFT_NEEDED $tool $(date -r "$tool" +%s)"
  [ "$(cat .cache/swift-checked 2>/dev/null)" != "$mark" ] || return 0
  found="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)"
  [ "$(printf '%s\n' "$SWIFT_NEEDED" "$found" | sort -V | head -n 1)" = "$SWIFT_NEEDED" ] ||
    die "Swift ${found:-of an unknown version} is on PATH; Apus needs $SWIFT_NEEDED or newer."
  mkdir -p .cache
  printf '%s' "$mark" >.cache/swift-checked
}

if [ "${#packages[@]}" -gt 0 ]; then install_packages; fi
check_swift
if [ "${1:-}" = test ]; then make_venv .venv-test scripts/requirements-test.txt; fi
# Deno, for JavaScript and TypeScript in the sandbox, comes as a wheel.
if [ "$(uname -s)" = Linux ]; then make_venv .venv-sandbox scripts/requirements-sandbox.txt; fi
