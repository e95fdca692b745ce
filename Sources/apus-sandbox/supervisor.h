// The supervisor of the sandbox: what its files share. One process, one thread, one loop; nothing in it may wait for
// a worker, because workers are hostile.
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { WORKERS_LIMIT = 256, INTERPRETERS_LIMIT = 8, ZYGOTES_LIMIT = 16, BINDS_LIMIT = 24 };
enum { KEPT_BYTES = 65536, PACKET_MAX = KEPT_BYTES + 64 };
// A request that travels with START has so many bytes at most.
enum { REQUEST_MAX = 49152 };
enum { MIB = 1024 * 1024 };
// Of the protocol; the host takes no other.
enum { PROTOCOL = 2 };

// What the host sends, and what it is sent (first field of every packet).
enum { IN_START = 1, IN_KILL = 2, IN_WANT = 3, IN_LAYER = 4, IN_RESULT = 5 };
enum { OUT_HELLO = 100, OUT_READY, OUT_STARTED, OUT_ENDED, OUT_OUTPUT, OUT_FAULT, OUT_SETTLED };
// Low byte of a language field; the bits above it are the interpreter's place among the language's versions.
enum { PYTHON = 1, DENO = 2, LANGUAGE_MASK = 255, VERSION_SHIFT = 8 };
enum cause {
  CAUSE_NONE, CAUSE_EXITED, CAUSE_SIGNAL, CAUSE_TIMEOUT, CAUSE_MEMORY, CAUSE_OUTPUT, CAUSE_KILLED, CAUSE_WAITING,
  CAUSE_CPU
};

enum isolation { ISOLATION_NONE, ISOLATION_ROOT, ISOLATION_USERNS };

struct options {
  const char *python[INTERPRETERS_LIMIT];
  uint32_t python_count;
  const char *deno;
  uint32_t pool_python, pool_deno, workers_max, refill_cpu_percent, memory_max_mb;
  const char *state_dir;
};

// An interpreter that was found, and the paths of the host that it needs.
struct interpreter {
  uint32_t language;
  char path[PATH_MAX], version[64];
  char *binds[BINDS_LIMIT];
  size_t bind_count;
};

// A process that makes workers: for Python it is the interpreter itself, for Deno this program's own code. It lives in
// the sandbox's namespaces and root file system already.
enum zygote_state { ZYGOTE_FREE, ZYGOTE_DOWN, ZYGOTE_STARTING, ZYGOTE_UP };
struct zygote {
  enum zygote_state state;
  struct interpreter *interpreter;
  char layer[PATH_MAX];  // empty: none
  uint32_t layer_id;     // what the host calls it; 0: none
  pid_t pid;
  int pidfd, socket, errors;
  uint32_t forks, starting, wanted, failures, serial;
  uint64_t started_ns, used_ns, retry_ns, pace_ns, cost_ns;
  char text[1024];
  size_t text_length;
};

// Directories of one worker's control groups; empty where there is none.
struct worker_groups {
  char memory[PATH_MAX + 16], pids[PATH_MAX + 16];
};

enum worker_state { WORKER_FREE, WORKER_STARTING, WORKER_WAITING, WORKER_RUNNING };
struct stream {
  int fd;
  char *kept;
  uint32_t kept_length;
  uint64_t total;
};
struct worker {
  enum worker_state state;
  uint32_t id, zygote_serial;
  struct zygote *zygote;
  bool cold, is_ready, is_settled;
  pid_t pid;
  int pidfd;
  int channel;  // the host's end: given to it when the worker is ready, and kept until the first frame of the worker
  struct stream streams[2];
  struct worker_groups groups;
  enum cause cause;
  uint64_t spawned_ns, started_ns, deadline_ns, cpu_base_ns, cpu_limit_ns, output_max, all_bytes, data_bytes;
};

struct supervisor {
  struct options options;
  enum isolation isolation;
  char reason[1024];
  bool can_limit;  // whether prlimit on workers is allowed
  uid_t uid_base;  // 0: workers have a user namespace of their own instead of a uid of their own
  int epoll;
  uint32_t next_worker, next_serial;
  uint64_t last_start_ns;
  struct interpreter interpreters[INTERPRETERS_LIMIT];
  size_t interpreter_count;
  struct zygote zygotes[ZYGOTES_LIMIT];
  struct worker workers[WORKERS_LIMIT];
};
extern struct supervisor sup;

