// Reads one HTTP/1.1 answer as it arrives, plain or as server-sent events.
#ifndef BENCH_RESPONSE_H
#define BENCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/common.h"

enum { RESPONSE_HEAD_MAX = 32 << 10, RESPONSE_KEPT_MAX = 1 << 20 };

enum response_phase { PHASE_HEAD, PHASE_BODY, PHASE_SIZE, PHASE_DATA, PHASE_DATA_END, PHASE_TRAILER, PHASE_COMPLETE };

struct response {
  enum response_phase phase;
  int status;
  bool close, events, malformed;
  size_t left;          // of the body or of the chunk
  struct buffer kept;   // the head; then a plain body, or an event's line that is not complete
  // What the events said. Times are those of the read that brought them.
  int tokens;           // events with text
  bool finished, done;  // finish_reason "stop" seen; [DONE] seen
  int64_t first_token_ns, last_token_ns, longest_gap_ns;
};

/// Makes ready for the next answer; keeps the buffer's memory.
void response_reset(struct response *response);
/// Takes received bytes; returns how many belong to this answer.
size_t response_feed(struct response *response, const char *bytes, size_t length, int64_t now_ns);
/// NULL when a plain answer is right: status 200, text in it, `expect` in it (may be NULL); else what is wrong.
const char *response_plain_fault(const struct response *response, const char *expect);
/// NULL when a stream is right: status 200, `tokens` events with text (0: any number but none), a finish reason and
/// [DONE]; else what is wrong.
const char *response_stream_fault(const struct response *response, int tokens);

#endif
