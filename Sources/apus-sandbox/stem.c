// The zygote of Deno: a loop that clones, shuts the child in, and becomes the interpreter.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drop.h"
#include "fork_protocol.h"
#include "supervisor.h"

static void set_limits(void) {
  limit_resource(RLIMIT_NPROC, 32);
  limit_resource(RLIMIT_NOFILE, 256);
  limit_resource(RLIMIT_CORE, 0);
  limit_resource(RLIMIT_FSIZE, 64 * MIB);
  limit_resource(RLIMIT_MEMLOCK, 0);
  limit_resource(RLIMIT_SIGPENDING, 1024);
  limit_resource(RLIMIT_STACK, 8 * MIB);
}

static void drop_user(int32_t uid) {
  if (uid < 0) {
    // Its own namespace instead of its own uid: processes are counted by it. Its bounding set is full again.
    if (unshare(CLONE_NEWUSER) != 0) child_fail("unshare CLONE_NEWUSER");
    return drop_bounding();
  }
  drop_bounding();
  if (syscall(SYS_setgroups, 0, NULL) != 0) child_fail("setgroups");
  if (syscall(SYS_setresgid, uid, uid, uid) != 0) child_fail("setresgid");
  if (syscall(SYS_setresuid, uid, uid, uid) != 0) child_fail("setresuid");
}

// The path to execute stands at an address nobody else knows: the filter lets that one execve through.
static char *hide_path(const char *path) {
  for (int tries = 0; tries < 16; tries++) {
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random) child_fail("getrandom");
    void *wanted = (void *)(uintptr_t)(((random >> 16) % 0x600000000 + 0x10000000) * 4096);
    void *page = mmap(wanted, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (page == MAP_FAILED) continue;
    char *at = (char *)page + random % 2048;
    snprintf(at, 2048, "%s", path);
    return at;
  }
  child_fail("mmap");
}

static void become_deno(const char *path, const char *layer) {
  struct sock_filter program[SECCOMP_PROGRAM_MAX];
  char *hidden = hide_path(path);
  struct sock_fprog filter = {.filter = program};
  filter.len = (unsigned short)seccomp_program(program, (uint64_t)(uintptr_t)hidden);
  const char *read = layer[0] ? "--allow-read=/tmp/work,/layer" : "--allow-read=/tmp/work";
  const char *const arguments[] = {"deno", "run", "--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-npm",
    "--no-remote", "--no-code-cache", "--allow-ffi", "--allow-write=/tmp/work", read,
    "--v8-flags=--single-threaded-gc,--max-lazy,--no-short-builtin-calls", "/boot/deno.js", NULL};
  const char *const environment[] = {"HOME=/tmp", "DENO_DIR=/tmp/.deno", "DENO_NO_UPDATE_CHECK=1", "NO_COLOR=1",
    "LANG=C.UTF-8", "TZ=UTC", "MALLOC_ARENA_MAX=1", NULL};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) child_fail("prctl PR_SET_NO_NEW_PRIVS");
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) child_fail("seccomp");
  syscall(SYS_execve, hidden, arguments, environment);
  child_fail("execve of deno");
}

_Noreturn static void become_worker(const struct fork_request *request, const int *fds, size_t count, const char *path,
                                    const char *layer) {
  // Everything received lies above 3, where the zygote's own socket is.
  if (dup2(fds[0], 0) < 0 || dup2(fds[1], 1) < 0 || dup2(fds[2], 2) < 0 || dup2(fds[0], 3) < 0) child_fail("dup2");
  for (size_t i = FORK_FDS_MIN; i < count; i++)
    if (write(fds[i], "0", 1) != 1) child_fail("write cgroup.procs");
  syscall(SYS_close_range, 4, ~0u, 0);
  if (mount("tmp", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m,nr_inodes=4096") != 0)
    child_fail("mount tmpfs /tmp");
  drop_user(request->uid);
  if (mkdir("/tmp/work", 0755) != 0 || chdir("/tmp/work") != 0) child_fail("mkdir /tmp/work");
  set_limits();
  drop_capabilities();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) child_fail("prctl PR_SET_PDEATHSIG");
  if (prctl(PR_SET_DUMPABLE, 0) != 0) child_fail("prctl PR_SET_DUMPABLE");
  setsid();
  become_deno(path, layer);
  _exit(70);
}

static void answer(uint32_t worker, int32_t pid, int pidfd) {
  struct fork_reply reply = {.worker = worker, .pid = pid};
  struct iovec part = {.iov_base = &reply, .iov_len = sizeof reply};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } extra = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (pidfd >= 0) {
    message.msg_control = extra.space;
    message.msg_controllen = sizeof extra;
    memcpy(CMSG_DATA(&extra.header), &pidfd, sizeof pidfd);
  }
  if (sendmsg(ZYGOTE_SOCKET, &message, MSG_NOSIGNAL) < 0) _exit(0);
}

static size_t receive(struct fork_request *request, int fds[FORK_FDS_MAX]) {
  struct iovec part = {.iov_base = request, .iov_len = sizeof *request};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(FORK_FDS_MAX * sizeof(int))];
  } extra;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = extra.space, .msg_controllen = sizeof extra};
  ssize_t length = recvmsg(ZYGOTE_SOCKET, &message, 0);
  struct cmsghdr *header = length == sizeof *request ? CMSG_FIRSTHDR(&message) : NULL;
  if (!header) _exit(0);
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  memcpy(fds, CMSG_DATA(header), count * sizeof(int));
  return count;
}

_Noreturn void stem_run(const struct interpreter *interpreter, const char *layer) {
  const uint64_t apart = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  answer(0, 0, -1);
  for (;;) {
    struct fork_request request;
    int fds[FORK_FDS_MAX], pidfd = -1;
    size_t count = receive(&request, fds);
    // The supervisor is the parent, so that it alone waits for the worker.
    struct clone_args clone = {.flags = CLONE_PIDFD | CLONE_PARENT | apart, .pidfd = (uint64_t)(uintptr_t)&pidfd};
    long pid = syscall(SYS_clone3, &clone, sizeof clone);
    if (pid == 0) become_worker(&request, fds, count, interpreter->path, layer);
    answer(request.worker, pid < 0 ? -errno : (int32_t)pid, pidfd);
    if (pidfd >= 0) close(pidfd);
    for (size_t i = 0; i < count; i++) close(fds[i]);
  }
}
#endif
