// What the files of the mode `confine` share.
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervisor.h"

enum { CONFINE_RO_LIMIT = 32, CONFINE_ENV_LIMIT = 64, CONFINE_UIDS = 1000, CONFINE_UID_INSIDE = 1000 };
enum { CONFINE_PROCESSES = 64 };
enum {
  CONFINE_USAGE = 64, CONFINE_REFUSED = 69, CONFINE_DISK = 73, CONFINE_MEMORY = 74, CONFINE_TIME = 75,
  CONFINE_ALONE = 76, CONFINE_NOT_EXECUTABLE = 126, CONFINE_NOT_FOUND = 127, CONFINE_SIGNAL = 128
};
// A byte that the child sends: its user namespace is there and wants its maps. What fails is said in text.
enum { CONFINE_WANTS_MAPS = 1 };

struct confine {
  const char *out, *ro[CONFINE_RO_LIMIT], *environment[CONFINE_ENV_LIMIT + 4];
  char **program;
  uint32_t timeout_ms, memory_mb, disk_mb, ro_count, environment_count;
  int life;   // negative: none
  uid_t uid;  // to become, of the host's; 0: this is an ordinary user, who stays what he is
};

// confine_options.c
void confine_parse(struct confine *confine, int count, char **arguments);

// confine_jail.c: in the child, which is the first process of its namespace
struct confine_ends {
  int up, go, groups[2];
  size_t group_count;
};
_Noreturn void confine_child(const struct confine *confine, const struct confine_ends *ends);

// confine_root.c
void confine_root(const struct confine *confine);

// confine_filter.c
struct sock_filter;
size_t confine_filter(struct sock_filter *program);
enum { CONFINE_FILTER_MAX = 2048 };

// confine_files.c
struct confine_files {
  int folder;
  uid_t owner, uid;
  gid_t group;
  mode_t mode;
  uint64_t limit, floor, until_ns;
};
bool files_open(struct confine_files *files, const struct confine *confine);
bool files_exceed(const struct confine_files *files);
void files_give(const struct confine_files *files);
void files_take(const struct confine_files *files);

// probe.c
uid_t free_uids(void);

int confine_main(int count, char **arguments);
