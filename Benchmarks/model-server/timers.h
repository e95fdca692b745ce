// A binary heap of due times; an entry knows its place, so that it can be removed when its connection ends.
#ifndef BENCH_TIMERS_H
#define BENCH_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
  int64_t due_ns;
  size_t place;  // 1 and up while it waits, 0 otherwise
};

struct timers {
  struct timer **heap;
  size_t count, capacity;
};

void timers_add(struct timers *timers, struct timer *timer, int64_t due_ns);
void timers_remove(struct timers *timers, struct timer *timer);
/// The entry due first, or NULL.
struct timer *timers_first(const struct timers *timers);

#endif
