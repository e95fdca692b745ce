// Building a root file system: parts of the host's tree are taken first, and placed into an empty one afterwards.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervisor.h"
#include "tree.h"

extern int umount2(const char *target, int flags);
enum { FLAG_DETACH = 2, RECURSIVE = 0x8000, EMPTY_PATH = 0x1000 };

_Noreturn void tree_fail(const char *step, const char *path) {
  int error = errno;
  char text[PATH_MAX + 64];
  snprintf(text, sizeof text, "%s %s", step, path);
  errno = error;
  child_fail(text);
}

// A detached copy of a part of the host's tree: later mounts may cover the path it came from.
struct source tree_take(const char *path, const char *target, uint64_t attributes) {
  struct source source = {.path = path, .target = target, .attributes = attributes};
  struct stat about;
  if (stat(path, &about) != 0) tree_fail("stat", path);
  source.directory = S_ISDIR(about.st_mode);
  source.tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RECURSIVE);
  if (source.tree < 0) tree_fail("open_tree", path);
  struct mount_attr attr = {.attr_set = attributes};
  if (syscall(SYS_mount_setattr, source.tree, "", EMPTY_PATH | RECURSIVE, &attr, sizeof attr) != 0)
    tree_fail("mount_setattr", path);
  return source;
}

// `path` is absolute; everything is made below the working directory.
void tree_parents(const char *path) {
  char part[PATH_MAX];
  snprintf(part, sizeof part, "%s", path + 1);
  for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(part, 0755) != 0 && errno != EEXIST) tree_fail("mkdir", part);
    *slash = '/';
  }
}

void tree_place(const struct source *source) {
  const char *relative = source->target + 1;
  tree_parents(source->target);
  if (source->directory) {
    if (mkdir(relative, 0755) != 0 && errno != EEXIST) tree_fail("mkdir", source->target);
  } else {
    int fd = open(relative, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) tree_fail("open", source->target);
    close(fd);
  }
  if (syscall(SYS_move_mount, source->tree, "", AT_FDCWD, relative, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    tree_fail("move_mount", source->target);
  close(source->tree);
}

// A link of the host stays one, made later by `tree_link`; a folder is taken; what is missing is left out.
void tree_link_or_take(const char *path, struct source *sources, size_t *count, char links[][TREE_LINK_MAX],
                       uint64_t attributes) {
  struct stat about;
  links[0][0] = 0;
  if (lstat(path, &about) != 0) return;
  if (S_ISLNK(about.st_mode)) {
    ssize_t length = readlink(path, links[0], TREE_LINK_MAX - 1);
    links[0][length < 0 ? 0 : length] = 0;
  } else if (S_ISDIR(about.st_mode)) {
    sources[(*count)++] = tree_take(path, path, attributes);
  }
}

// Where it is empty there is no such link.
void tree_link(const char *path, const char *to) {
  if (!to[0]) return;
  tree_parents(path);
  if (symlink(to, path + 1) != 0) tree_fail("symlink", path);
}

void tree_switch(void) {
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
  if (syscall(SYS_pivot_root, ".", ".") != 0) child_fail("pivot_root");
  if (umount2(".", FLAG_DETACH) != 0) child_fail("umount2 of the old root");
  if (chdir("/") != 0) child_fail("chdir /");
  if (syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attr, sizeof attr) != 0) child_fail("mount_setattr /");
}
#endif
