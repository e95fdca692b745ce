// Every measured value is kept, so that percentiles are exact.
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
  float *ms;
  size_t count, capacity;
};

void samples_add(struct samples *samples, int64_t ns);
void samples_sort(struct samples *samples);
/// Of sorted samples, `part` in 0...1, the nearest rank; 0 when there are none.
double samples_at(const struct samples *samples, double part);

#endif
