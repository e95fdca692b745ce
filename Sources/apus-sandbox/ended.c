// The end of a worker: why, what it took, what it printed; and nothing of it is left.
#if defined(__linux__)
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor.h"

struct ending {
  enum cause cause;
  uint32_t code;
  uint64_t cpu_ns;
  uint32_t peak_kb;
};

static uint64_t timeval_ns(struct timeval t) { return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u; }

uint32_t saturated(uint64_t value) { return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value; }

static bool says_out_of_memory(const struct stream *stream) {
  static const char words[] = "out of memory";
  return stream->kept && memmem(stream->kept, stream->kept_length, words, sizeof words - 1);
}

// V8 ends itself by a trap when it gets no memory; what it says then is all that tells. Code that fakes this only
// mislabels its own end.
static bool ended_by_v8(const struct worker *worker, int signal) {
  bool trap = signal == SIGTRAP || signal == SIGILL || signal == SIGABRT || signal == SIGSEGV;
  return trap && worker->zygote->interpreter->language == DENO && says_out_of_memory(&worker->streams[1]);
}

static struct ending ending_of(const struct worker *worker, int status, const struct rusage *usage) {
  struct ending ending = {.cause = worker->cause, .peak_kb = saturated((uint64_t)usage->ru_maxrss)};
  uint64_t cpu = timeval_ns(usage->ru_utime) + timeval_ns(usage->ru_stime);
  ending.cpu_ns = cpu > worker->cpu_base_ns ? cpu - worker->cpu_base_ns : 0;
  bool by_signal = WIFSIGNALED(status);
  ending.code = (uint32_t)(by_signal ? WTERMSIG(status) : WEXITSTATUS(status));
  // The host asks for the end of a worker whose channel has closed; one that was gone by itself before keeps its own end.
  bool was_gone = ending.cause == CAUSE_KILLED && !(by_signal && ending.code == SIGKILL);
  if (ending.cause != CAUSE_NONE && !was_gone) return ending;
  if (worker->state == WORKER_WAITING)
    ending.cause = CAUSE_WAITING;
  else if (!by_signal)
    ending.cause = CAUSE_EXITED;
  else if (ending.code == SIGKILL && cgroup_out_of_memory(&worker->groups))
    ending.cause = CAUSE_MEMORY;
  else if (ending.code == SIGKILL && cpu + 100000000u >= worker->cpu_limit_ns)
    ending.cause = CAUSE_CPU;
  else if (ended_by_v8(worker, (int)ending.code))
    ending.cause = CAUSE_MEMORY;
  else
    ending.cause = CAUSE_SIGNAL;
  return ending;
}

static void report(const struct worker *worker, struct ending ending) {
  uint64_t wall = worker->started_ns ? now_ns() - worker->started_ns : 0;
  uint32_t packet[9] = {OUT_ENDED, worker->id, ending.cause, ending.code, saturated(wall / 1000),
    saturated(ending.cpu_ns / 1000), ending.peak_kb, saturated(worker->streams[0].total),
    saturated(worker->streams[1].total)};
  control_send(packet, sizeof packet, -1);
}

// A worker that never came to wait: the interpreter, or what is around it, is at fault.
static void report_stillborn(struct worker *worker, struct ending ending) {
  const struct stream *errors = &worker->streams[1];
  char text[700];
  int length = errors->kept_length > 500 ? 500 : (int)errors->kept_length;
  snprintf(text, sizeof text, "a worker ended before it was ready (cause %d, code %u): %.*s", ending.cause, ending.code,
           length, errors->kept ? errors->kept : "");
  worker->zygote->failures++;
  worker->zygote->retry_ns = now_ns() + retry_pause(worker->zygote->failures);
  zygote_fault(worker->zygote, text);
}

void worker_exited(struct worker *worker) {
  int status;
  struct rusage usage;
  if (wait4(worker->pid, &status, WNOHANG | __WALL, &usage) != worker->pid) return;
  stream_drain(worker, 0);
  stream_drain(worker, 1);
  struct ending ending = ending_of(worker, status, &usage);
  if (worker->state == WORKER_STARTING) {
    report_stillborn(worker, ending);
  } else {
    if (!worker->is_settled) stream_send(worker, 0), stream_send(worker, 1);
    report(worker, ending);
  }
  worker_release(worker);
}

// Gives everything of a worker back; its process is gone, or was never there.
void worker_release(struct worker *worker) {
  struct zygote *zygote = worker->zygote;
  if (worker->state == WORKER_STARTING && zygote->serial == worker->zygote_serial && zygote->starting > 0)
    zygote->starting--;
  if (worker->pidfd >= 0) close(worker->pidfd);
  channel_leave(worker);
  stream_close(&worker->streams[0]);
  stream_close(&worker->streams[1]);
  cgroup_remove(&worker->groups);
  *worker = (struct worker){.state = WORKER_FREE};
}
#endif
