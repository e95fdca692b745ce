// apus-sandbox confine: runs one program that needs the network (pip, git) where it neither sees nor touches the host,
// and lets it write to one folder.
//
// Exit codes: the program's own (128 + n where signal n ended it), and of `confine` itself, with one line on stderr:
//    64  an argument is wrong
//    69  the program cannot be confined on this machine; it was not started
//    73  more than --disk-mb was written
//    74  more than --memory-mb was needed (known where there are control groups)
//    75  the time was up
//    76  the descriptor of --life-fd came to its end
//   126  the program cannot be executed   127  there is no such program
//   128 + n  `confine` itself was ended by signal n (HUP, INT, QUIT, TERM)
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"

enum { NS_PER_MS = 1000000, CHECK_MS = 50, CHECK_SHARE = 10, CHECK_MS_MAX = 2000, POLL_MS_MAX = 60000 };
enum ending { RUNNING, ENDED, TIME, DISK, ALONE, SIGNALLED };

static struct run {
  struct confine confine;
  struct confine_files files;
  struct worker_groups groups;
  enum ending ending;
  pid_t child;
  int pidfd, up, go, signals, signal;
  uint64_t deadline_ns, check_ns;
  char fault[600];
  size_t fault_length;
} run;

static int say(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("confine: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return code;
}

// To itself alone, whom the host knows as the uid to become or, of an ordinary user, as the caller.
static bool map_child(void) {
  const char *const files[] = {"gid_map", "uid_map"};
  const unsigned ids[] = {getegid(), geteuid()};
  char path[64], line[64];
  snprintf(path, sizeof path, "/proc/%d/setgroups", (int)run.child);
  if (run.confine.uid == 0 && !write_text(path, "deny")) return false;
  for (size_t i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "/proc/%d/%s", (int)run.child, files[i]);
    snprintf(line, sizeof line, "%d %u 1", CONFINE_UID_INSIDE, run.confine.uid ? run.confine.uid : ids[i]);
    if (!write_text(path, line)) return false;
  }
  return true;
}

static void handle_up(void) {
  char text[256];
  ssize_t length = read(run.up, text, sizeof text);
  if (length <= 0) {
    close(run.up);
    run.up = -1;
  } else if (text[0] == CONFINE_WANTS_MAPS) {
    if (map_child() && write(run.go, "", 1) == 1) return;
    run.fault_length = (size_t)snprintf(run.fault, sizeof run.fault, "user namespace's map: %s", strerror(errno));
    run.ending = ENDED;
  } else if (run.fault_length + (size_t)length < sizeof run.fault) {
    memcpy(run.fault + run.fault_length, text, (size_t)length);
    run.fault_length += (size_t)length;
  }
}

static void handle_signal(void) {
  struct signalfd_siginfo info;
  if (read(run.signals, &info, sizeof info) != sizeof info) return;
  run.signal = (int)info.ssi_signo;
  run.ending = SIGNALLED;
}

static void handle_life(void) {
  char bytes[256];
  ssize_t length = read(run.confine.life, bytes, sizeof bytes);
  if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) run.ending = ALONE;
}

// Walking a large tree takes time: a tenth of all of it, at most.
static void check_files(uint64_t now) {
  if (now < run.check_ns) return;
  if (files_exceed(&run.files)) run.ending = DISK;
  uint64_t end = now_ns(), pause = (end - now) * CHECK_SHARE;
  if (pause < CHECK_MS * (uint64_t)NS_PER_MS) pause = CHECK_MS * (uint64_t)NS_PER_MS;
  if (pause > CHECK_MS_MAX * (uint64_t)NS_PER_MS) pause = CHECK_MS_MAX * (uint64_t)NS_PER_MS;
  run.check_ns = end + pause;
}

static void watch(void) {
  while (run.ending == RUNNING) {
    uint64_t now = now_ns(), next = run.check_ns < run.deadline_ns ? run.check_ns : run.deadline_ns;
    uint64_t wait_ms = next <= now ? 0 : (next - now + NS_PER_MS - 1) / NS_PER_MS;
    struct pollfd ready[] = {{.fd = run.pidfd, .events = POLLIN}, {.fd = run.up, .events = POLLIN},
                             {.fd = run.signals, .events = POLLIN}, {.fd = run.confine.life, .events = POLLIN}};
    int count = poll(ready, 4, wait_ms > POLL_MS_MAX ? POLL_MS_MAX : (int)wait_ms);
    if (count > 0 && ready[1].revents) handle_up();
    if (count > 0 && ready[2].revents) handle_signal();
    if (count > 0 && ready[3].revents) handle_life();
    if (count > 0 && ready[0].revents) run.ending = ENDED;
    now = now_ns();
    if (run.ending == RUNNING && now >= run.deadline_ns) run.ending = TIME;
    if (run.ending == RUNNING) check_files(now);
  }
}

