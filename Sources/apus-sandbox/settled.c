// The end of a call whose result the host has: what it took is told at once, and the worker is killed. The death of a
// process takes a millisecond that no caller has to wait for.
#if defined(__linux__)
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor.h"

// The most memory that it has had, in KiB; 0 where it is gone.
static uint32_t peak_kb(pid_t pid) {
  char path[64], text[2048];
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (length <= 0) return 0;
  text[length] = 0;
  const char *line = strstr(text, "VmHWM:");
  return line ? saturated(strtoull(line + sizeof "VmHWM:" - 1, NULL, 10)) : 0;
}

static bool is_dead(const struct worker *worker) {
  struct pollfd ended = {.fd = worker->pidfd, .events = POLLIN};
  return poll(&ended, 1, 0) == 1;
}

// One that is not running, is dead already, or is about to end for another reason is told of by its end alone.
void worker_settle(uint32_t id) {
  struct worker *worker = worker_find(id);
  if (!worker || worker->state != WORKER_RUNNING || worker->cause != CAUSE_NONE) return;
  if (is_dead(worker)) return worker_exited(worker);
  uint64_t wall = now_ns() - worker->started_ns, cpu = process_cpu_ns(worker->pid);
  stream_drain(worker, 0);
  stream_drain(worker, 1);
  uint64_t out = worker->streams[0].total, err = worker->streams[1].total;
  if (out + err > worker->output_max) return worker_kill(worker, CAUSE_OUTPUT);
  stream_send(worker, 0);
  stream_send(worker, 1);
  worker->is_settled = true;
  cpu = cpu > worker->cpu_base_ns ? cpu - worker->cpu_base_ns : 0;
  uint32_t packet[7] = {OUT_SETTLED, id, saturated(wall / 1000), saturated(cpu / 1000), peak_kb(worker->pid),
    saturated(out), saturated(err)};
  control_send(packet, sizeof packet, -1);
  worker_kill(worker, CAUSE_KILLED);
}
#endif
