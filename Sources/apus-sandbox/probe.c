// What is there: the interpreters, what they need of the host's files, and whether workers can be shut in.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "Bootstrap.h"
#include "confine.h"
#include "supervisor.h"

enum { PROBE_MS_MAX = 20000, UID_BASE_HIGH = 2000000000, UID_BASE_LOW = 64000 };

// Runs a program of the operator's and takes what it prints (both streams), within a time. False where it fails.
static bool output_of(char *const arguments[], char *text, size_t size) {
  int ends[2];
  size_t length = 0;
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pid_t pid = fork();
  if (pid == 0) {
    int null = open("/dev/null", O_RDONLY);
    if (dup2(null, 0) < 0 || dup2(ends[1], 1) < 0 || dup2(ends[1], 2) < 0) _exit(70);
    execv(arguments[0], arguments);
    child_fail("execve");
  }
  close(ends[1]);
  struct pollfd ready = {.fd = ends[0], .events = POLLIN};
  while (length < size - 1 && poll(&ready, 1, PROBE_MS_MAX) > 0) {
    ssize_t more = read(ends[0], text + length, size - 1 - length);
    if (more <= 0) break;
    length += (size_t)more;
  }
  text[length] = 0;
  close(ends[0]);
  int status = -1;
  if (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
    usleep(200000);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  return pid > 0 && length > 0 && (WIFEXITED(status) ? WEXITSTATUS(status) == 0 : true);
}

static void bind_path(struct interpreter *interpreter, const char *path) {
  for (size_t i = 0; i < interpreter->bind_count; i++) {
    size_t length = strlen(interpreter->binds[i]);
    if (strncmp(path, interpreter->binds[i], length) == 0 && (path[length] == '/' || path[length] == 0)) return;
  }
  if (interpreter->bind_count < BINDS_LIMIT) interpreter->binds[interpreter->bind_count++] = strdup(path);
}

// Lines of the probe: V version, X the executable, B a path that it needs.
static bool take_lines(struct interpreter *interpreter, char *text) {
  for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
    if (line[0] == 0 || line[1] != ' ') continue;
    if (line[0] == 'V') snprintf(interpreter->version, sizeof interpreter->version, "%s", line + 2);
    if (line[0] == 'X') snprintf(interpreter->path, sizeof interpreter->path, "%s", line + 2);
    if (line[0] == 'B' || line[0] == 'X') bind_path(interpreter, line + 2);
  }
  return interpreter->version[0] && interpreter->path[0] == '/';
}

bool probe_python(struct interpreter *interpreter, const char *path, char *why, size_t why_size) {
  static char text[16384], program[sizeof bootstrap_probe + 1];
  memcpy(program, bootstrap_probe, sizeof bootstrap_probe);
  char *const arguments[] = {(char *)(uintptr_t)path, "-I", "-B", "-c", program, NULL};
  *interpreter = (struct interpreter){.language = PYTHON};
  bool ran = output_of(arguments, text, sizeof text);
  if (ran && take_lines(interpreter, text)) return true;
  snprintf(why, why_size, "Python %s cannot be used: %.300s", path, text);
  return false;
}

bool probe_deno(struct interpreter *interpreter, const char *path, char *why, size_t why_size) {
  char text[1024] = "", real[PATH_MAX];
  char *const arguments[] = {(char *)(uintptr_t)path, "--version", NULL};
  *interpreter = (struct interpreter){.language = DENO};
  bool ran = output_of(arguments, text, sizeof text);
  bool known = ran && sscanf(text, "deno %40s", interpreter->version) == 1 && realpath(path, real);
  if (!known) {
    snprintf(why, why_size, "Deno %s cannot be used: %.300s", path, text);
    return false;
  }
  snprintf(interpreter->path, sizeof interpreter->path, "%s", real);
  bind_path(interpreter, real);
  static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"};
  for (size_t i = 0; i < 2; i++)
    if (access(folders[i], X_OK) == 0) bind_path(interpreter, folders[i]);
  return true;
}

