// tree.c: parts of the host's tree, taken and placed into a root file system that is being built.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Declared by hand: <sys/mount.h> and <linux/mount.h> cannot both be included.
extern int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
enum { FLAG_NOSUID = 2, FLAG_NODEV = 4, FLAG_NOEXEC = 8 };
enum { TREE_LINK_MAX = 64 };

struct source {
  const char *path, *target;
  int tree;
  bool directory;
  uint64_t attributes;
};

_Noreturn void tree_fail(const char *step, const char *path);
struct source tree_take(const char *path, const char *target, uint64_t attributes);
void tree_link_or_take(const char *path, struct source *sources, size_t *count, char links[][TREE_LINK_MAX],
                       uint64_t attributes);
void tree_link(const char *path, const char *to);
void tree_parents(const char *path);
void tree_place(const struct source *source);
void tree_switch(void);
