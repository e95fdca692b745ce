// How a zygote leaves the host: a root file system of its own, then every namespace but the one of processes, then
// an unprivileged user. All of it happens in its own process; what fails is said on its stderr, which the host reads.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor.h"

_Noreturn void child_fail(const char *step) {
  int error = errno;
  dprintf(2, "%s: %s (errno %d)\n", step, strerror(error), error);
  _exit(70);
}

bool write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  size_t length = strlen(text);
  bool written = write(fd, text, length) == (ssize_t)length;
  int error = errno;
  close(fd);
  errno = error;
  return written;
}

// An ordinary user may map itself alone.
static void map_self(uid_t uid, gid_t gid) {
  char line[64];
  if (!write_text("/proc/self/setgroups", "deny")) child_fail("write /proc/self/setgroups");
  snprintf(line, sizeof line, "0 %u 1", gid);
  if (!write_text("/proc/self/gid_map", line)) child_fail("write /proc/self/gid_map");
  snprintf(line, sizeof line, "0 %u 1", uid);
  if (!write_text("/proc/self/uid_map", line)) child_fail("write /proc/self/uid_map");
}

// Maps a range of host uids into the parent's new user namespace once it is there: only a process that stayed outside
// may do that. The namespace belongs to the supervisor's uid, so that prlimit on its workers is allowed.
static void map_parent(int from_parent, pid_t parent) {
  char byte, path[64], line[64];
  if (read(from_parent, &byte, 1) != 1) _exit(70);
  snprintf(line, sizeof line, "0 %u %u", sup.uid_base, WORKERS_LIMIT + 2);
  snprintf(path, sizeof path, "/proc/%d/gid_map", (int)parent);
  if (!write_text(path, line)) child_fail("write gid_map");
  snprintf(path, sizeof path, "/proc/%d/uid_map", (int)parent);
  if (!write_text(path, line)) child_fail("write uid_map");
  _exit(0);
}

static pid_t fork_mapper(int *to_mapper) {
  int ends[2];
  pid_t parent = getpid();
  if (pipe2(ends, O_CLOEXEC) != 0) child_fail("pipe2");
  pid_t mapper = fork();
  if (mapper < 0) child_fail("fork");
  if (mapper == 0) {
    close(ends[1]);
    map_parent(ends[0], parent);
  }
  close(ends[0]);
  *to_mapper = ends[1];
  return mapper;
}

static void become_mapped(pid_t mapper, int to_mapper) {
  int status;
  if (write(to_mapper, "", 1) != 1) child_fail("write to the mapper");
  close(to_mapper);
  if (waitpid(mapper, &status, 0) != mapper || status != 0) _exit(70);
  if (setgroups(0, NULL) != 0) child_fail("setgroups");
  if (setresgid(0, 0, 0) != 0) child_fail("setresgid");
  if (setresuid(0, 0, 0) != 0) child_fail("setresuid");
}

static void die_with_supervisor(void) {
  // The supervisor has one thread, so its death is meant and not a thread's.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) child_fail("prctl PR_SET_PDEATHSIG");
}

void jail_enter(const struct jail *jail) {
  const int apart = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  bool userns = jail->isolation == ISOLATION_USERNS, mapped = userns && sup.uid_base != 0;
  int to_mapper = -1;
  pid_t mapper = 0;
  uid_t uid = geteuid();
  gid_t gid = getegid();
  setsid();
  die_with_supervisor();
  if (mapped) mapper = fork_mapper(&to_mapper);
  if (userns && !mapped) {
    if (unshare(CLONE_NEWUSER) != 0) child_fail("unshare CLONE_NEWUSER");
    map_self(uid, gid);
  }
  if (unshare(CLONE_NEWNS) != 0) child_fail("unshare CLONE_NEWNS");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) child_fail("mount / private");
  rootfs_build(jail);
  if (unshare(apart | (mapped ? CLONE_NEWUSER : 0)) != 0) child_fail("unshare");
  if (mapped) become_mapped(mapper, to_mapper);
  // For looks alone: some containers refuse it.
  if (sethostname("sandbox", 7) != 0) errno = 0;
  die_with_supervisor();
  umask(022);
}
#endif
