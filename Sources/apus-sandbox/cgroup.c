// Control groups, where they can be written: one per worker for memory and one for the number of processes.
#if defined(__linux__)
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor.h"

// `home` is the supervisor's own directory, below the group it was started in.
static struct hierarchy {
  enum cgroup_kind kind;
  char home[PATH_MAX];
} memory, pids;

enum cgroup_kind cgroups_memory(void) { return memory.kind; }
enum cgroup_kind cgroups_pids(void) { return pids.kind; }

// The leaf, in v2, of those who were in the supervisor's group before it.
static const char moved_aside[] = "/apus-host";

static bool write_file(const char *folder, const char *name, const char *text) {
  char path[PATH_MAX + 80];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return write_text(path, text);
}

static size_t read_file(const char *folder, const char *name, char *text, size_t size) {
  char path[PATH_MAX + 80];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
  if (fd >= 0) close(fd);
  text[length < 0 ? 0 : length] = 0;
  return length < 0 ? 0 : (size_t)length;
}

static uint64_t read_number(const char *folder, const char *name) {
  char text[64];
  read_file(folder, name, text, sizeof text);
  return strtoull(text, NULL, 10);
}

static bool has_word(const char *list, const char *word) {
  size_t length = strlen(word);
  for (const char *at = list; (at = strstr(at, word)); at += length) {
    bool begins = at == list || strchr(", \n", at[-1]), ends = at[length] == 0 || strchr(", \n", at[length]);
    if (begins && ends) return true;
  }
  return false;
}

// The supervisor's own group in a hierarchy: the line of /proc/self/cgroup; v2's has no controllers' names.
static bool own_group(const char *controller, char *group, size_t size) {
  FILE *file = fopen("/proc/self/cgroup", "re");
  char line[PATH_MAX];
  bool found = false;
  while (file && !found && fgets(line, sizeof line, file)) {
    char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
    if (!path) continue;
    *path++ = 0;
    path[strcspn(path, "\n")] = 0;
    found = controller ? has_word(names + 1, controller) : names[1] == 0;
    if (found) snprintf(group, size, "%s", path);
  }
  if (file) fclose(file);
  return found;
}

// Where the own group is to be found: mount point, and the part of the path that the mount does not begin with.
static bool own_folder(const char *controller, char *folder, size_t size) {
  char group[PATH_MAX / 4], line[PATH_MAX], root[PATH_MAX / 4], point[PATH_MAX / 4], type[32], options[512];
  if (!own_group(controller, group, sizeof group)) return false;
  FILE *file = fopen("/proc/self/mountinfo", "re");
  bool found = false;
  while (file && !found && fgets(line, sizeof line, file)) {
    char *rest = strstr(line, " - ");
    if (!rest || sscanf(line, "%*s %*s %*s %1023s %1023s", root, point) != 2) continue;
    if (sscanf(rest, " - %31s %*s %511s", type, options) != 2) continue;
    found = controller ? !strcmp(type, "cgroup") && has_word(options, controller) : !strcmp(type, "cgroup2");
    if (!found) continue;
    size_t prefix = strcmp(root, "/") == 0 ? 0 : strlen(root);
    bool below = strncmp(group, root, prefix) == 0;
    const char *rest_of_path = below && strcmp(group + prefix, "/") ? group + prefix : "";
    found = snprintf(folder, size, "%s%s", point, rest_of_path) < (int)size;
  }
  if (file) fclose(file);
  return found;
}

static void remove_below(const char *home) {
  DIR *folder = opendir(home);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    char path[PATH_MAX];
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    if (snprintf(path, sizeof path, "%s/%s", home, entry->d_name) < (int)sizeof path) rmdir(path);
  }
  if (folder) closedir(folder);
}

// What a supervisor left behind that was killed.
static void remove_orphans(const char *own) {
  DIR *folder = opendir(own);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    char path[PATH_MAX];
    int pid;
    if (sscanf(entry->d_name, "apus-%d", &pid) != 1 || kill(pid, 0) == 0 || errno != ESRCH) continue;
    if (snprintf(path, sizeof path, "%s/%s", own, entry->d_name) >= (int)sizeof path) continue;
    remove_below(path);
    rmdir(path);
  }
  if (folder) closedir(folder);
}

static bool make_home(struct hierarchy *hierarchy, enum cgroup_kind kind, const char *own) {
  remove_orphans(own);
  snprintf(hierarchy->home, sizeof hierarchy->home, "%s/apus-%d", own, (int)getpid());
  if (mkdir(hierarchy->home, 0755) != 0 && errno != EEXIST) return false;
  hierarchy->kind = kind;
  return true;
}

