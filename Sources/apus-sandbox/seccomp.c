// The filter of workers: which system calls they have, and of some only a part.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "filter.h"
#include "supervisor.h"
#include "syscalls.h"

#if defined(__x86_64__)
enum { ARCHITECTURE = (int)AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { ARCHITECTURE = (int)AUDIT_ARCH_AARCH64 };
#else
#error "the sandbox's filter is written for x86-64 and arm64"
#endif
enum { X32_BIT = 0x40000000 };

// Threads, never processes: everything a thread shares must be shared, and no namespace may be new.
static void rules_clone(struct writer *w) {
  const uint32_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
  size_t begin = begin_rules(w, SYS_clone);
  load_argument(w, 0);
  if_any_bit(w, CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
             CLONE_NEWCGROUP | CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT, REFUSE);
  add(w, BPF_ALU | BPF_AND | BPF_K, 0, 0, thread);
  if_equal(w, thread, SECCOMP_RET_ALLOW);
  end_rules(w, begin, REFUSE);
  begin = begin_rules(w, SYS_clone3);
  end_rules(w, begin, MISSING);
}

// Memory that others could share, or that grows by itself, is none of a worker's.
static void rules_mmap(struct writer *w) {
  size_t begin = begin_rules(w, SYS_mmap);
  load_argument(w, 3);
  if_any_bit(w, MAP_GROWSDOWN | MAP_LOCKED | MAP_HUGETLB, REFUSE);
  add(w, BPF_ALU | BPF_AND | BPF_K, 0, 0, MAP_SHARED | MAP_ANONYMOUS);
  if_equal(w, MAP_SHARED | MAP_ANONYMOUS, REFUSE);
  end_rules(w, begin, SECCOMP_RET_ALLOW);
}

static void rules_small(struct writer *w) {
  static const uint32_t controls[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_CAPBSET_READ, PR_GET_SECCOMP,
                                      PR_GET_NO_NEW_PRIVS, PR_SET_VMA, PR_GET_TIMERSLACK};
  size_t begin = begin_rules(w, SYS_prctl);
  load_argument(w, 0);
  for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) if_equal(w, controls[i], SECCOMP_RET_ALLOW);
  end_rules(w, begin, REFUSE);
  static const uint32_t requests[] = {FIONBIO, FIOCLEX, FIONCLEX, FIONREAD, TCGETS, TIOCGWINSZ};
  begin = begin_rules(w, SYS_ioctl);
  load_argument(w, 1);
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) if_equal(w, requests[i], SECCOMP_RET_ALLOW);
  end_rules(w, begin, REFUSE);
  static const uint32_t commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK,
                                      F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_GETPIPE_SZ};
  begin = begin_rules(w, SYS_fcntl);
  load_argument(w, 1);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) if_equal(w, commands[i], SECCOMP_RET_ALLOW);
  end_rules(w, begin, REFUSE);
}

// Deno's runtime wakes itself by a pair of sockets and cannot be without it; it joins the worker with itself alone.
static void rules_deno(struct writer *w, uint64_t exec_path) {
  size_t begin = begin_rules(w, SYS_socketpair);
  load_argument(w, 0);
  if_equal(w, AF_UNIX, SECCOMP_RET_ALLOW);
  end_rules(w, begin, REFUSE);
  begin = begin_rules(w, SYS_recvfrom);
  end_rules(w, begin, SECCOMP_RET_ALLOW);
  begin = begin_rules(w, SYS_execve);
  load_argument(w, 0);
  add(w, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, (uint32_t)exec_path);
  finish(w, REFUSE);
  load(w, offsetof(struct seccomp_data, args) + 4);
  if_equal(w, (uint32_t)(exec_path >> 32), SECCOMP_RET_ALLOW);
  end_rules(w, begin, REFUSE);
}

void rules_head(struct writer *w) {
  load(w, offsetof(struct seccomp_data, arch));
  add(w, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, (uint32_t)ARCHITECTURE);
  finish(w, SECCOMP_RET_KILL_PROCESS);
  load(w, offsetof(struct seccomp_data, nr));
  add(w, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
  finish(w, MISSING);
  rules_mmap(w);
  for (size_t i = 0; i < sizeof allowed_calls / sizeof *allowed_calls; i++)
    if_equal(w, allowed_calls[i], SECCOMP_RET_ALLOW);
}

void rules_tail(struct writer *w) {
  rules_small(w);
  for (size_t i = 0; i < sizeof refused_calls / sizeof *refused_calls; i++) if_equal(w, refused_calls[i], REFUSE);
  finish(w, MISSING);
}

// `exec_path` 0: nothing may be executed.
size_t seccomp_program(struct sock_filter *program, uint64_t exec_path) {
  struct writer w = {.program = program};
  rules_head(&w);
  rules_clone(&w);
  if (exec_path) rules_deno(&w, exec_path);
  rules_tail(&w);
  return w.length;
}
#endif
