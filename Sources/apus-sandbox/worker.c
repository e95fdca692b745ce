// The workers: made ahead, given to the host, started once, ended.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervisor.h"

enum { TIMEOUT_MS_MAX = 24 * 3600 * 1000, SPAWN_SECONDS_MAX = 30, MEMORY_MB_MIN = 16 };

uint32_t worker_index(const struct worker *worker) { return (uint32_t)(worker - sup.workers); }

struct worker *worker_find(uint32_t id) {
  for (uint32_t i = 0; i < sup.options.workers_max; i++)
    if (sup.workers[i].state != WORKER_FREE && sup.workers[i].id == id) return &sup.workers[i];
  return NULL;
}

static struct worker *free_slot(void) {
  for (uint32_t i = 0; i < sup.options.workers_max; i++)
    if (sup.workers[i].state == WORKER_FREE) return &sup.workers[i];
  return NULL;
}

// Its ends for the worker go to `fds`: channel, stdout, stderr. All or none.
static bool open_channels(struct worker *worker, int fds[3]) {
  int pair[2], out[2], err[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return false;
  if (pipe2(out, O_CLOEXEC) != 0) goto no_out;
  if (pipe2(err, O_CLOEXEC) != 0) goto no_err;
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  fcntl(err[0], F_SETFL, O_NONBLOCK);
  worker->channel = pair[0];
  fds[0] = pair[1], fds[1] = out[1], fds[2] = err[1];
  stream_open(worker, 0, out[0]);
  stream_open(worker, 1, err[0]);
  return true;
no_err:
  close(out[0]), close(out[1]);
no_out:
  close(pair[0]), close(pair[1]);
  return false;
}

// Asks the zygote for one more worker. False where there is no room now.
bool worker_spawn(struct zygote *zygote, bool cold) {
  struct worker *worker = free_slot();
  if (!worker) return false;
  *worker = (struct worker){.state = WORKER_STARTING, .id = ++sup.next_worker, .zygote = zygote, .cold = cold,
    .zygote_serial = zygote->serial, .pidfd = -1, .channel = -1, .streams = {{.fd = -1}, {.fd = -1}},
    .spawned_ns = now_ns()};
  zygote->starting++;
  int fds[5];
  if (!open_channels(worker, fds)) {
    zygote_fault(zygote, "no descriptors left for one more worker");
    worker_release(worker);
    return false;
  }
  cgroup_create(&worker->groups, worker->id, zygote->interpreter->language == PYTHON ? 16 : 32);
  size_t groups = cgroup_open(&worker->groups, fds + 3);
  bool asked = zygote_request(zygote, worker, fds, 3 + groups);
  for (size_t i = 0; i < 3 + groups; i++) close(fds[i]);
  if (!asked) worker_release(worker);
  return asked;
}

void worker_forked(struct zygote *zygote, uint32_t id, pid_t pid, int pidfd) {
  struct worker *worker = worker_find(id);
  if (!worker || worker->zygote != zygote || worker->state != WORKER_STARTING || worker->pidfd >= 0) {
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    close(pidfd);
    return;
  }
  worker->pid = pid;
  worker->pidfd = pidfd;
  watch_add(pidfd, WATCH_WORKER_PID, worker_index(worker), EPOLLIN);
  worker_ready(worker);
}

void worker_failed(uint32_t id, const char *why) {
  struct worker *worker = worker_find(id);
  if (!worker || worker->state != WORKER_STARTING) return;
  zygote_fault(worker->zygote, why);
  worker->zygote->failures++;
  worker->zygote->retry_ns = now_ns() + retry_pause(worker->zygote->failures);
  worker_release(worker);
}

// Its virtual memory when it is ready, and what of that counts as data, in bytes: limits are measured from here.
static void measure(struct worker *worker) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/%d/statm", (int)worker->pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (length <= 0) return;
  text[length] = 0;
  unsigned long long all = 0, data = 0;
  if (sscanf(text, "%llu %*u %*u %*u %*u %llu", &all, &data) != 2) return;
  worker->all_bytes = all * (uint64_t)sysconf(_SC_PAGESIZE);
  worker->data_bytes = data * (uint64_t)sysconf(_SC_PAGESIZE);
}

// It may say that it is ready before its zygote says that it is there: both must have been heard.
void worker_ready(struct worker *worker) {
  if (!worker->is_ready || worker->pidfd < 0) return;
  struct zygote *zygote = worker->zygote;
  worker->state = WORKER_WAITING;
  if (zygote->serial == worker->zygote_serial) zygote->starting--, zygote->failures = 0;
  measure(worker);
  uint64_t cost = process_cpu_ns(worker->pid);
  zygote->cost_ns = zygote->cost_ns ? (3 * zygote->cost_ns + cost) / 4 : cost;
  uint32_t language = language_field(zygote->interpreter);
  uint32_t packet[5] = {OUT_READY, worker->id, language, worker->cold, zygote->layer_id};
  int given = fcntl(worker->channel, F_DUPFD_CLOEXEC, 0);
  // Without a second one the host writes the first request itself.
  if (given < 0) given = worker->channel, worker->channel = -1;
  control_send(packet, sizeof packet, given);
}

