// Writing a seccomp filter, rule after rule: the first that fits decides.
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#define REFUSE_WITH(error) (SECCOMP_RET_ERRNO | (error))
enum { REFUSE = REFUSE_WITH(EPERM), MISSING = REFUSE_WITH(ENOSYS) };

struct writer {
  struct sock_filter *program;
  size_t length;
};

static inline void add(struct writer *w, uint16_t code, uint8_t when_true, uint8_t when_false, uint32_t value) {
  w->program[w->length++] = (struct sock_filter){code, when_true, when_false, value};
}
static inline void load(struct writer *w, size_t offset) { add(w, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset); }
static inline void finish(struct writer *w, uint32_t verdict) { add(w, BPF_RET | BPF_K, 0, 0, verdict); }
static inline void load_argument(struct writer *w, int argument) {
  load(w, offsetof(struct seccomp_data, args) + 8 * (size_t)argument);
}
// What is loaded equals the value: this verdict. Otherwise on.
static inline void if_equal(struct writer *w, uint32_t value, uint32_t verdict) {
  add(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
  finish(w, verdict);
}
static inline void if_any_bit(struct writer *w, uint32_t bits, uint32_t verdict) {
  add(w, BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits);
  finish(w, verdict);
}

// Starts the rules of one call; `end_rules` closes them, so that other calls jump over.
static inline size_t begin_rules(struct writer *w, uint32_t call) {
  add(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, call);
  return w->length;
}
static inline void end_rules(struct writer *w, size_t begin, uint32_t verdict) {
  finish(w, verdict);
  w->program[begin - 1].jf = (uint8_t)(w->length - begin);
}

// seccomp.c: what every filter begins and ends with; between them stand the rules of one kind of process.
void rules_head(struct writer *w);
void rules_tail(struct writer *w);
