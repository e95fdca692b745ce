#include "samples.h"

#include <math.h>
#include <stdlib.h>

void samples_add(struct samples *samples, int64_t ns) {
  if (samples->count == samples->capacity) {
    samples->capacity = samples->capacity ? samples->capacity * 2 : 4096;
    samples->ms = realloc(samples->ms, samples->capacity * sizeof *samples->ms);
    if (!samples->ms) abort();
  }
  samples->ms[samples->count++] = (float)((double)ns / 1e6);
}

static int compare(const void *left, const void *right) {
  float a = *(const float *)left, b = *(const float *)right;
  return (a > b) - (a < b);
}

void samples_sort(struct samples *samples) {
  if (samples->count) qsort(samples->ms, samples->count, sizeof *samples->ms, compare);
}

double samples_at(const struct samples *samples, double part) {
  if (samples->count == 0) return 0;
  size_t rank = (size_t)ceil(part * (double)samples->count);
  return (double)samples->ms[rank ? rank - 1 : 0];
}