// What only the kernel can enforce; the deadline is the loop's.
static void limit(struct worker *worker, uint64_t timeout_ns, uint64_t memory) {
  cgroup_limit_memory(&worker->groups, memory);
  // Deno's threads go on mapping a little after it is ready.
  uint64_t slack = worker->zygote->interpreter->language == DENO ? 32 * MIB : 4 * MIB;
  rlim_t data = worker->data_bytes + memory + slack;
  prlimit(worker->pid, RLIMIT_DATA, &(struct rlimit){data, data}, NULL);
  // Page tables of read-only mappings are no data. V8 reserves far more than it uses: its control group alone holds that.
  rlim_t all = worker->all_bytes + 4 * memory + 256 * MIB;
  if (worker->zygote->interpreter->language == PYTHON)
    prlimit(worker->pid, RLIMIT_AS, &(struct rlimit){all, all}, NULL);
  worker->cpu_base_ns = process_cpu_ns(worker->pid);
  // Whole seconds, rounded up, of all threads together. Process 1 of its namespace never gets SIGXCPU: only the hard
  // limit's SIGKILL arrives.
  uint64_t seconds = (worker->cpu_base_ns + timeout_ns) / 1000000000u + 1;
  worker->cpu_limit_ns = seconds * 1000000000u;
  prlimit(worker->pid, RLIMIT_CPU, &(struct rlimit){seconds, seconds}, NULL);
}

// Writes what the worker's socket takes at once; what comes of it is watched for where that is all. Returns how much.
static size_t hand_over(struct worker *worker, const struct start *start) {
  ssize_t written = 0;
  if (start->request_bytes > 0 && worker->channel >= 0) {
    do written = send(worker->channel, start->request, start->request_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (written < 0 && errno == EINTR);
  }
  if (written > 0 && (size_t)written == start->request_bytes)
    watch_add(worker->channel, WATCH_CHANNEL, worker_index(worker), EPOLLIN);
  else
    channel_leave(worker);
  return written > 0 ? (size_t)written : 0;
}

void worker_start(uint32_t id, const struct start *start) {
  struct worker *worker = worker_find(id);
  if (!worker || worker->state != WORKER_WAITING || worker->cause != CAUSE_NONE) return;
  uint32_t timeout_ms = start->timeout_ms, memory_mb = start->memory_mb;
  if (timeout_ms > TIMEOUT_MS_MAX) timeout_ms = TIMEOUT_MS_MAX;
  if (memory_mb == 0 || memory_mb > sup.options.memory_max_mb) memory_mb = sup.options.memory_max_mb;
  if (memory_mb < MEMORY_MB_MIN) memory_mb = MEMORY_MB_MIN;
  worker->state = WORKER_RUNNING;
  worker->output_max = (uint64_t)start->output_kb * 1024;
  limit(worker, (uint64_t)timeout_ms * 1000000u, (uint64_t)memory_mb * MIB);
  worker->started_ns = now_ns();
  sup.last_start_ns = worker->started_ns;
  worker->deadline_ns = worker->started_ns + (uint64_t)timeout_ms * 1000000u;
  // Only now does any of the program reach the worker.
  size_t written = hand_over(worker, start);
  uint32_t packet[3] = {OUT_STARTED, id, (uint32_t)written};
  if (written == 0 || written < start->request_bytes) control_send(packet, sizeof packet, -1);
}

// The first cause counts: what kills it is not what others say later.
void worker_kill(struct worker *worker, enum cause cause) {
  if (worker->cause == CAUSE_NONE) worker->cause = cause;
  worker->deadline_ns = 0;
  if (worker->pidfd >= 0) syscall(SYS_pidfd_send_signal, worker->pidfd, SIGKILL, NULL, 0);
}

// Kills what is over its time; returns when the next one is due.
uint64_t workers_check(uint64_t now) {
  uint64_t next = UINT64_MAX;
  for (uint32_t i = 0; i < sup.options.workers_max; i++) {
    struct worker *worker = &sup.workers[i];
    uint64_t due = 0;
    if (worker->state == WORKER_RUNNING) due = worker->deadline_ns;
    if (worker->state == WORKER_STARTING && worker->cause == CAUSE_NONE)
      due = worker->spawned_ns + SPAWN_SECONDS_MAX * 1000000000ull;
    if (due == 0) continue;
    if (due > now) {
      if (due < next) next = due;
    } else if (worker->state == WORKER_RUNNING) {
      // The host may have said in time that it has the result, and this loop was late.
      control_readable();
      if (worker->state == WORKER_RUNNING && worker->deadline_ns == due) worker_kill(worker, CAUSE_TIMEOUT);
    } else if (worker->pidfd >= 0) {
      worker_kill(worker, CAUSE_WAITING);
    } else {
      zygote_stop(worker->zygote);
      worker_failed(worker->id, "an interpreter did not make a worker in time");
    }
  }
  return next;
}

// The zygote is gone: what it had not made yet will never be.
void workers_abandon(const struct zygote *zygote) {
  for (uint32_t i = 0; i < sup.options.workers_max; i++) {
    struct worker *worker = &sup.workers[i];
    if (worker->state == WORKER_STARTING && worker->zygote == zygote && worker->pidfd < 0) worker_release(worker);
  }
}
#endif
