// The processes that make workers: started, asked, replaced after many forks or some time, started again after a fall.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork_protocol.h"
#include "supervisor.h"

enum { FORKS_MAX = 1000, AGE_SECONDS_MAX = 600, START_SECONDS_MAX = 30, IDLE_LAYER_SECONDS_MAX = 300 };
enum { LAYER_FAILURES_MAX = 3 };
static const uint64_t SECOND = 1000000000u;

void zygote_fault(const struct zygote *zygote, const char *text) {
  control_fault(language_field(zygote->interpreter), zygote->layer_id, text);
}

uint32_t zygote_index(const struct zygote *zygote) { return (uint32_t)(zygote - sup.zygotes); }

// 1 s, 2 s … 60 s.
uint64_t retry_pause(uint32_t failures) {
  return SECOND * (failures == 0 ? 0 : failures > 6 ? 60 : 1u << (failures - 1));
}

_Noreturn static void become(const struct zygote *zygote, int socket, int errors) {
  int null = open("/dev/null", O_RDWR);
  int far = fcntl(socket, F_DUPFD, 10), far_errors = fcntl(errors, F_DUPFD, 10);
  if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(far_errors, 2) < 0 || dup2(far, ZYGOTE_SOCKET) < 0) _exit(70);
  syscall(SYS_close_range, ZYGOTE_SOCKET + 1, ~0u, 0);
  // A ceiling for whatever is made here; the call's own limit comes at its start, where prlimit is allowed.
  rlim_t most = ((rlim_t)sup.options.memory_max_mb + 1024) * MIB;
  struct rlimit data;
  if (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_max > most) setrlimit(RLIMIT_DATA, &(struct rlimit){most, most});
  jail_enter(&(struct jail){zygote->interpreter, zygote->layer, sup.isolation});
  if (zygote->interpreter->language == DENO) stem_run(zygote->interpreter, zygote->layer);
  char *const arguments[] = {"python3", "-I", "-S", "-B", "-X", "utf8", "/boot/python.py", NULL};
  char *const environment[] = {"HOME=/tmp", "LANG=C.UTF-8", "TMPDIR=/tmp", "PATH=/nonexistent", NULL};
  execve(zygote->interpreter->path, arguments, environment);
  child_fail("execve of the interpreter");
}

static void start(struct zygote *zygote, uint64_t now) {
  int pair[2], errors[2];
  zygote->retry_ns = now + SECOND;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return;
  if (pipe2(errors, O_CLOEXEC) != 0) return (void)(close(pair[0]), close(pair[1]));
  pid_t pid = fork();
  if (pid == 0) become(zygote, pair[1], errors[1]);
  close(pair[1]);
  close(errors[1]);
  if (pid < 0) return (void)(close(pair[0]), close(errors[0]));
  zygote->retry_ns = 0;
  zygote->pid = pid;
  zygote->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  zygote->socket = pair[0];
  zygote->errors = errors[0];
  fcntl(errors[0], F_SETFL, O_NONBLOCK);
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  zygote->state = ZYGOTE_STARTING;
  zygote->serial = ++sup.next_serial;
  zygote->started_ns = zygote->used_ns = now;
  zygote->forks = zygote->starting = 0;
  zygote->text_length = 0;
  zygote->text[0] = 0;
  watch_add(zygote->socket, WATCH_ZYGOTE, zygote_index(zygote), EPOLLIN);
  watch_add(zygote->errors, WATCH_ZYGOTE_ERRORS, zygote_index(zygote), EPOLLIN);
  watch_add(zygote->pidfd, WATCH_ZYGOTE_PID, zygote_index(zygote), EPOLLIN);
}

static bool is_used(const struct zygote *zygote) {
  if (zygote->wanted > 0) return true;
  for (uint32_t i = 0; i < sup.options.workers_max; i++)
    if (sup.workers[i].state != WORKER_FREE && sup.workers[i].zygote == zygote) return true;
  return false;
}

// The zygote of an interpreter with a layer (or none); a layer's takes the place of the one that rested longest.
struct zygote *zygote_for(struct interpreter *interpreter, uint32_t layer_id, const char *layer) {
  struct zygote *place = NULL;
  for (uint32_t i = 0; i < ZYGOTES_LIMIT; i++) {
    struct zygote *zygote = &sup.zygotes[i];
    if (zygote->state != ZYGOTE_FREE && zygote->interpreter == interpreter && strcmp(zygote->layer, layer) == 0) {
      zygote->layer_id = layer_id;
      return zygote;
    }
    if (zygote->state == ZYGOTE_FREE) {
      if (!place || place->state != ZYGOTE_FREE) place = zygote;
    } else if (zygote->layer[0] && !is_used(zygote) && (!place || (place->state != ZYGOTE_FREE &&
               zygote->used_ns < place->used_ns))) {
      place = zygote;
    }
  }
  if (!place) return NULL;
  if (place->state != ZYGOTE_FREE) zygote_stop(place);
  *place = (struct zygote){.state = ZYGOTE_DOWN, .interpreter = interpreter, .layer_id = layer_id, .pidfd = -1,
    .socket = -1, .errors = -1};
  snprintf(place->layer, sizeof place->layer, "%s", layer);
  return place;
}

