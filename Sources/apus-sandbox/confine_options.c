// The arguments of `confine`.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"

enum { TIMEOUT_MS_MAX = 24 * 3600 * 1000, MEMORY_MB_MIN = 16, MEGABYTES_MAX = 1 << 22, LIFE_MAX = 1 << 20 };

_Noreturn static void usage(const char *what, const char *argument) {
  fprintf(stderr, "confine: %s: %s; known: --out DIR --timeout-ms N --memory-mb N --disk-mb N [--env NAME=VALUE]... "
          "[--ro PATH]... [--life-fd N] -- PROGRAM ARGUMENT...\n", what, argument);
  exit(CONFINE_USAGE);
}

static uint32_t number(const char *flag, const char *value, uint32_t min, uint32_t max) {
  char *end, what[96];
  errno = 0;
  unsigned long number = strtoul(value, &end, 10);
  if (errno == 0 && *value >= '0' && *value <= '9' && !*end && number >= min && number <= max) return (uint32_t)number;
  snprintf(what, sizeof what, "%s takes a number from %u to %u, not", flag, min, max);
  usage(what, value);
}

// `whole` itself, or something below it.
static bool is_below(const char *path, const char *whole) {
  size_t length = strlen(whole);
  return strncmp(path, whole, length) == 0 && (path[length] == 0 || path[length] == '/');
}

// It will be seen at the same path, which must therefore be plain, and nothing of the new root's own.
static void add_read_only(struct confine *confine, const char *path) {
  static const char *const own[] = {"/out", "/dev", "/proc", "/sys"};
  size_t length = strlen(path);
  if (path[0] != '/' || length < 2 || length >= PATH_MAX / 2 || path[length - 1] == '/' || strstr(path, "//") ||
      strstr(path, "/./") || strstr(path, "/../") || is_below(strrchr(path, '/'), "/.") ||
      is_below(strrchr(path, '/'), "/.."))
    usage("--ro takes an absolute path without . and .. and without / at its end, not", path);
  bool is_own = strcmp(path, "/tmp") == 0;
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) is_own = is_own || is_below(path, own[i]);
  if (is_own) usage("--ro cannot take what the new root has of its own", path);
  if (access(path, F_OK) != 0) usage("--ro: no such path", path);
  if (confine->ro_count == CONFINE_RO_LIMIT) usage("more than 32 times --ro", path);
  confine->ro[confine->ro_count++] = path;
}

static void add_environment(struct confine *confine, const char *value) {
  const char *equals = strchr(value, '=');
  if (!equals || equals == value) usage("--env takes NAME=VALUE, not", value);
  if (confine->environment_count == CONFINE_ENV_LIMIT) usage("more than 64 times --env", value);
  confine->environment[confine->environment_count++] = value;
}

// Where it is given it stays; getenv takes the first.
static void add_defaults(struct confine *confine) {
  static const char *const defaults[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8"};
  for (size_t i = 0; i < 3; i++) {
    size_t name = (size_t)(strchr(defaults[i], '=') - defaults[i]) + 1;
    bool given = false;
    for (size_t j = 0; j < confine->environment_count; j++)
      given = given || strncmp(confine->environment[j], defaults[i], name) == 0;
    if (!given) confine->environment[confine->environment_count++] = defaults[i];
  }
}

static void check(const struct confine *confine) {
  struct stat about;
  if (!confine->out) usage("missing", "--out DIR");
  if (stat(confine->out, &about) != 0) usage("--out: no such folder", confine->out);
  if (!S_ISDIR(about.st_mode)) usage("--out: not a folder", confine->out);
  if (!confine->timeout_ms) usage("missing", "--timeout-ms N");
  if (!confine->memory_mb) usage("missing", "--memory-mb N");
  if (!confine->disk_mb) usage("missing", "--disk-mb N");
  if (!*confine->program) usage("missing", "-- PROGRAM");
}

void confine_parse(struct confine *confine, int count, char **arguments) {
  static char *none[] = {NULL};
  *confine = (struct confine){.life = -1, .program = none};
  int i = 1;
  for (; i < count && strcmp(arguments[i], "--") != 0; i += 2) {
    const char *flag = arguments[i], *value = arguments[i + 1];
    if (i + 1 == count) usage("no value", flag);
    if (strcmp(flag, "--out") == 0) confine->out = value;
    else if (strcmp(flag, "--timeout-ms") == 0) confine->timeout_ms = number(flag, value, 1, TIMEOUT_MS_MAX);
    else if (strcmp(flag, "--memory-mb") == 0) confine->memory_mb = number(flag, value, MEMORY_MB_MIN, MEGABYTES_MAX);
    else if (strcmp(flag, "--disk-mb") == 0) confine->disk_mb = number(flag, value, 1, MEGABYTES_MAX);
    else if (strcmp(flag, "--life-fd") == 0) confine->life = (int)number(flag, value, 0, LIFE_MAX);
    else if (strcmp(flag, "--env") == 0) add_environment(confine, value);
    else if (strcmp(flag, "--ro") == 0) add_read_only(confine, value);
    else usage("unknown argument", flag);
  }
  if (i < count) confine->program = arguments + i + 1;
  check(confine);
  if (confine->life == 1 || confine->life == 2) usage("--life-fd takes a descriptor of its own, not", "1 or 2");
  if (confine->life >= 0 && fcntl(confine->life, F_GETFD) < 0) usage("--life-fd", strerror(errno));
  add_defaults(confine);
}
#endif
