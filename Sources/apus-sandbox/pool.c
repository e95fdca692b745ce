// How many workers wait: the pool's, refilled at a bounded cost, and what the host wants at once.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor.h"

// Most calls are over so soon; making workers meanwhile would take the processor from them.
enum { REFILL_REST_NS = 3000000 };

// So many are made at a time: more would only slow each other down.
static uint32_t at_once(const struct zygote *zygote) {
  return zygote->interpreter->language == PYTHON ? 8 : 3;
}

static uint32_t waiting(const struct zygote *zygote) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < sup.options.workers_max; i++) {
    const struct worker *worker = &sup.workers[i];
    if (worker->zygote == zygote && (worker->state == WORKER_STARTING || worker->state == WORKER_WAITING)) count++;
  }
  return count;
}

// Only the first version of a language without layers has workers ahead.
static uint32_t target(const struct zygote *zygote) {
  if (zygote->layer[0] != 0 || language_field(zygote->interpreter) >> VERSION_SHIFT != 0) return 0;
  return zygote->interpreter->language == PYTHON ? sup.options.pool_python : sup.options.pool_deno;
}

// The next refill waits until the last one's cost is paid at the rate that is allowed.
static void pace(struct zygote *zygote, uint64_t now) {
  if (sup.options.refill_cpu_percent == 0) return;
  uint64_t pause = zygote->cost_ns * 100 / sup.options.refill_cpu_percent;
  zygote->pace_ns = (zygote->pace_ns > now ? zygote->pace_ns : now) + pause;
}

static uint64_t fill(struct zygote *zygote, uint64_t now) {
  while (zygote->wanted > 0 && zygote->starting < at_once(zygote)) {
    if (!worker_spawn(zygote, true)) return UINT64_MAX;
    zygote->wanted--;
  }
  uint32_t goal = target(zygote), have = waiting(zygote);
  uint64_t rested = sup.last_start_ns + REFILL_REST_NS;
  for (; have < goal && zygote->starting < at_once(zygote); have++) {
    if (zygote->pace_ns > now) return zygote->pace_ns;
    // A pool that is half empty cannot rest.
    if (rested > now && 2 * have >= goal) return rested;
    if (!worker_spawn(zygote, false)) return UINT64_MAX;
    pace(zygote, now);
  }
  return UINT64_MAX;
}

// Makes what is missing; returns when it wants to be asked again at the latest.
uint64_t pool_fill(uint64_t now) {
  uint64_t next = UINT64_MAX;
  for (uint32_t i = 0; i < ZYGOTES_LIMIT; i++) {
    struct zygote *zygote = &sup.zygotes[i];
    if (zygote->state != ZYGOTE_UP || zygote->retry_ns > now) continue;
    uint64_t again = fill(zygote, now);
    if (again < next) next = again;
  }
  return next;
}

static struct interpreter *interpreter_for(uint32_t language) {
  for (size_t i = 0; i < sup.interpreter_count; i++)
    if (language_field(&sup.interpreters[i]) == language) return &sup.interpreters[i];
  return NULL;
}

// NULL where workers can use it. They are other users than root, or this one.
static const char *layer_fault(uint32_t id, const char *path) {
  struct stat about;
  if (id == 0) return "has no number";
  if (path[0] != '/') return "is not an absolute path";
  if (stat(path, &about) != 0) return strerror(errno);
  if (!S_ISDIR(about.st_mode)) return "is not a directory";
  bool readable = sup.uid_base ? (about.st_mode & 5) == 5 : access(path, R_OK | X_OK) == 0;
  return readable ? NULL : "may not be read by workers";
}

void pool_want_layer(uint32_t language, uint32_t count, uint32_t layer_id, const char *path) {
  const char *fault = layer_fault(layer_id, path);
  if (!fault) return pool_want(language, count, layer_id, path);
  char text[PATH_MAX + 200];
  snprintf(text, sizeof text, "the layer of packages %.600s: %s", path, fault);
  control_fault(language, layer_id, text);
}

// `layer` is empty, or the path of a directory.
void pool_want(uint32_t language, uint32_t count, uint32_t layer_id, const char *layer) {
  struct interpreter *interpreter = interpreter_for(language);
  if (!interpreter) return control_fault(language, layer_id, "no such interpreter");
  struct zygote *zygote = zygote_for(interpreter, layer_id, layer);
  if (!zygote) return control_fault(language, layer_id, "too many layers are in use at once");
  if (count > WORKERS_LIMIT) count = WORKERS_LIMIT;
  zygote->wanted = zygote->wanted + count > WORKERS_LIMIT ? WORKERS_LIMIT : zygote->wanted + count;
}
#endif
