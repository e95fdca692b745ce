// An event loop that answers chat completions at once, or paced by timers.
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "answer.h"
#include "timers.h"

struct options {
  int port, threads, tokens;
  int64_t interval_ns;  // between a paced stream's tokens; 0: all at once
  int fail_percent;     // of the requests
  int tool_turns;       // results of tools that a prompt must hold before it is answered
  bool event_writes;    // an unpaced stream's events in a write each instead of one for all
};

struct counters {
  _Atomic uint64_t requests, streams, disconnects_midway;
  _Atomic int64_t active, connections;
};

struct server {
  const struct options *options;
  const struct answers *answers;
  struct server *all;  // every thread's server, whose counters /stats adds up
  int listener, epoll;
  uint64_t next_id;
  struct timers timers;
  struct counters counters;
};

/// Serves until the process ends.
void server_run(struct server *server);

#endif
