// What the supervisor and its zygotes say to each other, one SOCK_SEQPACKET message each. python.py knows it too.
#pragma once

#include <stdint.h>

// With it come the channel, the ends of stdout and stderr to write to, and files to enter control groups by.
struct fork_request {
  uint32_t worker;
  int32_t uid;  // negative: a user namespace of its own instead
};

// pid 0: the zygote is ready (worker 0). Negative: errno of what failed. With a pid comes the pidfd.
struct fork_reply {
  uint32_t worker;
  int32_t pid;
};

enum { ZYGOTE_SOCKET = 3, FORK_FDS_MIN = 3, FORK_FDS_MAX = 5 };
// The first byte on a worker's stdout: it waits for its request.
enum { READY_BYTE = 1 };
