// The filter of `confine`: what workers have, and processes, programs and the sockets of a client of TCP and UDP.
#if defined(__linux__)
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "confine.h"
#include "filter.h"

enum { KIND_OF_SOCKET = 15 };

static const unsigned more_calls[] = {
    SYS_execve, SYS_setsid, SYS_setpgid, SYS_connect, SYS_bind, SYS_getsockname, SYS_getpeername, SYS_getsockopt,
    SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown,
#if defined(__x86_64__)
    SYS_fork, SYS_vfork,
#endif
};

// As on a file system without them: what copies files expects that, and no other refusal.
static const unsigned attribute_calls[] = {
    SYS_listxattr, SYS_llistxattr, SYS_flistxattr, SYS_getxattr, SYS_lgetxattr, SYS_fgetxattr,
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
};

// A kernel's options are many and few are needed; some load modules or programs into it.
static const struct option {
  uint32_t level, name;
} options[] = {
    {SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_LINGER}, {SOL_SOCKET, SO_RCVBUF},
    {SOL_SOCKET, SO_SNDBUF}, {SOL_SOCKET, SO_RCVTIMEO}, {SOL_SOCKET, SO_SNDTIMEO}, {IPPROTO_IP, IP_RECVERR},
    {IPPROTO_IP, IP_MTU_DISCOVER}, {IPPROTO_IP, IP_TOS}, {IPPROTO_IPV6, IPV6_RECVERR}, {IPPROTO_IPV6, IPV6_V6ONLY},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER}, {IPPROTO_IPV6, IPV6_TCLASS}, {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_CORK}, {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL}, {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_USER_TIMEOUT}, {IPPROTO_TCP, TCP_QUICKACK},
};

static void unless_either(struct writer *w, uint32_t a, uint32_t b, uint32_t verdict) {
  add(w, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, a);
  add(w, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, b);
  finish(w, verdict);
}

// The host's network is shared, and with it the names of AF_UNIX that are in no file system: none of that family but
// pairs of streams, which cannot be connected to anything else (those of datagrams can).
static void rules_socket(struct writer *w) {
  size_t begin = begin_rules(w, SYS_socket);
  load_argument(w, 0);
  unless_either(w, AF_INET, AF_INET6, REFUSE_WITH(EAFNOSUPPORT));
  load_argument(w, 1);
  add(w, BPF_ALU | BPF_AND | BPF_K, 0, 0, KIND_OF_SOCKET);
  unless_either(w, SOCK_STREAM, SOCK_DGRAM, REFUSE);
  load_argument(w, 2);
  if_equal(w, 0, SECCOMP_RET_ALLOW);
  if_equal(w, IPPROTO_TCP, SECCOMP_RET_ALLOW);
  if_equal(w, IPPROTO_UDP, SECCOMP_RET_ALLOW);
  end_rules(w, begin, REFUSE);
  begin = begin_rules(w, SYS_socketpair);
  load_argument(w, 0);
  unless_either(w, AF_UNIX, AF_UNIX, REFUSE_WITH(EAFNOSUPPORT));
  load_argument(w, 1);
  add(w, BPF_ALU | BPF_AND | BPF_K, 0, 0, KIND_OF_SOCKET);
  if_equal(w, SOCK_STREAM, SECCOMP_RET_ALLOW);
  end_rules(w, begin, REFUSE);
}

static void rules_options(struct writer *w) {
  size_t begin = begin_rules(w, SYS_setsockopt);
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    load_argument(w, 1);
    add(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, options[i].level);
    load_argument(w, 2);
    if_equal(w, options[i].name, SECCOMP_RET_ALLOW);
  }
  end_rules(w, begin, REFUSE_WITH(ENOPROTOOPT));
}

// Processes as well as threads, but in no new namespace and with no other parent.
static void rules_clone(struct writer *w) {
  size_t begin = begin_rules(w, SYS_clone);
  load_argument(w, 0);
  if_any_bit(w, CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
             CLONE_NEWCGROUP | CLONE_PTRACE | CLONE_PARENT, REFUSE);
  end_rules(w, begin, SECCOMP_RET_ALLOW);
  // The C library does without it, where its flags could not be seen.
  begin = begin_rules(w, SYS_clone3);
  end_rules(w, begin, MISSING);
}

size_t confine_filter(struct sock_filter *program) {
  struct writer w = {.program = program};
  rules_head(&w);
  for (size_t i = 0; i < sizeof more_calls / sizeof *more_calls; i++) if_equal(&w, more_calls[i], SECCOMP_RET_ALLOW);
  for (size_t i = 0; i < sizeof attribute_calls / sizeof *attribute_calls; i++)
    if_equal(&w, attribute_calls[i], REFUSE_WITH(ENOTSUP));
  rules_clone(&w);
  rules_socket(&w);
  rules_options(&w);
  rules_tail(&w);
  return w.length;
}
#endif
