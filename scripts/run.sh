#!/usr/bin/env bash
# From nothing to a running service: installs, configures, builds release, starts the local model where no other one
# is configured, serves, makes a demo agent and says how to talk to it. Ctrl-C ends everything that it started.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apus_pid=""
stop_model=""
interrupted=""

end_all() {
  if [ -n "$apus_pid" ] && kill -0 "$apus_pid" 2>/dev/null; then
    kill -TERM "$apus_pid" 2>/dev/null || true
    wait "$apus_pid" 2>/dev/null || true
  fi
  if [ -n "$stop_model" ]; then scripts/local-model.sh stop || true; fi
}
trap end_all EXIT
# Before apus runs these end the script (and so, by EXIT, what it started); afterwards they are passed on.
trap 'exit 130' INT
trap 'exit 143' TERM

make_env() {
  [ ! -f .env ] || return 0
  local token
  token="$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
  (
    umask 077
    cat >.env <<EOF
# Made by make run. Every variable, with its default: env.example.
RUNTIME_TOKEN=$token
EOF
  )
  say "made .env with a random RUNTIME_TOKEN"
}

build() {
  if [ ! -x "$RELEASE_BINARY" ]; then
    say "building Apus (release): the first build takes 8 to 20 minutes on two cores, later ones seconds"
  fi
  build_release
}

start_model() {
  [ -z "$(setting LLM_PROXY_URL)$(setting OPENAI_API_KEY)$(setting MODELS_FILE)" ] || return 0
  say "no LLM_PROXY_URL, OPENAI_API_KEY or MODELS_FILE is set: using a small model on this machine"
  if ! scripts/local-model.sh status >/dev/null; then stop_model=yes; fi
  LLM_PROXY_URL="$(scripts/local-model.sh start)"
  export LLM_PROXY_URL
}

wait_until_ready() {
  for _ in $(seq 300); do
    if curl -sf -m 2 -o /dev/null "$1/ready"; then return 0; fi
    kill -0 "$apus_pid" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

make_demo_agent() {
  local answer status
  answer="$(curl -s -m 10 -w '\n%{http_code}' "$1/v1/agents" -H "X-Runtime-Token: $2" \
    -H 'Content-Type: application/json' -d '{"id": "demo", "name": "Demo", "template_id": "customer-service-bot",
    "description": "Made by make run.", "system_prompt": "You are a friendly assistant. Answer in a few sentences."}')" || true
  status="${answer##*$'\n'}"
  # 409: it exists since an earlier start.
  case "$status" in
  201 | 409) ;;
  *) say "the agent 'demo' could not be made: $answer" ;;
  esac
}

greet() {
  cat <<EOF

Apus serves at   $1
Token            $2
Try it:

  curl -N $1/v1/chat/completions -H "Authorization: Bearer $2" -H "Content-Type: application/json" \\
    -d '{"model": "demo", "stream": true, "messages": [{"role": "user", "content": "Hello! Who are you?"}]}'

Chat in another terminal:   $RELEASE_BINARY chat demo
Ctrl-C ends it.

EOF
}

pass_on() {
  kill -TERM "$apus_pid" 2>/dev/null || true
  interrupted=yes
}

serve() {
  local port host url token scheme=http code=0
  port="$(setting PORT)"
  port="${port:-8000}"
  host="$(setting HOST)"
  case "$host" in "" | 0.0.0.0 | ::) host=127.0.0.1 ;; esac
  token="$(setting RUNTIME_TOKEN)"
  if [ -n "$(setting TLS_CERT_FILE)" ]; then scheme=https; fi
  url="$scheme://$host:$port"
  if port_taken "$port"; then
    die "port $port is taken by another program. Another port: PORT=8080 make run, or PORT=8080 in .env."
  fi
  "$RELEASE_BINARY" serve &
  apus_pid=$!
  trap pass_on INT TERM
  if wait_until_ready "$url"; then
    make_demo_agent "$url" "${token%%,*}"
    greet "$url" "${token%%,*}"
  fi
  # A signal cuts `wait` short: wait again until apus has drained; its code is remembered even if it ended meanwhile.
  while true; do
    code=0
    wait "$apus_pid" || code=$?
    [ -n "$interrupted" ] || break
    interrupted=""
  done
  apus_pid=""
  exit "$code"
}

scripts/install.sh
make_env
use_own_deno
build
start_model
serve
