// What the model server and the load generator share: a growing buffer, the clock, and a look into JSON text.
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
  char *bytes;
  size_t length, capacity;
};

/// Makes room for `extra` more bytes; ends the process when memory is out.
void buffer_reserve(struct buffer *buffer, size_t extra);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_print(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// Removes the first `length` bytes.
void buffer_drop(struct buffer *buffer, size_t length);
void buffer_free(struct buffer *buffer);

/// Nanoseconds of the monotonic clock.
int64_t now_ns(void);

/// The first character of the value after the first `"key":` (`key` with its quotes), or NULL. Not a JSON parser:
/// inside a JSON string the quotes of a key are escaped, so that only real keys match.
const char *json_value(const char *text, size_t length, const char *key);
/// Whether the value of `key` is `true`.
bool json_is_true(const char *text, size_t length, const char *key);
/// Whether the value of `key` is a string with at least one character.
bool json_has_text(const char *text, size_t length, const char *key);

/// The value of a header in a head that ends with CRLF CRLF (not terminated: up to CR), or NULL.
const char *header_value(const char *head, size_t length, const char *name, size_t *value_length);
/// Whether a header's value has `word` in it, whatever the case.
bool header_has(const char *head, size_t length, const char *name, const char *word);

/// A whole number of an option within its limits; ends the process with a line that says what is allowed.
long option_number(const char *name, const char *text, long smallest, long largest);

/// Lifts the soft limit of open descriptors to the hard one.
void raise_descriptor_limit(void);

#endif
