#include "timers.h"

#include <stdlib.h>

static void put(struct timers *timers, size_t place, struct timer *timer) {
  timers->heap[place - 1] = timer;
  timer->place = place;
}

static void rise(struct timers *timers, size_t place, struct timer *timer) {
  for (; place > 1 && timers->heap[place / 2 - 1]->due_ns > timer->due_ns; place /= 2)
    put(timers, place, timers->heap[place / 2 - 1]);
  put(timers, place, timer);
}

static void sink(struct timers *timers, size_t place, struct timer *timer) {
  for (size_t child; (child = place * 2) <= timers->count; place = child) {
    if (child < timers->count && timers->heap[child]->due_ns < timers->heap[child - 1]->due_ns) child++;
    if (timers->heap[child - 1]->due_ns >= timer->due_ns) break;
    put(timers, place, timers->heap[child - 1]);
  }
  put(timers, place, timer);
}

void timers_add(struct timers *timers, struct timer *timer, int64_t due_ns) {
  if (timers->count == timers->capacity) {
    timers->capacity = timers->capacity ? timers->capacity * 2 : 64;
    timers->heap = realloc(timers->heap, timers->capacity * sizeof *timers->heap);
    if (!timers->heap) abort();
  }
  timer->due_ns = due_ns;
  rise(timers, ++timers->count, timer);
}

void timers_remove(struct timers *timers, struct timer *timer) {
  size_t place = timer->place;
  if (place == 0) return;
  timer->place = 0;
  struct timer *last = timers->heap[--timers->count];
  if (last == timer) return;
  if (place > 1 && timers->heap[place / 2 - 1]->due_ns > last->due_ns)
    rise(timers, place, last);
  else
    sink(timers, place, last);
}

struct timer *timers_first(const struct timers *timers) { return timers->count ? timers->heap[0] : NULL; }
