#define _GNU_SOURCE
#include "CSandboxSocket.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

void sandbox_close(int fd) { close(fd); }

struct work {
  void (*body)(void *);
  void *context;
};

static void *run(void *argument) {
  struct work work = *(struct work *)argument;
  free(argument);
  work.body(work.context);
  return NULL;
}

int sandbox_thread(void (*body)(void *), void *context) {
  struct work *work = malloc(sizeof *work);
  if (!work) return ENOMEM;
  *work = (struct work){.body = body, .context = context};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, run, work);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error != 0) free(work);
  else pthread_detach(thread);
  return error;
}

#if defined(__linux__)
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static long outcome(void) {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? SANDBOX_AGAIN : SANDBOX_GONE;
}

int sandbox_socket_pair(int *first, int *second) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  *first = ends[0];
  *second = ends[1];
  return 0;
}

long sandbox_receive(int socket, void *bytes, size_t size, int *passed) {
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } extra;
  memset(&extra, 0, sizeof extra);
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = extra.space, .msg_controllen = sizeof extra.space};
  *passed = -1;
  ssize_t length;
  do length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (length < 0 && errno == EINTR);
  if (length < 0) return outcome();
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
    memcpy(passed, CMSG_DATA(header), sizeof *passed);
  return length;
}

long sandbox_read(int socket, void *bytes, size_t size) {
  ssize_t length;
  do length = recv(socket, bytes, size, MSG_DONTWAIT);
  while (length < 0 && errno == EINTR);
  return length < 0 ? outcome() : length;
}

long sandbox_write(int socket, const void *bytes, size_t size) {
  ssize_t length;
  do length = send(socket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (length < 0 && errno == EINTR);
  return length < 0 ? outcome() : length;
}

bool sandbox_has_room(int socket, size_t size) {
  int used = 0, all = 0;
  socklen_t length = sizeof all;
  if (ioctl(socket, SIOCOUTQ, &used) != 0 || getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &all, &length) != 0) return false;
  return used >= 0 && all > 0 && (size_t)used + size <= (size_t)all / 2;
}

int sandbox_poll_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

static bool control(int poll, int operation, int fd, uint64_t tag, bool readable, bool writable) {
  struct epoll_event event = {
      .events = (readable ? EPOLLIN | EPOLLRDHUP : 0u) | (writable ? EPOLLOUT : 0u), .data.u64 = tag};
  return epoll_ctl(poll, operation, fd, &event) == 0;
}

bool sandbox_poll_add(int poll, int fd, uint64_t tag, bool readable, bool writable) {
  return control(poll, EPOLL_CTL_ADD, fd, tag, readable, writable);
}

bool sandbox_poll_change(int poll, int fd, uint64_t tag, bool readable, bool writable) {
  return control(poll, EPOLL_CTL_MOD, fd, tag, readable, writable);
}

void sandbox_poll_remove(int poll, int fd) { control(poll, EPOLL_CTL_DEL, fd, 0, false, false); }

int sandbox_poll_wait(int poll, struct sandbox_ready *ready, int count, int timeout_ms) {
  struct epoll_event events[64];
  int found = epoll_wait(poll, events, count > 64 ? 64 : count, timeout_ms);
  for (int i = 0; i < found; i++) {
    uint32_t mask = events[i].events;
    ready[i] = (struct sandbox_ready){
        .tag = events[i].data.u64,
        .readable = (mask & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
        .writable = (mask & EPOLLOUT) != 0};
  }
  return found < 0 ? 0 : found;
}

int sandbox_wake_open(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void sandbox_wake(int fd) {
  uint64_t one = 1;
  ssize_t written = write(fd, &one, sizeof one);
  (void)written;  // It is full only if the poll is awake already.
}

void sandbox_wake_clear(int fd) {
  uint64_t count;
  ssize_t got = read(fd, &count, sizeof count);
  (void)got;
}
#else
// The supervisor needs Linux; elsewhere the sandbox says so and nothing of this is reached.
int sandbox_socket_pair(int *first, int *second) { return *first = *second = -1, ENOSYS; }
long sandbox_receive(int socket, void *bytes, size_t size, int *passed) { return *passed = -1, SANDBOX_GONE; }
long sandbox_read(int socket, void *bytes, size_t size) { return SANDBOX_GONE; }
long sandbox_write(int socket, const void *bytes, size_t size) { return SANDBOX_GONE; }
bool sandbox_has_room(int socket, size_t size) { return false; }
int sandbox_poll_open(void) { return -1; }
bool sandbox_poll_add(int poll, int fd, uint64_t tag, bool readable, bool writable) { return false; }
bool sandbox_poll_change(int poll, int fd, uint64_t tag, bool readable, bool writable) { return false; }
void sandbox_poll_remove(int poll, int fd) {}
int sandbox_poll_wait(int poll, struct sandbox_ready *ready, int count, int timeout_ms) { return 0; }
int sandbox_wake_open(void) { return -1; }
void sandbox_wake(int fd) {}
void sandbox_wake_clear(int fd) {}
#endif