// As an ordinary user, in a user namespace at once: only its owner may make the others.
static bool start(void) {
  int up[2], go[2];
  struct confine_ends ends = {0};
  struct clone_args clone = {.flags = CLONE_PIDFD | CLONE_NEWPID | (run.confine.uid ? 0 : CLONE_NEWUSER),
                             .pidfd = (uint64_t)(uintptr_t)&run.pidfd, .exit_signal = SIGCHLD};
  if (pipe2(up, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0) return false;
  cgroups_setup();
  cgroup_create(&run.groups, 0, CONFINE_PROCESSES);
  cgroup_limit_memory(&run.groups, (uint64_t)run.confine.memory_mb * MIB);
  ends.group_count = cgroup_open(&run.groups, ends.groups);
  ends.up = up[1], ends.go = go[0];
  run.up = up[0], run.go = go[1];
  fflush(NULL);
  run.child = (pid_t)syscall(SYS_clone3, &clone, sizeof clone);
  if (run.child == 0) {
    close(up[0]), close(go[1]);
    confine_child(&run.confine, &ends);
  }
  if (run.child < 0) {
    int error = errno;
    snprintf(run.fault, sizeof run.fault, "clone3: %s", strerror(error));
    run.fault_length = strlen(run.fault);
  }
  close(up[1]), close(go[0]);
  for (size_t i = 0; i < ends.group_count; i++) close(ends.groups[i]);
  return run.child > 0;
}

// With the first process every other of its namespace is gone when this returns.
static int end_child(void) {
  int status = 0;
  kill(run.child, SIGKILL);
  while (waitpid(run.child, &status, 0) < 0 && errno == EINTR) {}
  while (run.up >= 0 && run.ending == ENDED) handle_up();
  return WIFSIGNALED(status) ? CONFINE_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static int refuse(void) {
  run.fault[run.fault_length < sizeof run.fault ? run.fault_length : sizeof run.fault - 1] = 0;
  run.fault[strcspn(run.fault, "\n")] = 0;
  return say(CONFINE_REFUSED, "the program cannot be confined here: %s; allow user namespaces "
             "(user.max_user_namespaces, kernel.unprivileged_userns_clone, the container's seccomp or AppArmor "
             "profile), or run this as root with CAP_SYS_ADMIN", run.fault);
}

static int outcome(int code, bool out_of_memory, bool too_much) {
  const struct confine *c = &run.confine;
  if (run.ending == TIME) return say(CONFINE_TIME, "the time of %u ms was up", c->timeout_ms);
  if (run.ending == ALONE) return say(CONFINE_ALONE, "the descriptor %d of --life-fd came to its end", c->life);
  if (run.ending == SIGNALLED) return say(CONFINE_SIGNAL + run.signal, "ended by signal %d", run.signal);
  if (run.ending == DISK || too_much || code == CONFINE_SIGNAL + SIGXFSZ)
    return say(CONFINE_DISK, "more than %u MB were written to %s, or its file system is nearly full", c->disk_mb,
               c->out);
  if (code != 0 && out_of_memory) return say(CONFINE_MEMORY, "the memory of %u MB was not enough", c->memory_mb);
  return code;
}

// Descriptors that are made later must not take the place of the standard ones.
static void fill_standard(void) {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd < 3);
  if (fd >= 3) close(fd);
}

static void prepare(int count, char **arguments) {
  sigset_t ending;
  confine_parse(&run.confine, count, arguments);
  run.deadline_ns = now_ns() + run.confine.timeout_ms * (uint64_t)NS_PER_MS;
  int life = run.confine.life;
  fill_standard();
  // Nothing else of the host's may reach the program.
  if (life > 3) syscall(SYS_close_range, 3, life - 1, 0);
  syscall(SYS_close_range, life >= 3 ? life + 1 : 3, ~0u, 0);
  prctl(PR_SET_DUMPABLE, 1);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);
  sigemptyset(&ending);
  for (const int *number = (const int[]){SIGHUP, SIGINT, SIGQUIT, SIGTERM, 0}; *number; number++)
    sigaddset(&ending, *number);
  sigprocmask(SIG_SETMASK, &ending, NULL);
  run.signals = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
  uid_t base = geteuid() == 0 ? free_uids() : 0;
  if (base) run.confine.uid = base + WORKERS_LIMIT + 2 + (uid_t)getpid() % CONFINE_UIDS;
}

int confine_main(int count, char **arguments) {
  prepare(count, arguments);
  if (!files_open(&run.files, &run.confine))
    return say(CONFINE_USAGE, "--out: %s: %s", run.confine.out, strerror(errno));
  files_give(&run.files);
  bool started = start();
  run.files.until_ns = run.deadline_ns;
  if (started) watch();
  run.files.until_ns = 0;
  int code = started ? end_child() : CONFINE_REFUSED;
  bool out_of_memory = cgroup_out_of_memory(&run.groups), too_much = files_exceed(&run.files);
  files_take(&run.files);
  cgroup_remove(&run.groups);
  cgroups_sweep();
  return run.fault_length ? refuse() : outcome(code, out_of_memory, too_much);
}
#endif
