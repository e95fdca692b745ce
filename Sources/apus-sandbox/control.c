// The socket to the host: packets in, packets out. What the host does not take yet waits in a bounded queue.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervisor.h"

enum { CONTROL = 0, QUEUE_BYTES_MAX = 64 * MIB, PACKET_IN_MAX = 20 + REQUEST_MAX };

struct packet {
  struct packet *next;
  size_t length;
  int fd;
  unsigned char bytes[];
};
static struct packet *queue_first, **queue_last = &queue_first;
static size_t queue_bytes;

void control_setup(void) {
  int size = 4 * MIB;
  setsockopt(CONTROL, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  fcntl(CONTROL, F_SETFL, fcntl(CONTROL, F_GETFL) | O_NONBLOCK);
  fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
  watch_add(CONTROL, WATCH_CONTROL, 0, EPOLLIN);
}

// 1 sent, 0 not now; a host that is gone counts as sent, the end of file on its socket ends everything.
static int send_now(const void *bytes, size_t length, int fd) {
  struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } extra = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = extra.space;
    message.msg_controllen = sizeof extra.space;
    extra.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&extra.header), &fd, sizeof fd);
  }
  ssize_t sent;
  do sent = sendmsg(CONTROL, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != ETOOMANYREFS);
}

void control_flush(void) {
  while (queue_first) {
    struct packet *packet = queue_first;
    if (!send_now(packet->bytes, packet->length, packet->fd)) return;
    if (packet->fd >= 0) close(packet->fd);
    queue_bytes -= packet->length;
    if (!(queue_first = packet->next)) queue_last = &queue_first;
    free(packet);
  }
  watch_change(CONTROL, WATCH_CONTROL, 0, EPOLLIN);
}

// Takes over `fd`. False where the host has stopped reading: then everything ends.
bool control_send(const void *bytes, size_t length, int fd) {
  if (!queue_first && send_now(bytes, length, fd)) {
    if (fd >= 0) close(fd);
    return true;
  }
  struct packet *packet = queue_bytes + length > QUEUE_BYTES_MAX ? NULL : malloc(sizeof *packet + length);
  if (!packet) {
    if (fd >= 0) close(fd);
    shutdown(CONTROL, SHUT_RDWR);
    return false;
  }
  *packet = (struct packet){.length = length, .fd = fd};
  memcpy(packet->bytes, bytes, length);
  *queue_last = packet;
  queue_last = &packet->next;
  queue_bytes += length;
  watch_change(CONTROL, WATCH_CONTROL, 0, EPOLLIN | EPOLLOUT);
  return true;
}

uint32_t language_field(const struct interpreter *interpreter) {
  uint32_t place = 0;
  for (const struct interpreter *other = sup.interpreters; other < interpreter; other++)
    place += other->language == interpreter->language;
  return interpreter->language | place << VERSION_SHIFT;
}

void control_fault(uint32_t language, uint32_t layer_id, const char *text) {
  struct {
    uint32_t type, language, layer_id;
    char text[1024];
  } packet = {.type = OUT_FAULT, .language = language, .layer_id = layer_id};
  size_t length = strnlen(text, sizeof packet.text);
  memcpy(packet.text, text, length);
  control_send(&packet, offsetof(__typeof__(packet), text) + length, -1);
}

static void take(const uint32_t *fields, size_t length) {
  size_t count = length > PACKET_IN_MAX ? 0 : length / sizeof *fields;
  if (count >= 5 && fields[0] == IN_START) {
    const struct start start = {fields[2], fields[3], fields[4], fields + 5, length - 5 * sizeof *fields};
    worker_start(fields[1], &start);
  } else if (count >= 2 && fields[0] == IN_KILL) {
    struct worker *worker = worker_find(fields[1]);
    if (worker) worker_kill(worker, CAUSE_KILLED);
  } else if (count >= 3 && fields[0] == IN_WANT) {
    pool_want(fields[1], fields[2], 0, "");
  } else if (count >= 4 && fields[0] == IN_LAYER) {
    char path[PATH_MAX] = "";
    size_t size = length - 4 * sizeof *fields;
    if (size >= sizeof path) return control_fault(fields[1], fields[3], "the layer's path is too long");
    memcpy(path, fields + 4, size);
    pool_want_layer(fields[1], fields[2], fields[3], path);
  } else if (count >= 2 && fields[0] == IN_RESULT) {
    worker_settle(fields[1]);
  } else {
    control_fault(0, 0, "a packet that this protocol does not have");
  }
}

// Takes a bounded number of packets, so that deadlines are looked at in between.
void control_readable(void) {
  for (int i = 0; i < 64; i++) {
    // One byte more than a packet may have: that shows one that is cut off.
    static uint32_t fields[PACKET_IN_MAX / sizeof(uint32_t) + 1];
    ssize_t length = recv(CONTROL, fields, sizeof fields, MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0) return supervisor_stop();
    take(fields, (size_t)length);
  }
}
#endif
