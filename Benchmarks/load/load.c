#include "load.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client.h"

enum { ERRORS_MAX = 1000, WAIT_MS = 100, CONNECT_MS = 10000 };

static long ended(const struct results *results) {
  return results->complete + results->errors + results->non_2xx + results->bad_answers;
}

static int wait_until(int64_t due_ns) {
  int64_t left = due_ns - now_ns();
  if (left <= 0) return 0;
  return left > WAIT_MS * 1000000 ? WAIT_MS : (int)((left + 999999) / 1000000);
}

// All connections stand before the first request leaves.
static void connect_all(struct load *load) {
  int64_t until = now_ns() + CONNECT_MS * 1000000LL;
  for (int i = 0; i < load->options->connections; i++) begin_connect(load, &load->connections[i]);
  for (int waiting = 1; waiting && now_ns() < until;) {
    wait_once(load, WAIT_MS);
    waiting = 0;
    for (int i = 0; i < load->options->connections; i++) waiting += load->connections[i].state == STATE_CONNECTING;
  }
}

static void reopen_failed(struct load *load) {
  load->reopen = false;
  if (load->results.errors >= ERRORS_MAX) load->stopping = true;
  for (int i = 0; i < load->options->connections && may_start(load); i++) {
    if (load->connections[i].state != STATE_CLOSED) continue;
    load->results.reconnects++;
    begin_connect(load, &load->connections[i]);
  }
}

// Lets the connections go on whose pause is over; returns when to look again, at the latest at `end`.
static int64_t wake_paused(struct load *load, int64_t now, int64_t end) {
  for (int i = 0; load->options->pause_ns > 0 && i < load->options->connections; i++) {
    struct connection *connection = &load->connections[i];
    if (connection->due_ns != 0 && connection->due_ns <= now) begin_request(load, connection);
    if (connection->due_ns != 0 && connection->due_ns < end) end = connection->due_ns;
  }
  return end;
}

static void run_loops(struct load *load) {
  const struct options *options = load->options;
  int64_t until = load->start_ns + options->duration_ns;
  int64_t hard_end = until + options->timeout_ns;
  for (int i = 0; i < options->connections; i++)
    if (load->connections[i].state == STATE_IDLE) begin_request(load, &load->connections[i]);
  while (load->open_requests > 0 || may_start(load)) {
    int64_t now = now_ns();
    if (now >= hard_end) break;
    if (options->count == 0 && now >= until) load->stopping = true;
    int64_t end = load->stopping || options->count ? hard_end : until;
    wait_once(load, wait_until(wake_paused(load, now, end)));
    if (load->reopen) reopen_failed(load);
  }
}

static void run_paced(struct load *load) {
  const struct options *options = load->options;
  int64_t hard_end = load->start_ns + options->ramp_ns + options->timeout_ns;
  int begun = 0;
  while (ended(&load->results) < options->connections && now_ns() < hard_end) {
    int64_t due = hard_end;
    while (begun < options->connections) {
      due = load->start_ns + options->ramp_ns * begun / options->connections;
      if (due > now_ns()) break;
      begin_connect(load, &load->connections[begun++]);
      due = hard_end;
    }
    wait_once(load, wait_until(due));
  }
  load->results.unfinished = begun - ended(&load->results);
}

struct results load_run(const struct options *options) {
  struct load load = {.options = options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
  load.connections = calloc((size_t)options->connections, sizeof *load.connections);
  load.input = malloc(READ_SIZE);
  if (!load.connections || !load.input) abort();
  buffer_append(&load.request, options->request.bytes, options->request.length);
  for (int i = 0; i < options->connections; i++)
    load.connections[i] = (struct connection){.fd = -1, .number = i};
  if (options->mode != MODE_PACED) connect_all(&load);
  load.start_ns = load.last_ns = now_ns();
  if (options->mode == MODE_PACED) {
    run_paced(&load);
  } else {
    run_loops(&load);
    load.results.unfinished = load.open_requests;
  }
  load.results.elapsed_ns = load.last_ns - load.start_ns;
  for (int i = 0; i < options->connections; i++) {
    if (load.connections[i].fd >= 0) close(load.connections[i].fd);
    buffer_free(&load.connections[i].response.kept);
  }
  free(load.connections);
  free(load.input);
  buffer_free(&load.request);
  close(load.epoll);
  return load.results;
}
