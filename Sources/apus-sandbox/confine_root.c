// The root file system of `confine`: an empty one, read-only, with read-only views of the system's programs, and two
// places to write to: /tmp, which is memory, and /out.
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"
#include "tree.h"

// What a distribution has of these; what is missing is left out. Of /etc only what finds hosts and proves who they are:
// the folders of keys beside it stay out, and so does all that is the operator's own.
static const char *const system_paths[] = {
    "/usr", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
    "/etc/protocols", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/ca-certificates.conf",
    "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted",
    "/etc/crypto-policies", "/etc/alternatives", "/etc/ld.so.cache", "/etc/os-release"};
static const char *const maybe_links[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"};
enum {
  SYSTEM_PATHS = sizeof system_paths / sizeof *system_paths, MAYBE_LINKS = 6, DEVICES = 4,
  SOURCES_MAX = SYSTEM_PATHS + MAYBE_LINKS + DEVICES + CONFINE_RO_LIMIT + 1
};
static const char *const building = "/tmp";
static const uint64_t plain = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

static bool holds(const char *whole, const char *path) {
  size_t length = strlen(whole);
  return strncmp(path, whole, length) == 0 && path[length] == '/';
}

// Another path that is wanted holds this one already.
static bool is_held(const struct confine *confine, const char *path) {
  for (size_t i = 0; i < SYSTEM_PATHS; i++) if (holds(system_paths[i], path)) return true;
  for (size_t i = 0; i < MAYBE_LINKS; i++) if (holds(maybe_links[i], path)) return true;
  for (size_t i = 0; i < confine->ro_count; i++) if (holds(confine->ro[i], path)) return true;
  return false;
}

static bool is_system_path(const char *path) {
  for (size_t i = 0; i < SYSTEM_PATHS; i++) if (strcmp(path, system_paths[i]) == 0) return true;
  for (size_t i = 0; i < MAYBE_LINKS; i++) if (strcmp(path, maybe_links[i]) == 0) return true;
  return false;
}

static bool is_repeated(const struct confine *confine, size_t index) {
  for (size_t i = 0; i < index; i++) if (strcmp(confine->ro[i], confine->ro[index]) == 0) return true;
  return false;
}

static size_t take_all(const struct confine *confine, struct source *sources, char links[][TREE_LINK_MAX]) {
  size_t count = 0;
  for (size_t i = 0; i < MAYBE_LINKS; i++) tree_link_or_take(maybe_links[i], sources, &count, &links[i], plain);
  for (size_t i = 0; i < SYSTEM_PATHS; i++)
    if (access(system_paths[i], F_OK) == 0 && !is_held(confine, system_paths[i]))
      sources[count++] = tree_take(system_paths[i], system_paths[i], plain);
  for (size_t i = 0; i < confine->ro_count; i++) {
    const char *path = confine->ro[i];
    if (!is_held(confine, path) && !is_system_path(path) && !is_repeated(confine, i))
      sources[count++] = tree_take(path, path, plain);
  }
  const uint64_t device = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  for (size_t i = 0; i < DEVICES; i++) sources[count++] = tree_take(devices[i], devices[i], device);
  const uint64_t out = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  sources[count++] = tree_take(confine->out, "/out", out);
  return count;
}

void confine_root(const struct confine *confine) {
  struct source sources[SOURCES_MAX];
  char links[MAYBE_LINKS][TREE_LINK_MAX], options[96];
  size_t count = take_all(confine, sources, links);
  if (mount("apus", building, "tmpfs", FLAG_NOSUID, "mode=755,size=4m,nr_inodes=4096") != 0)
    tree_fail("mount tmpfs", building);
  if (chdir(building) != 0) tree_fail("chdir", building);
  for (size_t i = 0; i < MAYBE_LINKS; i++) tree_link(maybe_links[i], links[i]);
  if (mkdir("tmp", 0755) != 0) child_fail("mkdir /tmp");
  snprintf(options, sizeof options, "mode=1777,size=%um,nr_inodes=65536", confine->disk_mb);
  const unsigned long flags = FLAG_NOSUID | FLAG_NODEV | FLAG_NOEXEC;
  if (mount("tmp", "tmp", "tmpfs", flags, options) != 0) child_fail("mount tmpfs /tmp");
  for (size_t i = 0; i < count; i++) tree_place(&sources[i]);
  tree_switch();
}
#endif
