#include "request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../common/common.h"

static bool request_line(const char *bytes, const char *line_end, struct request *request) {
  const char *space = memchr(bytes, ' ', (size_t)(line_end - bytes));
  if (!space) return false;
  const char *path = space + 1, *path_end = memchr(path, ' ', (size_t)(line_end - path));
  if (!path_end || line_end - path_end != 9 || memcmp(path_end, " HTTP/1.1", 9) != 0) return false;
  request->method = bytes;
  request->method_length = (size_t)(space - bytes);
  request->path = path;
  const char *query = memchr(path, '?', (size_t)(path_end - path));
  request->path_length = (size_t)((query ? query : path_end) - path);
  return true;
}

// Calls for each complete chunk; with `join` the data is moved to the front of the body.
static enum request_state chunks(char *body, size_t length, bool join, size_t *data_length, size_t *consumed) {
  size_t at = 0, joined = 0;
  for (;;) {
    char *line_end = memmem(body + at, length - at, "\r\n", 2);
    if (!line_end) return length - at > 64 ? REQUEST_MALFORMED : REQUEST_INCOMPLETE;
    char *number_end;
    unsigned long size = strtoul(body + at, &number_end, 16);
    if (number_end == body + at || number_end > line_end) return REQUEST_MALFORMED;
    if (size > REQUEST_BODY_MAX || joined + size > REQUEST_BODY_MAX) return REQUEST_TOO_LARGE;
    size_t data = (size_t)(line_end - body) + 2;
    if (length - data < size + 2) return REQUEST_INCOMPLETE;
    if (memcmp(body + data + size, "\r\n", 2) != 0) return REQUEST_MALFORMED;
    if (join) memmove(body + joined, body + data, size);
    joined += size;
    at = data + size + 2;
    if (size == 0) break;
  }
  *data_length = joined;
  *consumed = at;
  return REQUEST_READY;
}

static enum request_state chunked_body(char *body, size_t length, struct request *request) {
  size_t data_length, consumed;
  enum request_state state = chunks(body, length, false, &data_length, &consumed);
  if (state != REQUEST_READY) return state;
  chunks(body, length, true, &data_length, &consumed);
  request->body_length = data_length;
  request->consumed += consumed;
  return REQUEST_READY;
}

enum request_state request_parse(char *bytes, size_t length, struct request *request) {
  char *head_end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!head_end) return length > REQUEST_HEAD_MAX ? REQUEST_TOO_LARGE : REQUEST_INCOMPLETE;
  size_t head_length = (size_t)(head_end - bytes) + 4, value_length;
  const char *line_end = memmem(bytes, head_length, "\r\n", 2);
  if (!request_line(bytes, line_end, request)) return REQUEST_MALFORMED;
  request->close = header_has(bytes, head_length, "connection", "close");
  request->body = bytes + head_length;
  request->body_length = 0;
  request->consumed = head_length;
  if (header_has(bytes, head_length, "transfer-encoding", "chunked"))
    return chunked_body(bytes + head_length, length - head_length, request);
  const char *value = header_value(bytes, head_length, "content-length", &value_length);
  if (!value) return REQUEST_READY;
  char *number_end;
  unsigned long body_length = strtoul(value, &number_end, 10);
  if (number_end == value || (size_t)(number_end - value) != value_length) return REQUEST_MALFORMED;
  if (body_length > REQUEST_BODY_MAX) return REQUEST_TOO_LARGE;
  if (length - head_length < body_length) return REQUEST_INCOMPLETE;
  request->body_length = body_length;
  request->consumed += body_length;
  return REQUEST_READY;
}
