#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>

void buffer_reserve(struct buffer *buffer, size_t extra) {
  size_t needed = buffer->length + extra;
  if (needed <= buffer->capacity) return;
  size_t capacity = buffer->capacity ? buffer->capacity : 1024;
  while (capacity < needed) capacity *= 2;
  char *bytes = realloc(buffer->bytes, capacity);
  if (!bytes) {
    fprintf(stderr, "out of memory: %zu bytes\n", capacity);
    exit(1);
  }
  buffer->bytes = bytes;
  buffer->capacity = capacity;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length) {
  if (length == 0) return;
  buffer_reserve(buffer, length);
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

void buffer_print(struct buffer *buffer, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  buffer_reserve(buffer, (size_t)length + 1);
  vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, again);
  va_end(again);
  buffer->length += (size_t)length;
}

void buffer_drop(struct buffer *buffer, size_t length) {
  if (length == 0) return;
  buffer->length -= length;
  if (buffer->length > 0) memmove(buffer->bytes, buffer->bytes + length, buffer->length);
}

void buffer_free(struct buffer *buffer) {
  free(buffer->bytes);
  *buffer = (struct buffer){0};
}

int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static const char *skip_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) at++;
  return at;
}

const char *json_value(const char *text, size_t length, const char *key) {
  const char *at = text, *end = text + length;
  size_t key_length = strlen(key);
  while ((at = memmem(at, (size_t)(end - at), key, key_length))) {
    at += key_length;
    const char *colon = skip_space(at, end);
    if (colon < end && *colon == ':') return skip_space(colon + 1, end);
  }
  return NULL;
}

bool json_is_true(const char *text, size_t length, const char *key) {
  const char *value = json_value(text, length, key);
  return value && text + length - value >= 4 && memcmp(value, "true", 4) == 0;
}

bool json_has_text(const char *text, size_t length, const char *key) {
  const char *value = json_value(text, length, key);
  return value && text + length - value >= 2 && value[0] == '"' && value[1] != '"';
}

const char *header_value(const char *head, size_t length, const char *name, size_t *value_length) {
  const char *line = memchr(head, '\n', length), *end = head + length;
  size_t name_length = strlen(name);
  while (line && ++line < end) {
    if ((size_t)(end - line) > name_length && line[name_length] == ':' && strncasecmp(line, name, name_length) == 0) {
      const char *value = line + name_length + 1;
      while (value < end && (*value == ' ' || *value == '\t')) value++;
      const char *stop = memchr(value, '\r', (size_t)(end - value));
      *value_length = (size_t)((stop ? stop : end) - value);
      return value;
    }
    line = memchr(line, '\n', (size_t)(end - line));
  }
  return NULL;
}

bool header_has(const char *head, size_t length, const char *name, const char *word) {
  size_t value_length, word_length = strlen(word);
  const char *value = header_value(head, length, name, &value_length);
  for (; value && value_length >= word_length; value++, value_length--)
    if (strncasecmp(value, word, word_length) == 0) return true;
  return false;
}

long option_number(const char *name, const char *text, long smallest, long largest) {
  char *end = NULL;
  errno = 0;
  long number = text ? strtol(text, &end, 10) : 0;
  if (text && !errno && end != text && *end == 0 && number >= smallest && number <= largest) return number;
  fprintf(stderr, "%s: '%s' is not allowed; a whole number from %ld to %ld is\n", name, text ? text : "", smallest,
          largest);
  exit(2);
}

void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) perror("descriptor limit not raised");
}
