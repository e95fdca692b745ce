// apus-sandbox: keeps workers ready that run other people's code, and ends them. The host speaks to it over a
// SOCK_SEQPACKET socket that is its descriptor 0; it starts no worker of its own accord but the pool's. Its second mode,
// `confine`, begins in confine.c.
#if !defined(__linux__)
#include <stdio.h>
int main(void) {
  fputs("apus-sandbox: the sandbox needs Linux (namespaces, seccomp)\n", stderr);
  return 69;
}
#else
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "supervisor.h"

enum { EXIT_USAGE = 64, EXIT_MISUSE = 71, EVENTS = 64, STOP_MS_MAX = 3000, FILES_WANTED = 4096 };
struct supervisor sup;
static bool stopping;

void supervisor_stop(void) { stopping = true; }

void watch_add(int fd, enum watch kind, uint32_t index, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)kind << 32 | index};
  if (epoll_ctl(sup.epoll, EPOLL_CTL_ADD, fd, &event) != 0) perror("epoll_ctl");
}

void watch_change(int fd, enum watch kind, uint32_t index, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)kind << 32 | index};
  epoll_ctl(sup.epoll, EPOLL_CTL_MOD, fd, &event);
}

static void handle_worker(enum watch kind, struct worker *worker) {
  if (worker->state == WORKER_FREE) return;
  if (kind == WATCH_WORKER_PID) worker_exited(worker);
  else if (kind == WATCH_CHANNEL) worker_spoke(worker);
  else stream_readable(worker, kind == WATCH_OUT ? 0 : 1);
}

static void handle_zygote(enum watch kind, struct zygote *zygote) {
  if (zygote->pidfd < 0) return;
  if (kind == WATCH_ZYGOTE) zygote_readable(zygote);
  else if (kind == WATCH_ZYGOTE_ERRORS) zygote_errors(zygote);
  else zygote_exited(zygote);
}

static void handle(const struct epoll_event *event) {
  enum watch kind = (enum watch)(event->data.u64 >> 32);
  uint32_t index = (uint32_t)event->data.u64;
  if (kind == WATCH_CONTROL) {
    if (event->events & EPOLLOUT) control_flush();
    if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) control_readable();
  } else if (kind == WATCH_ZYGOTE || kind == WATCH_ZYGOTE_PID || kind == WATCH_ZYGOTE_ERRORS) {
    handle_zygote(kind, &sup.zygotes[index]);
  } else {
    handle_worker(kind, &sup.workers[index]);
  }
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void run_loop(void) {
  while (!stopping) {
    uint64_t now = now_ns();
    uint64_t next = earlier(workers_check(now), earlier(zygotes_check(now), pool_fill(now)));
    uint64_t wait = next <= now ? 0 : next - now;
    int wait_ms = wait > 60000000000u ? 60000 : (int)((wait + 999999) / 1000000);
    struct epoll_event events[EVENTS];
    int count = epoll_wait(sup.epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count && !stopping; i++) handle(&events[i]);
  }
}

// Everything that was started goes, and its control groups.
static void end_all(void) {
  for (uint32_t i = 0; i < ZYGOTES_LIMIT; i++) zygote_stop(&sup.zygotes[i]);
  for (uint32_t i = 0; i < sup.options.workers_max; i++)
    if (sup.workers[i].state != WORKER_FREE) worker_kill(&sup.workers[i], CAUSE_KILLED);
  uint64_t until = now_ns() + STOP_MS_MAX * 1000000ull;
  while (waitpid(-1, NULL, WNOHANG | __WALL) >= 0 && now_ns() < until) usleep(1000);
  while (!cgroups_sweep() && now_ns() < until) usleep(1000);
}

struct flag {
  const char *name;
  uint32_t *number, max;
  const char **text;
  uint32_t *text_count;
};

_Noreturn static void usage(const char *what, const char *argument) {
  fprintf(stderr, "apus-sandbox: %s: %s; known: --python PATH --deno PATH --pool-python N --pool-deno N "
          "--workers-max N --refill-cpu-percent N --memory-max-mb N --state-dir DIR; or: confine …\n", what, argument);
  exit(EXIT_USAGE);
}

