// The load: connections that send one request after another, or paced streams, one a connection.
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "../common/common.h"
#include "samples.h"

enum mode { MODE_PLAIN, MODE_STREAM, MODE_PACED };

struct options {
  enum mode mode;
  int connections, tokens, turns_per_session;
  int64_t duration_ns, ramp_ns, timeout_ns;
  int64_t pause_ns;  // between an answer and the next request of a connection
  long count;  // requests in all; 0: until the duration is over
  const char *expect;  // text of each plain answer, or NULL
  struct sockaddr_in address;
  struct buffer request;  // the request's bytes
  size_t session_at;      // where the sixteen digits of a session stand in it; 0: nowhere
};

enum { SESSION_DIGITS = 16 };

struct results {
  struct samples latency, first_token, gap;
  long complete, errors, non_2xx, bad_answers, reconnects, unfinished;
  int64_t elapsed_ns;
};

/// Runs the load to its end.
struct results load_run(const struct options *options);

#endif
