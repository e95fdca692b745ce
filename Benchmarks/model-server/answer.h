// The answers' bytes, made once; only the completion's id differs from one to the next.
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/common.h"

enum { TOKENS_MAX = 4096 };

/// HTTP bytes and where the twelve digits of the id stand in them.
struct text {
  struct buffer bytes;
  size_t *ids;
  size_t id_count;
};

struct answers {
  int tokens;
  struct text plain;
  struct text head;         // a stream's HTTP head and its first event, the role
  struct text *token;       // one event a token
  struct text finish, usage, done;
  struct text whole[2];     // a whole stream; [1] with the usage event
};

void answers_make(struct answers *answers, int tokens);
/// Appends `text` with `id` in its places.
void answers_append(struct buffer *out, const struct text *text, uint64_t id);

#endif