static void set_flag(const struct flag *flag, const char *value) {
  if (!flag->number) {
    uint32_t at = flag->text_count ? (*flag->text_count)++ : 0;
    if (at >= INTERPRETERS_LIMIT - 1 || strlen(value) >= PATH_MAX / 2) usage("too many, or too long", value);
    flag->text[at] = value;
    return;
  }
  char *end;
  errno = 0;
  unsigned long number = strtoul(value, &end, 10);
  if (errno != 0 || *value < '0' || *value > '9' || *end || number > flag->max) usage("not a number in range", value);
  *flag->number = (uint32_t)number;
}

static void parse(int count, char **arguments) {
  struct options *o = &sup.options;
  *o = (struct options){.pool_python = 8, .pool_deno = 4, .workers_max = 64, .refill_cpu_percent = 100,
                        .memory_max_mb = 4096, .state_dir = "/tmp"};
  const struct flag flags[] = {
      {"--python", NULL, 0, o->python, &o->python_count}, {"--deno", NULL, 0, &o->deno, NULL},
      {"--pool-python", &o->pool_python, WORKERS_LIMIT, NULL, NULL},
      {"--pool-deno", &o->pool_deno, WORKERS_LIMIT, NULL, NULL},
      {"--workers-max", &o->workers_max, WORKERS_LIMIT, NULL, NULL},
      {"--refill-cpu-percent", &o->refill_cpu_percent, 100000, NULL, NULL},
      {"--memory-max-mb", &o->memory_max_mb, 1 << 22, NULL, NULL}, {"--state-dir", NULL, 0, &o->state_dir, NULL}};
  for (int i = 1; i < count; i += 2) {
    const struct flag *found = NULL;
    for (size_t j = 0; j < sizeof flags / sizeof *flags; j++)
      if (strcmp(arguments[i], flags[j].name) == 0) found = &flags[j];
    if (!found) usage("unknown argument", arguments[i]);
    if (i + 1 == count) usage("no value", arguments[i]);
    set_flag(found, arguments[i + 1]);
  }
}

// What is missing is told after HELLO.
static struct missing {
  uint32_t language;
  char why[800];
} missing[INTERPRETERS_LIMIT];
static size_t missing_count;

static void find_interpreters(void) {
  for (uint32_t i = 0; i <= sup.options.python_count; i++) {
    struct interpreter *next = &sup.interpreters[sup.interpreter_count];
    struct missing *fault = &missing[missing_count];
    bool is_python = i < sup.options.python_count, found;
    if (!is_python && !sup.options.deno) break;
    if (is_python) found = probe_python(next, sup.options.python[i], fault->why, sizeof fault->why);
    else found = probe_deno(next, sup.options.deno, fault->why, sizeof fault->why);
    fault->language = is_python ? PYTHON : DENO;
    if (found) sup.interpreter_count++;
    else missing_count++;
  }
}

static void check_socket(void) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET) return;
  fputs("apus-sandbox: descriptor 0 must be a SOCK_SEQPACKET socket to the host\n", stderr);
  exit(EXIT_MISUSE);
}

// Four descriptors for each worker that waits, and more while it is made.
static void raise_file_limit(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= FILES_WANTED) return;
  files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
  setrlimit(RLIMIT_NOFILE, &files);
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "confine") == 0) return confine_main(count - 1, arguments + 1);
  parse(count, arguments);
  check_socket();
  // Nothing of the host's may reach a worker.
  syscall(SYS_close_range, 3, ~0u, 0);
  prctl(PR_SET_DUMPABLE, 1);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGCHLD, SIG_DFL);
  raise_file_limit();
  sup.epoll = epoll_create1(EPOLL_CLOEXEC);
  for (uint32_t i = 0; i < ZYGOTES_LIMIT; i++) sup.zygotes[i].pidfd = -1;
  control_setup();
  find_interpreters();
  probe_isolation();
  if (sup.isolation != ISOLATION_NONE) cgroups_setup();
  probe_limits();
  hello_send();
  for (size_t i = 0; i < missing_count; i++) control_fault(missing[i].language, 0, missing[i].why);
  if (sup.isolation == ISOLATION_NONE) return 0;
  for (size_t i = 0; i < sup.interpreter_count; i++) zygote_for(&sup.interpreters[i], 0, "");
  run_loop();
  end_all();
  return 0;
}
#endif
