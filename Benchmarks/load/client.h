// One client of the load: a connection's states, from connecting to an answer that is complete and checked.
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "load.h"
#include "response.h"

enum { READ_SIZE = 64 << 10 };

enum state { STATE_CLOSED, STATE_CONNECTING, STATE_IDLE, STATE_SENDING, STATE_RECEIVING };

struct connection {
  int fd, number;
  enum state state;
  long turns;
  size_t sent;
  int64_t started_ns;
  int64_t due_ns;  // when a connection that pauses sends again; 0: it does not pause
  struct response response;
};

struct load {
  const struct options *options;
  struct connection *connections;
  struct results results;
  struct buffer request;  // with the session of the connection that sends
  char *input;            // READ_SIZE bytes
  int epoll, shown;
  long started, open_requests;
  int64_t start_ns, last_ns;
  bool stopping;
  bool reopen;  // a connection failed and may be opened again
};

bool may_start(const struct load *load);
void begin_connect(struct load *load, struct connection *connection);
/// Sends the next request, or rests when no more are to be sent.
void begin_request(struct load *load, struct connection *connection);
/// Waits for what arrives, at most `timeout_ms`, and handles it.
void wait_once(struct load *load, int timeout_ms);

#endif
