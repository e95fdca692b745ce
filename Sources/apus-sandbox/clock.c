#if defined(__linux__)
#define _GNU_SOURCE
#include <time.h>

#include "supervisor.h"

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) != 0) return 0;
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t now_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }

// Processor time of a whole process, of all its threads; 0 where it is gone.
uint64_t process_cpu_ns(pid_t pid) {
  clockid_t clock;
  return clock_getcpuclockid(pid, &clock) == 0 ? nanoseconds(clock) : 0;
}
#endif
