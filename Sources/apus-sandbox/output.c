// What workers print: the first 64 KiB of each stream are kept, the rest is counted.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fork_protocol.h"
#include "supervisor.h"

static char scratch[KEPT_BYTES];

void stream_open(struct worker *worker, int which, int fd) {
  worker->streams[which] = (struct stream){.fd = fd};
  watch_add(fd, which == 0 ? WATCH_OUT : WATCH_ERR, worker_index(worker), EPOLLIN);
}

static void keep(struct stream *stream, const char *bytes, size_t length) {
  stream->total += length;
  size_t room = KEPT_BYTES - stream->kept_length;
  if (length > room) length = room;
  if (length == 0) return;
  if (!stream->kept && !(stream->kept = malloc(KEPT_BYTES))) return;
  memcpy(stream->kept + stream->kept_length, bytes, length);
  stream->kept_length += (uint32_t)length;
}

// False at the end of the stream, or when nothing is there now.
static bool read_some(struct worker *worker, int which) {
  struct stream *stream = &worker->streams[which];
  if (stream->fd < 0) return false;
  ssize_t length = read(stream->fd, scratch, sizeof scratch);
  if (length < 0 && errno == EINTR) return true;
  if (length < 0 && errno == EAGAIN) return false;
  if (length <= 0) {
    close(stream->fd);
    stream->fd = -1;
    return false;
  }
  const char *bytes = scratch;
  if (worker->state == WORKER_STARTING && !worker->is_ready && which == 0 && bytes[0] == READY_BYTE) {
    worker->is_ready = true;
    worker_ready(worker);
    bytes++;
    length--;
  }
  keep(stream, bytes, (size_t)length);
  return true;
}

void stream_readable(struct worker *worker, int which) {
  // A few times only: a flood must not keep the loop from other workers' deadlines.
  for (int i = 0; i < 4 && read_some(worker, which); i++) {}
  uint64_t total = worker->streams[0].total + worker->streams[1].total;
  if (worker->state == WORKER_RUNNING && total > worker->output_max) worker_kill(worker, CAUSE_OUTPUT);
  if (worker->state == WORKER_WAITING && total > KEPT_BYTES) worker_kill(worker, CAUSE_WAITING);
}

// After the worker's death: what is left in the pipe, which is bounded.
void stream_drain(struct worker *worker, int which) {
  for (int i = 0; i < 64 && read_some(worker, which); i++) {}
}

void stream_send(const struct worker *worker, int which) {
  static unsigned char packet[PACKET_MAX];
  const struct stream *stream = &worker->streams[which];
  if (stream->kept_length == 0) return;
  uint32_t header[3] = {OUT_OUTPUT, worker->id, (uint32_t)which + 1};
  memcpy(packet, header, sizeof header);
  memcpy(packet + sizeof header, stream->kept, stream->kept_length);
  control_send(packet, sizeof header + stream->kept_length, -1);
}

void stream_close(struct stream *stream) {
  if (stream->fd >= 0) close(stream->fd);
  free(stream->kept);
  *stream = (struct stream){.fd = -1};
}
#endif