// A worker's last step into its own namespaces, from within a zygote's.
static void try_worker(void) {
  struct clone_args arguments = {
      .flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID, .exit_signal = SIGCHLD};
  pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) child_fail("clone3");
  if (pid == 0) {
    if (mount("tmp", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m") != 0) child_fail("mount tmpfs");
    if (sup.uid_base == 0 && unshare(CLONE_NEWUSER) != 0) child_fail("unshare CLONE_NEWUSER");
    _exit(0);
  }
  int status;
  if (waitpid(pid, &status, __WALL) != pid || status != 0) _exit(70);
}

// Tries everything a zygote and its workers do before they become an interpreter.
static bool try_isolation(enum isolation isolation, char *why, size_t size) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 2);
    jail_enter(&(struct jail){&sup.interpreters[0], "", isolation});
    try_worker();
    _exit(0);
  }
  close(ends[1]);
  int status = -1;
  if (pid > 0) waitpid(pid, &status, 0);
  ssize_t length = read(ends[0], why, size - 1);
  why[length < 0 ? 0 : length] = 0;
  why[strcspn(why, "\n")] = 0;
  close(ends[0]);
  return status == 0;
}

// A range of uids for workers, and after them for `confine`, that this process may give out: high ones, or below 65,536 in a container's.
uid_t free_uids(void) {
  FILE *file = fopen("/proc/self/uid_map", "re");
  unsigned long inside, outside, count, base = 0;
  while (file && fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3) {
    unsigned long end = inside + count, need = WORKERS_LIMIT + 2 + CONFINE_UIDS;
    if (inside <= UID_BASE_HIGH && end >= UID_BASE_HIGH + need) base = UID_BASE_HIGH;
    else if (base == 0 && inside <= UID_BASE_LOW && end >= UID_BASE_LOW + need) base = UID_BASE_LOW;
  }
  if (file) fclose(file);
  return (uid_t)base;
}

// What to change, by the error that a step met.
static const char *advice(const char *why) {
  if (strstr(why, "(errno 28)")) return "raise user.max_user_namespaces (sysctl)";
  if (strstr(why, "(errno 38)")) return "Linux 5.12 or newer is needed; gVisor does not have all of it";
  if (strstr(why, "(errno 13)"))
    return "AppArmor or SELinux refuses it: allow user namespaces there (kernel.apparmor_restrict_unprivileged_userns=0)";
  return "set kernel.unprivileged_userns_clone=1; in a container its seccomp profile must allow the calls that "
         "docs/THREAT_MODEL.md lists";
}

void probe_isolation(void) {
  char userns[400] = "", root[400] = "";
  sup.isolation = ISOLATION_NONE;
  sup.uid_base = geteuid() == 0 ? free_uids() : 0;
  if (try_isolation(ISOLATION_USERNS, userns, sizeof userns)) {
    sup.isolation = ISOLATION_USERNS;
  } else if (geteuid() != 0) {
    snprintf(sup.reason, sizeof sup.reason, "user namespaces are refused (%s) and this is not root: %s", userns,
             advice(userns));
  } else if (sup.uid_base != 0 && try_isolation(ISOLATION_ROOT, root, sizeof root)) {
    sup.isolation = ISOLATION_ROOT;
    snprintf(sup.reason, sizeof sup.reason, "user namespaces are refused: %s", userns);
  } else {
    snprintf(sup.reason, sizeof sup.reason,
             "user namespaces are refused (%s), and root may not make the others (%s): run as an ordinary user, and %s; "
             "or, as root, add CAP_SYS_ADMIN and allow pivot_root", userns, root, advice(userns));
  }
}

// Whether limits can be set on a worker, which has a uid of its own where there are no user namespaces.
static bool may_limit(void) {
  if (sup.isolation != ISOLATION_ROOT) return true;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pid_t pid = fork();
  if (pid == 0) {
    if (setresuid(sup.uid_base + 1, sup.uid_base + 1, sup.uid_base + 1) != 0 || write(ends[1], "", 1) != 1) _exit(70);
    for (;;) pause();
  }
  close(ends[1]);
  char byte;
  struct rlimit limit = {.rlim_cur = 1 << 30, .rlim_max = 1 << 30};
  // It is another user once it has said so.
  bool allowed = pid > 0 && read(ends[0], &byte, 1) == 1 && prlimit(pid, RLIMIT_DATA, &limit, NULL) == 0;
  close(ends[0]);
  if (pid > 0) kill(pid, SIGKILL), waitpid(pid, NULL, 0);
  return allowed;
}

// Memory that nothing bounds is no sandbox.
void probe_limits(void) {
  sup.can_limit = may_limit();
  if (sup.isolation == ISOLATION_NONE || sup.can_limit || cgroups_memory() != CGROUP_NONE) return;
  sup.isolation = ISOLATION_NONE;
  cgroups_sweep();
  snprintf(sup.reason, sizeof sup.reason,
           "user namespaces are refused, and nothing bounds the memory of root's workers: run as an ordinary user with "
           "user namespaces, add CAP_SYS_RESOURCE, or let the memory control group be written");
}
#endif
