#!/usr/bin/env bash
# Builds debug and serves with DEBUG=true; on a change of the sources builds again and restarts. A build that fails
# leaves the old process running.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apus_pid=""
stop_model=""
mark=.build/dev.mark

end_apus() {
  [ -n "$apus_pid" ] || return 0
  kill -TERM "$apus_pid" 2>/dev/null || true
  wait "$apus_pid" 2>/dev/null || true
  apus_pid=""
}

end_all() {
  end_apus
  if [ -n "$stop_model" ]; then scripts/local-model.sh stop || true; fi
}
trap end_all EXIT
trap 'exit 0' INT TERM

# What a build or the settings depend on.
changed() {
  local watched=(Sources Package.swift)
  if [ -f .env ]; then watched+=(.env); fi
  [ -n "$(find "${watched[@]}" -newer "$mark" -print -quit)" ]
}

build_and_restart() {
  touch "$mark"
  say "building"
  if ! swift build "${DEBUG_FLAGS[@]}" --product apus; then
    say "the build failed: ${apus_pid:+the old process goes on, }waiting for a change"
    return
  fi
  end_apus
  "$DEBUG_BINARY" serve &
  apus_pid=$!
  say "apus runs as process $apus_pid; watching Sources, Package.swift and .env"
}

scripts/install.sh
mkdir -p .build
export DEBUG=true
if [ -z "$(setting RUNTIME_TOKEN)" ]; then
  export RUNTIME_TOKEN=change-me
  say "RUNTIME_TOKEN is not set: using 'change-me', which only DEBUG allows"
fi
if [ -z "$(setting LLM_PROXY_URL)$(setting OPENAI_API_KEY)$(setting MODELS_FILE)" ]; then
  if ! scripts/local-model.sh status >/dev/null; then stop_model=yes; fi
  LLM_PROXY_URL="$(scripts/local-model.sh start)"
  export LLM_PROXY_URL
fi
build_and_restart
while true; do
  sleep 1
  if [ -n "$apus_pid" ] && ! kill -0 "$apus_pid" 2>/dev/null; then
    say "apus ended; waiting for a change"
    apus_pid=""
  fi
  if changed; then build_and_restart; fi
done
