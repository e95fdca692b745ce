// The end of a call whose result the host has: what it took is told at once, and the worker is killed. The death of a
// process takes a millisecond that no caller has to wait for.
#if defined(__linux__)
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervisor.h"

// What follows a frame's length.
static const char *const last_starts[] = {
    "{\"type\":\"result\"", "{\"type\": \"result\"", "{\"type\":\"error\"",
    "{\"type\": \"error\"", "{\"type\":\"checked\"", "{\"type\": \"checked\""};

// Whether what waits to be read begins with a whole frame that looks like the last; nothing is taken.
static bool has_last_frame(int channel) {
  struct {
    uint32_t length;
    char text[24];
  } start = {0};
  int waiting = 0;
  if (recv(channel, &start, sizeof start, MSG_PEEK | MSG_DONTWAIT) < (ssize_t)sizeof start.length) return false;
  if (ioctl(channel, FIONREAD, &waiting) != 0 || (uint64_t)waiting < 4 + (uint64_t)start.length) return false;
  for (size_t i = 0; i < sizeof last_starts / sizeof *last_starts; i++)
    if (strncmp(start.text, last_starts[i], strlen(last_starts[i])) == 0) return true;
  return false;
}

// The host has the channel open, too: closing it alone would not end the watch.
void channel_leave(struct worker *worker) {
  if (worker->channel < 0) return;
  epoll_ctl(sup.epoll, EPOLL_CTL_DEL, worker->channel, NULL);
  close(worker->channel);
  worker->channel = -1;
}

// What it says first: most calls say no more, and need not wait until the host has seen it. This looks once; whatever else
// comes is the host's to see. Code that fakes a last frame ends its own call, as it does by the host's eyes.
void worker_spoke(struct worker *worker) {
  bool is_last = worker->channel >= 0 && worker->state == WORKER_RUNNING && has_last_frame(worker->channel);
  channel_leave(worker);
  if (is_last) worker_settle(worker->id);
}

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
