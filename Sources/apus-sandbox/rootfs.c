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
#include <unistd.h>

#include "Bootstrap.h"
#include "supervisor.h"
#include "tree.h"

// No /dev/zero: mapped and shared it is memory that no limit of a process counts.
static const char *const devices[] = {"/dev/null", "/dev/random", "/dev/urandom"};
enum { DEVICES = 3, FIXED = 3, SOURCES_MAX = BINDS_LIMIT + DEVICES + FIXED + 1 };
// Where the loader and the C library may be; a link stays a link.
static const char *const fixed[FIXED] = {"/lib", "/lib64", "/usr/lib64"};

static void write_file(const char *path, const void *bytes, size_t length) {
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0444);
  if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) tree_fail("write", path);
  close(fd);
}

static void write_bootstrap(const struct interpreter *interpreter) {
  struct sock_filter program[SECCOMP_PROGRAM_MAX];
  if (mkdir("boot", 0755) != 0) child_fail("mkdir /boot");
  if (interpreter->language == DENO) {
    // Deno asks where it is itself, and that is all it needs of a /proc.
    tree_parents("/proc/self/exe");
    if (symlink(interpreter->path, "proc/self/exe") != 0) child_fail("symlink /proc/self/exe");
    return write_file("boot/deno.js", bootstrap_deno, sizeof bootstrap_deno);
  }
  write_file("boot/python.py", bootstrap_python, sizeof bootstrap_python);
  write_file("boot/filter", program, seccomp_program(program, 0) * sizeof *program);
}

void rootfs_build(const struct jail *jail) {
  const uint64_t plain = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  const uint64_t device = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  struct source sources[SOURCES_MAX];
  char links[FIXED][TREE_LINK_MAX];
  size_t count = 0;
  for (size_t i = 0; i < FIXED; i++) tree_link_or_take(fixed[i], sources, &count, &links[i], plain);
  for (size_t i = 0; i < DEVICES; i++) sources[count++] = tree_take(devices[i], devices[i], device);
  for (size_t i = 0; i < jail->interpreter->bind_count; i++)
    sources[count++] = tree_take(jail->interpreter->binds[i], jail->interpreter->binds[i], plain);
  if (jail->layer[0]) sources[count++] = tree_take(jail->layer, "/layer", plain);
  const char *at = sup.options.state_dir;
  if (mount("apus", at, "tmpfs", FLAG_NOSUID, "mode=755,size=4m,nr_inodes=1024") != 0) tree_fail("mount tmpfs", at);
  if (chdir(at) != 0) tree_fail("chdir", at);
  for (size_t i = 0; i < FIXED; i++) tree_link(fixed[i], links[i]);
  for (size_t i = 0; i < count; i++) tree_place(&sources[i]);
  if (mkdir("tmp", 01777) != 0) child_fail("mkdir /tmp");
  write_bootstrap(jail->interpreter);
  tree_switch();
}
#endif