// Its socket is closed, so it ends by itself; SIGKILL makes sure. Waiting workers stay.
void zygote_stop(struct zygote *zygote) {
  if (zygote->pidfd < 0) return;
  syscall(SYS_pidfd_send_signal, zygote->pidfd, SIGKILL, NULL, 0);
  waitpid(zygote->pid, NULL, 0);
  close(zygote->pidfd);
  close(zygote->socket);
  close(zygote->errors);
  zygote->pidfd = zygote->socket = zygote->errors = -1;
  zygote->state = ZYGOTE_DOWN;
  zygote->serial = ++sup.next_serial;
  workers_abandon(zygote);
  zygote->starting = 0;
}

void zygote_errors(struct zygote *zygote) {
  char bytes[512];
  ssize_t length = read(zygote->errors, bytes, sizeof bytes);
  if (length <= 0) {
    if (length == 0) epoll_ctl(sup.epoll, EPOLL_CTL_DEL, zygote->errors, NULL);
    return;
  }
  size_t room = sizeof zygote->text - 1 - zygote->text_length;
  if ((size_t)length > room) length = (ssize_t)room;
  memcpy(zygote->text + zygote->text_length, bytes, (size_t)length);
  zygote->text_length += (size_t)length;
  zygote->text[zygote->text_length] = 0;
}

void zygote_exited(struct zygote *zygote) {
  zygote_errors(zygote);
  char text[sizeof zygote->text + 300];
  snprintf(text, sizeof text, "%.200s does not start, or fell: %s", zygote->interpreter->path, zygote->text);
  zygote_stop(zygote);
  zygote->failures++;
  zygote->retry_ns = now_ns() + retry_pause(zygote->failures);
  zygote_fault(zygote, text);
  // A layer that cannot be used is given up, so that it does not keep others out; the next LAYER tries it anew.
  if (zygote->layer[0] && zygote->failures >= LAYER_FAILURES_MAX) zygote->wanted = 0;
}

bool zygote_request(struct zygote *zygote, struct worker *worker, const int *fds, size_t count) {
  int32_t uid = sup.uid_base == 0 ? -1 : (int32_t)worker_index(worker) + 1;
  if (uid > 0 && sup.isolation == ISOLATION_ROOT) uid += (int32_t)sup.uid_base;
  struct fork_request request = {.worker = worker->id, .uid = uid};
  struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(FORK_FDS_MAX * sizeof(int))];
  } extra = {0};
  extra.header = (struct cmsghdr){
      .cmsg_len = CMSG_LEN(count * sizeof *fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(&extra.header), fds, count * sizeof *fds);
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = extra.space,
    .msg_controllen = CMSG_SPACE(count * sizeof *fds)};
  if (sendmsg(zygote->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return false;
  zygote->forks++;
  zygote->used_ns = now_ns();
  return true;
}

static int passed_fd(struct msghdr *message) {
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  int fd = -1;
  if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

void zygote_readable(struct zygote *zygote) {
  struct fork_reply reply;
  struct iovec part = {.iov_base = &reply, .iov_len = sizeof reply};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } extra;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = extra.space, .msg_controllen = sizeof extra};
  ssize_t length = recvmsg(zygote->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length != sizeof reply) return (void)epoll_ctl(sup.epoll, EPOLL_CTL_DEL, zygote->socket, NULL);
  int fd = passed_fd(&message);
  if (reply.worker == 0) {
    zygote->state = ZYGOTE_UP;
  } else if (reply.pid > 0 && fd >= 0) {
    return worker_forked(zygote, reply.worker, reply.pid, fd);
  } else {
    char text[200];
    snprintf(text, sizeof text, "clone3: %s", strerror(-reply.pid));
    worker_failed(reply.worker, text);
  }
  if (fd >= 0) close(fd);
}

// Of a layer only while somebody wants workers with it.
static bool may_start(const struct zygote *zygote) { return zygote->layer[0] == 0 || zygote->wanted > 0; }

// Ends the zygotes of layers that nobody uses any more, and those that have made many workers.
static void retire(struct zygote *zygote, uint64_t now) {
  bool layered = zygote->layer[0] != 0;
  if (zygote->state == ZYGOTE_DOWN && layered && !is_used(zygote)) zygote->state = ZYGOTE_FREE;
  if (zygote->state != ZYGOTE_UP || zygote->starting > 0) return;
  if (layered && now - zygote->used_ns > IDLE_LAYER_SECONDS_MAX * SECOND && !is_used(zygote)) {
    zygote_stop(zygote);
    zygote->state = ZYGOTE_FREE;
  } else if (zygote->interpreter->language == PYTHON &&
             (zygote->forks >= FORKS_MAX || now - zygote->started_ns > AGE_SECONDS_MAX * SECOND)) {
    zygote_stop(zygote);
  }
}

// Starts what should be up, replaces what is old, ends what rests; returns when to look again.
uint64_t zygotes_check(uint64_t now) {
  uint64_t next = UINT64_MAX;
  for (uint32_t i = 0; i < ZYGOTES_LIMIT; i++) {
    struct zygote *zygote = &sup.zygotes[i];
    if (zygote->state == ZYGOTE_STARTING && now - zygote->started_ns > START_SECONDS_MAX * SECOND)
      zygote_exited(zygote);
    retire(zygote, now);
    bool wanted = zygote->state == ZYGOTE_DOWN && may_start(zygote);
    if (wanted && zygote->retry_ns <= now) start(zygote, now);
    bool waits = zygote->state == ZYGOTE_UP || (zygote->state == ZYGOTE_DOWN && wanted);
    uint64_t due = waits ? zygote->retry_ns : 0;
    if (zygote->state == ZYGOTE_STARTING) due = zygote->started_ns + (START_SECONDS_MAX + 1) * SECOND;
    if (due > now && due < next) next = due;
  }
  return next;
}
#endif