// In v2 a group with processes may not hand controllers down: they move aside, into a leaf.
static bool hand_down(const char *own, const char *controllers) {
  if (write_file(own, "cgroup.subtree_control", controllers)) return true;
  char leaf[PATH_MAX], all[4096];
  if (snprintf(leaf, sizeof leaf, "%s%s", own, moved_aside) >= (int)sizeof leaf) return false;
  if (errno != EBUSY || (mkdir(leaf, 0755) != 0 && errno != EEXIST)) return false;
  // As many at a time as fit; a number that is cut off at the end waits for the next round.
  for (int round = 0; round < 64; round++) {
    read_file(own, "cgroup.procs", all, sizeof all);
    char *end = strrchr(all, '\n');
    if (!end) break;
    *end = 0;
    for (char *rest = all, *pid; (pid = strsep(&rest, "\n"));) write_file(leaf, "cgroup.procs", pid);
  }
  return write_file(own, "cgroup.subtree_control", controllers);
}

static void setup_v2(void) {
  char own[PATH_MAX / 2], controllers[512];
  if (!own_folder(NULL, own, sizeof own)) return;
  // Whoever was moved aside is in the leaf: its group's home is beside it.
  size_t length = strlen(own), leaf = sizeof moved_aside - 1;
  if (length > leaf && strcmp(own + length - leaf, moved_aside) == 0) own[length - leaf] = 0;
  read_file(own, "cgroup.controllers", controllers, sizeof controllers);
  bool has_memory = memory.kind == CGROUP_NONE && has_word(controllers, "memory");
  bool has_pids = pids.kind == CGROUP_NONE && has_word(controllers, "pids");
  if (!has_memory && !has_pids) return;
  const char *wanted = has_memory ? has_pids ? "+memory +pids" : "+memory" : "+pids";
  if (!hand_down(own, wanted)) return;
  struct hierarchy both;
  if (!make_home(&both, CGROUP_V2, own) || !write_file(both.home, "cgroup.subtree_control", wanted)) return;
  if (has_memory) memory = both;
  if (has_pids) pids = both;
}

void cgroups_setup(void) {
  char own[PATH_MAX / 2];
  if (own_folder("memory", own, sizeof own)) make_home(&memory, CGROUP_V1, own);
  if (own_folder("pids", own, sizeof own)) make_home(&pids, CGROUP_V1, own);
  setup_v2();
}

// True when nothing is left.
bool cgroups_sweep(void) {
  if (memory.kind != CGROUP_NONE) remove_below(memory.home);
  if (pids.kind != CGROUP_NONE) remove_below(pids.home);
  bool left = memory.kind != CGROUP_NONE && rmdir(memory.home) != 0 && errno == EBUSY;
  return !(pids.kind != CGROUP_NONE && rmdir(pids.home) != 0 && errno == EBUSY) && !left;
}

void cgroup_create(struct worker_groups *groups, uint32_t id, uint32_t processes) {
  char limit[16];
  *groups = (struct worker_groups){0};
  if (memory.kind != CGROUP_NONE) {
    snprintf(groups->memory, sizeof groups->memory, "%s/w%u", memory.home, id);
    if (mkdir(groups->memory, 0755) != 0) groups->memory[0] = 0;
  }
  if (pids.kind == CGROUP_NONE) return;
  snprintf(groups->pids, sizeof groups->pids, "%s/w%u", pids.home, id);
  if (mkdir(groups->pids, 0755) != 0 && errno != EEXIST) groups->pids[0] = 0;
  snprintf(limit, sizeof limit, "%u", processes);
  if (groups->pids[0]) write_file(groups->pids, "pids.max", limit);
}

// Files through which a process enters the groups by writing "0"; whoever opened them must be allowed to.
size_t cgroup_open(const struct worker_groups *groups, int fds[2]) {
  const char *folders[] = {groups->memory, strcmp(groups->memory, groups->pids) ? groups->pids : ""};
  size_t count = 0;
  for (size_t i = 0; i < 2; i++) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/cgroup.procs", folders[i]);
    int fd = folders[i][0] ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (fd >= 0) fds[count++] = fd;
  }
  return count;
}

// So many bytes above what it has now.
bool cgroup_limit_memory(const struct worker_groups *groups, uint64_t bytes) {
  if (!groups->memory[0]) return false;
  bool v1 = memory.kind == CGROUP_V1;
  char text[32];
  uint64_t now = read_number(groups->memory, v1 ? "memory.usage_in_bytes" : "memory.current");
  snprintf(text, sizeof text, "%llu", (unsigned long long)(now + bytes));
  bool limited = write_file(groups->memory, v1 ? "memory.limit_in_bytes" : "memory.max", text);
  // Not every kernel counts swap.
  write_file(groups->memory, v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max", v1 ? text : "0");
  return limited;
}

bool cgroup_out_of_memory(const struct worker_groups *groups) {
  char text[512];
  if (!groups->memory[0]) return false;
  read_file(groups->memory, memory.kind == CGROUP_V1 ? "memory.oom_control" : "memory.events", text, sizeof text);
  const char *kills = strstr(text, "oom_kill ");
  return kills && strtoull(kills + sizeof "oom_kill", NULL, 10) > 0;
}

void cgroup_remove(struct worker_groups *groups) {
  if (groups->memory[0]) rmdir(groups->memory);
  if (groups->pids[0]) rmdir(groups->pids);
  *groups = (struct worker_groups){0};
}
#endif
