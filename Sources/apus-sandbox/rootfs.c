// The root file system of workers: an empty one, read-only, with read-only views of what the interpreter needs.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "Bootstrap.h"
#include "supervisor.h"

// Declared by hand: <sys/mount.h> and <linux/mount.h> cannot both be included.
extern int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
extern int umount2(const char *target, int flags);
enum { FLAG_NOSUID = 2, FLAG_DETACH = 2, RECURSIVE = 0x8000, EMPTY_PATH = 0x1000 };

// No /dev/zero: mapped and shared it is memory that no limit of a process counts.
static const char *const devices[] = {"/dev/null", "/dev/random", "/dev/urandom"};
enum { DEVICES = 3, FIXED = 3, SOURCES_MAX = BINDS_LIMIT + DEVICES + FIXED + 1 };
// Where the loader and the C library may be; a link stays a link.
static const char *const fixed[FIXED] = {"/lib", "/lib64", "/usr/lib64"};

struct source {
  const char *path, *target;
  int tree;
  bool directory;
  uint64_t attributes;
};

_Noreturn static void fail_at(const char *step, const char *path) {
  int error = errno;
  char text[PATH_MAX + 64];
  snprintf(text, sizeof text, "%s %s", step, path);
  errno = error;
  child_fail(text);
}

// A detached copy of a part of the host's tree: later mounts may cover the path it came from.
static struct source take(const char *path, const char *target, uint64_t attributes) {
  struct source source = {.path = path, .target = target, .attributes = attributes};
  struct stat about;
  if (stat(path, &about) != 0) fail_at("stat", path);
  source.directory = S_ISDIR(about.st_mode);
  source.tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RECURSIVE);
  if (source.tree < 0) fail_at("open_tree", path);
  struct mount_attr attr = {.attr_set = attributes};
  if (syscall(SYS_mount_setattr, source.tree, "", EMPTY_PATH | RECURSIVE, &attr, sizeof attr) != 0)
    fail_at("mount_setattr", path);
  return source;
}

// `path` is absolute; everything is made below the working directory.
static void make_parents(const char *path) {
  char part[PATH_MAX];
  snprintf(part, sizeof part, "%s", path + 1);
  for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(part, 0755) != 0 && errno != EEXIST) fail_at("mkdir", part);
    *slash = '/';
  }
}

static void place(const struct source *source) {
  const char *relative = source->target + 1;
  make_parents(source->target);
  if (source->directory) {
    if (mkdir(relative, 0755) != 0 && errno != EEXIST) fail_at("mkdir", source->target);
  } else {
    int fd = open(relative, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) fail_at("open", source->target);
    close(fd);
  }
  if (syscall(SYS_move_mount, source->tree, "", AT_FDCWD, relative, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    fail_at("move_mount", source->target);
  close(source->tree);
}

static void write_file(const char *path, const void *bytes, size_t length) {
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0444);
  if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) fail_at("write", path);
  close(fd);
}

static void write_bootstrap(const struct interpreter *interpreter) {
  struct sock_filter program[SECCOMP_PROGRAM_MAX];
  if (mkdir("boot", 0755) != 0) child_fail("mkdir /boot");
  if (interpreter->language == DENO) {
    // Deno asks where it is itself, and that is all it needs of a /proc.
    make_parents("/proc/self/exe");
    if (symlink(interpreter->path, "proc/self/exe") != 0) child_fail("symlink /proc/self/exe");
    return write_file("boot/deno.js", bootstrap_deno, sizeof bootstrap_deno);
  }
  write_file("boot/python.py", bootstrap_python, sizeof bootstrap_python);
  write_file("boot/filter", program, seccomp_program(program, 0) * sizeof *program);
}

static void link_or_take(const char *path, struct source *sources, size_t *count, char links[][64], uint64_t flags) {
  struct stat about;
  links[0][0] = 0;
  if (lstat(path, &about) != 0) return;
  if (S_ISLNK(about.st_mode)) {
    ssize_t length = readlink(path, links[0], 63);
    links[0][length < 0 ? 0 : length] = 0;
  } else if (S_ISDIR(about.st_mode)) {
    sources[(*count)++] = take(path, path, flags);
  }
}

static void switch_root(void) {
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
  if (syscall(SYS_pivot_root, ".", ".") != 0) child_fail("pivot_root");
  if (umount2(".", FLAG_DETACH) != 0) child_fail("umount2 of the old root");
  if (chdir("/") != 0) child_fail("chdir /");
  if (syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attr, sizeof attr) != 0) child_fail("mount_setattr /");
}

void rootfs_build(const struct jail *jail) {
  const uint64_t plain = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  const uint64_t device = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  struct source sources[SOURCES_MAX];
  char links[FIXED][64];
  size_t count = 0;
  for (size_t i = 0; i < FIXED; i++) link_or_take(fixed[i], sources, &count, &links[i], plain);
  for (size_t i = 0; i < DEVICES; i++) sources[count++] = take(devices[i], devices[i], device);
  for (size_t i = 0; i < jail->interpreter->bind_count; i++)
    sources[count++] = take(jail->interpreter->binds[i], jail->interpreter->binds[i], plain);
  if (jail->layer[0]) sources[count++] = take(jail->layer, "/layer", plain);
  const char *at = sup.options.state_dir;
  if (mount("apus", at, "tmpfs", FLAG_NOSUID, "mode=755,size=4m,nr_inodes=1024") != 0) fail_at("mount tmpfs", at);
  if (chdir(at) != 0) fail_at("chdir", at);
  for (size_t i = 0; i < FIXED; i++) {
    if (!links[i][0]) continue;
    make_parents(fixed[i]);
    if (symlink(links[i], fixed[i] + 1) != 0) fail_at("symlink", fixed[i]);
  }
  for (size_t i = 0; i < count; i++) place(&sources[i]);
  if (mkdir("tmp", 01777) != 0) child_fail("mkdir /tmp");
  write_bootstrap(jail->interpreter);
  switch_root();
}
#endif
