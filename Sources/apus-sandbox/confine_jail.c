// The child of `confine`: it leaves the host, gives up what it has, and as the first process of its namespace starts
// the program and waits for whatever is left to it. What fails before the program runs is said to the parent.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "drop.h"

enum { ABOVE_STANDARD = 3 };

static void die_with_parent(void) {
  // The parent has one thread, so its death is meant and not a thread's.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) child_fail("prctl PR_SET_PDEATHSIG");
}

static void wait_for_maps(const struct confine_ends *ends) {
  char byte = CONFINE_WANTS_MAPS;
  if (write(2, &byte, 1) != 1 || read(ends->go, &byte, 1) != 1) _exit(CONFINE_REFUSED);
}

static void become(uid_t uid) {
  if (syscall(SYS_setgroups, 0, NULL) != 0) child_fail("setgroups");
  if (syscall(SYS_setresgid, uid, uid, uid) != 0) child_fail("setresgid");
  if (syscall(SYS_setresuid, uid, uid, uid) != 0) child_fail("setresuid");
}

// An ordinary user is in a user namespace from the beginning. Root enters one once its root file system stands, for
// which every path had to let it through; where that is refused, another uid of the host's must do.
static void leave_host(const struct confine *confine, const struct confine_ends *ends) {
  const int apart = CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  bool ordinary = confine->uid == 0;
  if (ordinary) wait_for_maps(ends);
  if (unshare(CLONE_NEWNS) != 0) child_fail("unshare CLONE_NEWNS");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) child_fail("mount / private");
  confine_root(confine);
  bool mapped = !ordinary && unshare(apart | CLONE_NEWNS | CLONE_NEWUSER) == 0;
  if (mapped) wait_for_maps(ends);
  if (!mapped && unshare(apart) != 0) child_fail("unshare");
  // For looks alone: some containers refuse it.
  if (sethostname("sandbox", 7) != 0) errno = 0;
  drop_bounding();
  if (!ordinary) become(mapped ? CONFINE_UID_INSIDE : confine->uid);
  drop_capabilities();
}

static void set_limits(const struct confine *confine) {
  limit_resource(RLIMIT_NPROC, CONFINE_PROCESSES);
  limit_resource(RLIMIT_NOFILE, 256);
  limit_resource(RLIMIT_CORE, 0);
  limit_resource(RLIMIT_FSIZE, (rlim_t)confine->disk_mb * MIB);
  limit_resource(RLIMIT_DATA, (rlim_t)confine->memory_mb * MIB);
  limit_resource(RLIMIT_MEMLOCK, 0);
  limit_resource(RLIMIT_STACK, 8 * MIB);
  limit_resource(RLIMIT_MSGQUEUE, 0);
}

static void install_filter(void) {
  static struct sock_filter program[CONFINE_FILTER_MAX];
  struct sock_fprog filter = {.filter = program, .len = (unsigned short)confine_filter(program)};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) child_fail("prctl PR_SET_NO_NEW_PRIVS");
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) child_fail("seccomp");
}

_Noreturn static void become_program(const struct confine *confine) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  environ = (char **)(uintptr_t)confine->environment;
  execvp(confine->program[0], confine->program);
  int error = errno;
  dprintf(2, "confine: %s: %s\n", confine->program[0], strerror(error));
  _exit(error == ENOENT ? CONFINE_NOT_FOUND : CONFINE_NOT_EXECUTABLE);
}

// The first process of a namespace: with it everything ends that the program left behind.
_Noreturn static void run_program(const struct confine *confine) {
  pid_t program = fork();
  if (program < 0) {
    dprintf(2, "confine: fork: %s\n", strerror(errno));
    _exit(CONFINE_REFUSED);
  }
  if (program == 0) become_program(confine);
  for (;;) {
    int status;
    pid_t ended = waitpid(-1, &status, 0);
    if (ended < 0 && errno != EINTR) _exit(CONFINE_REFUSED);
    if (ended == program) _exit(WIFSIGNALED(status) ? CONFINE_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status));
  }
}

_Noreturn void confine_child(const struct confine *confine, const struct confine_ends *ends) {
  int standard_error = fcntl(2, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
  if (standard_error < 0 || dup2(ends->up, 2) < 0) _exit(CONFINE_REFUSED);
  close(ends->up);
  die_with_parent();
  setsid();
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || dup2(null, 0) < 0) child_fail("open /dev/null");
  for (size_t i = 0; i < ends->group_count; i++)
    if (write(ends->groups[i], "0", 1) != 1) child_fail("write cgroup.procs");
  leave_host(confine, ends);
  if (chdir("/tmp") != 0) child_fail("chdir /tmp");
  umask(022);
  set_limits(confine);
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) child_fail("prctl PR_SET_DUMPABLE");
  // A change of user took it back; who is gone by now is not waited for.
  die_with_parent();
  struct pollfd parent = {.fd = ends->go};
  if (poll(&parent, 1, 0) != 0) _exit(CONFINE_REFUSED);
  install_filter();
  if (dup2(standard_error, 2) < 0) child_fail("dup2");
  syscall(SYS_close_range, ABOVE_STANDARD, ~0u, 0);
  run_program(confine);
}
#endif