// epoll's user data: what is ready, and whose.
enum watch {
  WATCH_CONTROL, WATCH_ZYGOTE, WATCH_ZYGOTE_PID, WATCH_ZYGOTE_ERRORS, WATCH_WORKER_PID, WATCH_OUT, WATCH_ERR,
  WATCH_CHANNEL
};
void watch_add(int fd, enum watch kind, uint32_t index, uint32_t events);
void watch_change(int fd, enum watch kind, uint32_t index, uint32_t events);

// What a call may take, and the frame that begins it; the host writes that itself where there is none.
struct start {
  uint32_t timeout_ms, memory_mb, output_kb;
  const void *request;
  size_t request_bytes;
};

// clock.c
uint64_t now_ns(void);
uint64_t process_cpu_ns(pid_t pid);

// control.c
void control_setup(void);
void control_readable(void);
void control_flush(void);
bool control_send(const void *packet, size_t length, int fd);
void control_fault(uint32_t language, uint32_t layer_id, const char *text);
uint32_t language_field(const struct interpreter *interpreter);

// hello.c
void hello_send(void);

// worker.c
bool worker_spawn(struct zygote *zygote, bool cold);
void worker_forked(struct zygote *zygote, uint32_t id, pid_t pid, int pidfd);
void worker_failed(uint32_t id, const char *why);
void worker_start(uint32_t id, const struct start *start);
void worker_kill(struct worker *worker, enum cause cause);
void worker_ready(struct worker *worker);
struct worker *worker_find(uint32_t id);
uint32_t worker_index(const struct worker *worker);
uint64_t workers_check(uint64_t now);
void workers_abandon(const struct zygote *zygote);

// main.c
void supervisor_stop(void);

// ended.c
void worker_exited(struct worker *worker);
void worker_release(struct worker *worker);
uint32_t saturated(uint64_t value);

// settled.c
void worker_settle(uint32_t id);
void worker_spoke(struct worker *worker);
void channel_leave(struct worker *worker);

// output.c
void stream_open(struct worker *worker, int which, int fd);
void stream_readable(struct worker *worker, int which);
void stream_drain(struct worker *worker, int which);
void stream_send(const struct worker *worker, int which);
void stream_close(struct stream *stream);

// pool.c
uint64_t pool_fill(uint64_t now);
void pool_want(uint32_t language, uint32_t count, uint32_t layer_id, const char *layer);
void pool_want_layer(uint32_t language, uint32_t count, uint32_t layer_id, const char *path);

// zygote.c
struct zygote *zygote_for(struct interpreter *interpreter, uint32_t layer_id, const char *layer);
void zygote_fault(const struct zygote *zygote, const char *text);
void zygote_readable(struct zygote *zygote);
void zygote_errors(struct zygote *zygote);
void zygote_exited(struct zygote *zygote);
void zygote_stop(struct zygote *zygote);
bool zygote_request(struct zygote *zygote, struct worker *worker, const int *fds, size_t count);
uint64_t zygotes_check(uint64_t now);
uint64_t retry_pause(uint32_t failures);
uint32_t zygote_index(const struct zygote *zygote);

// jail.c: in the zygote's process, before it becomes what it is
struct jail {
  const struct interpreter *interpreter;
  const char *layer;
  enum isolation isolation;
};
void jail_enter(const struct jail *jail);
_Noreturn void child_fail(const char *step);
bool write_text(const char *path, const char *text);

// rootfs.c
void rootfs_build(const struct jail *jail);

// stem.c: the zygote of Deno
_Noreturn void stem_run(const struct interpreter *interpreter, const char *layer);

// seccomp.c
struct sock_filter;
size_t seccomp_program(struct sock_filter *program, uint64_t exec_path);
enum { SECCOMP_PROGRAM_MAX = 1024 };

// cgroup.c
enum cgroup_kind { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };
void cgroups_setup(void);
void cgroups_teardown(void);
enum cgroup_kind cgroups_memory(void);
enum cgroup_kind cgroups_pids(void);
void cgroup_create(struct worker_groups *groups, uint32_t id, uint32_t processes);
size_t cgroup_open(const struct worker_groups *groups, int fds[2]);
bool cgroup_limit_memory(const struct worker_groups *groups, uint64_t bytes);
bool cgroup_out_of_memory(const struct worker_groups *groups);
void cgroup_remove(struct worker_groups *groups);
bool cgroups_sweep(void);

// probe.c
bool probe_python(struct interpreter *interpreter, const char *path, char *why, size_t why_size);
bool probe_deno(struct interpreter *interpreter, const char *path, char *why, size_t why_size);
void probe_isolation(void);
void probe_limits(void);
