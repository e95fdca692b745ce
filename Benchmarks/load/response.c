#include "response.h"

#include <stdlib.h>
#include <string.h>

void response_reset(struct response *response) {
  struct buffer kept = response->kept;
  kept.length = 0;
  *response = (struct response){.kept = kept};
}

static void event_line(struct response *response, const char *line, size_t length, int64_t now) {
  if (length > 0 && line[length - 1] == '\r') length--;
  if (length < 6 || memcmp(line, "data: ", 6) != 0) return;
  line += 6;
  length -= 6;
  if (length == 6 && memcmp(line, "[DONE]", 6) == 0) {
    response->done = true;
    return;
  }
  const char *reason = json_value(line, length, "\"finish_reason\"");
  if (reason && line + length - reason > 6 && memcmp(reason, "\"stop\"", 6) == 0) response->finished = true;
  if (!json_has_text(line, length, "\"content\"")) return;
  if (response->tokens++ == 0)
    response->first_token_ns = now;
  else if (now - response->last_token_ns > response->longest_gap_ns)
    response->longest_gap_ns = now - response->last_token_ns;
  response->last_token_ns = now;
}

static void event_bytes(struct response *response, const char *bytes, size_t length, int64_t now) {
  const char *end = bytes + length, *newline;
  while (bytes < end && (newline = memchr(bytes, '\n', (size_t)(end - bytes)))) {
    if (response->kept.length > 0) {
      buffer_append(&response->kept, bytes, (size_t)(newline - bytes));
      event_line(response, response->kept.bytes, response->kept.length, now);
      response->kept.length = 0;
    } else {
      event_line(response, bytes, (size_t)(newline - bytes), now);
    }
    bytes = newline + 1;
  }
  buffer_append(&response->kept, bytes, (size_t)(end - bytes));
}

static void body_bytes(struct response *response, const char *bytes, size_t length, int64_t now) {
  if (response->kept.length + length > RESPONSE_KEPT_MAX)
    response->malformed = true;
  else if (response->events)
    event_bytes(response, bytes, length, now);
  else
    buffer_append(&response->kept, bytes, length);
}

static void head_complete(struct response *response) {
  const char *head = response->kept.bytes;
  size_t length = response->kept.length, value_length;
  response->status = length > 12 && memcmp(head, "HTTP/1.1 ", 9) == 0 ? atoi(head + 9) : 0;
  response->malformed = response->status < 200;
  response->close = header_has(head, length, "connection", "close");
  response->events = response->status == 200 && header_has(head, length, "content-type", "text/event-stream");
  const char *size = header_value(head, length, "content-length", &value_length);
  if (header_has(head, length, "transfer-encoding", "chunked")) {
    response->phase = PHASE_SIZE;
  } else if (size) {
    response->left = strtoul(size, NULL, 10);
    response->phase = response->left ? PHASE_BODY : PHASE_COMPLETE;
  } else {
    response->malformed = true;  // a body that ends with the connection: nothing measured here sends one
  }
  response->kept.length = 0;
}

// Takes up to the head's end; the head may come in pieces.
static size_t feed_head(struct response *response, const char *bytes, size_t length) {
  struct buffer *kept = &response->kept;
  size_t before = kept->length, from = before > 3 ? before - 3 : 0;
  buffer_append(kept, bytes, length);
  const char *end = memmem(kept->bytes + from, kept->length - from, "\r\n\r\n", 4);
  if (!end) {
    response->malformed = kept->length > RESPONSE_HEAD_MAX;
    return length;
  }
  kept->length = (size_t)(end - kept->bytes) + 4;
  size_t used = kept->length - before;
  head_complete(response);
  return used;
}

static void feed_size(struct response *response, char digit) {
  if (digit >= '0' && digit <= '9')
    response->left = response->left * 16 + (size_t)(digit - '0');
  else if ((digit | 32) >= 'a' && (digit | 32) <= 'f')
    response->left = response->left * 16 + (size_t)((digit | 32) - 'a' + 10);
  else if (digit == '\n')
    response->phase = response->left ? PHASE_DATA : PHASE_TRAILER;
  else if (digit != '\r')
    response->malformed = true;
  if (response->left > RESPONSE_KEPT_MAX) response->malformed = true;
}

static size_t feed_body(struct response *response, const char *bytes, size_t length, int64_t now) {
  size_t part = length < response->left ? length : response->left;
  body_bytes(response, bytes, part, now);
  response->left -= part;
  if (response->left == 0) response->phase = response->phase == PHASE_BODY ? PHASE_COMPLETE : PHASE_DATA_END;
  return part;
}

size_t response_feed(struct response *response, const char *bytes, size_t length, int64_t now) {
  size_t at = 0;
  while (at < length && response->phase != PHASE_COMPLETE && !response->malformed) {
    switch (response->phase) {
      case PHASE_HEAD: at += feed_head(response, bytes + at, length - at); break;
      case PHASE_BODY:
      case PHASE_DATA: at += feed_body(response, bytes + at, length - at, now); break;
      case PHASE_SIZE: feed_size(response, bytes[at++]); break;
      case PHASE_DATA_END:
        if (bytes[at++] == '\n') response->phase = PHASE_SIZE;
        break;
      case PHASE_TRAILER:  // no trailer fields are expected: the next line is the empty one
        if (bytes[at++] == '\n') response->phase = PHASE_COMPLETE;
        break;
      case PHASE_COMPLETE: break;
    }
  }
  return at;
}

const char *response_plain_fault(const struct response *response, const char *expect) {
  const struct buffer *body = &response->kept;
  if (response->status != 200) return "status";
  if (response->events || !json_has_text(body->bytes, body->length, "\"content\"")) return "no content";
  return expect && !memmem(body->bytes, body->length, expect, strlen(expect)) ? "not the expected text" : NULL;
}

const char *response_stream_fault(const struct response *response, int tokens) {
  if (response->status != 200) return "status";
  if (!response->events) return "not an event stream";
  if (!response->done) return "no [DONE]";
  if (!response->finished) return "no finish_reason";
  if (response->tokens == 0 || (tokens > 0 && response->tokens != tokens)) return "wrong number of tokens";
  return NULL;
}
