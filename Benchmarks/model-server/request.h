// One HTTP/1.1 request out of received bytes.
#ifndef BENCH_REQUEST_H
#define BENCH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_HEAD_MAX = 64 << 10, REQUEST_BODY_MAX = 16 << 20 };

enum request_state { REQUEST_INCOMPLETE, REQUEST_READY, REQUEST_MALFORMED, REQUEST_TOO_LARGE };

struct request {
  const char *method, *path, *body;
  size_t method_length, path_length, body_length;
  size_t consumed;  // bytes of the input that this request took
  bool close;       // the client asked for the connection's end
};

/// Parses the request at the start of `bytes`. A chunked body is joined in place once it is complete.
enum request_state request_parse(char *bytes, size_t length, struct request *request);

#endif
