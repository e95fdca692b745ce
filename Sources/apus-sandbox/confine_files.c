// What stands in the folder of `confine`: how much it is, and whose.
#if defined(__linux__)
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "confine.h"

// A file takes at least a block, so that many empty ones count too. Deeper trees count as too large: nobody could
// remove them by their paths.
enum { BYTES_MIN = 4096, DEPTH_MAX = 64, FREE_MIN_MB = 256, FREE_SHARE = 8, STAT_BLOCK = 512 };
enum purpose { MEASURE, GIVE, TAKE };

struct walk {
  enum purpose purpose;
  const struct confine_files *files;
  uint64_t bytes;
};

// By the descriptor, because the name may stand for something else by then.
static int open_closed(int parent, const char *name) {
  int handle = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (handle < 0) return -1;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
  chmod(path, 0700);
  close(handle);
  return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// The program, being of the caller's user, may close its own folders to it: they are opened again.
static int open_folder(int parent, const char *name) {
  struct stat about;
  int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0 && errno == EACCES) folder = open_closed(parent, name);
  bool open = folder >= 0 && fstat(folder, &about) == 0;
  if (open && (about.st_mode & 0500) != 0500) fchmod(folder, (about.st_mode & 0777) | 0700);
  return folder;
}

// Nothing that keeps rights, and nothing that the caller cannot read, enter or remove.
static void take_entry(const struct confine_files *files, int parent, const char *name, const struct stat *about) {
  bool folder = S_ISDIR(about->st_mode), file = S_ISREG(about->st_mode);
  if (!folder && !file && !S_ISLNK(about->st_mode)) {
    unlinkat(parent, name, 0);
    return;
  }
  if (files->uid != 0 && about->st_uid == files->uid)
    fchownat(parent, name, geteuid(), getegid(), AT_SYMLINK_NOFOLLOW);
  mode_t wanted = (about->st_mode & 0777) | (folder ? 0700 : 0400);
  if ((folder || file) && wanted != (about->st_mode & 07777)) fchmodat(parent, name, wanted, 0);
}

// Of files with several names some may stand outside the folder.
static void give_entry(const struct confine_files *files, int parent, const char *name, const struct stat *about) {
  if (S_ISDIR(about->st_mode) || about->st_nlink == 1)
    fchownat(parent, name, files->uid, files->uid, AT_SYMLINK_NOFOLLOW);
}

// A folder of the program's that it closed again meanwhile counts as too large.
static void note_hidden(struct walk *walk, const struct stat *folder) {
  uid_t program = walk->files->uid ? walk->files->uid : geteuid();
  if (walk->purpose == MEASURE && folder->st_uid == program) walk->bytes = UINT64_MAX;
}

// While it runs, the program can make folders that take longer to read than it has time.
static bool is_done(const struct walk *walk) {
  const struct confine_files *files = walk->files;
  return walk->bytes > files->limit || (files->until_ns != 0 && now_ns() > files->until_ns);
}

// `folder` is closed.
static void walk_folder(struct walk *walk, int folder, int depth) {
  DIR *entries = fdopendir(folder);
  if (!entries) {
    close(folder);
    return;
  }
  for (struct dirent *entry; !is_done(walk) && (entry = readdir(entries));) {
    struct stat about;
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == EACCES && fstat(folder, &about) == 0) note_hidden(walk, &about);
      continue;
    }
    uint64_t bytes = (uint64_t)about.st_blocks * STAT_BLOCK;
    if (walk->purpose == MEASURE) walk->bytes += bytes > BYTES_MIN ? bytes : BYTES_MIN;
    if (walk->purpose == GIVE) give_entry(walk->files, folder, name, &about);
    if (walk->purpose == TAKE) take_entry(walk->files, folder, name, &about);
    if (!S_ISDIR(about.st_mode)) continue;
    if (depth == DEPTH_MAX) {
      if (walk->purpose == MEASURE) walk->bytes = UINT64_MAX;
      continue;
    }
    int below = open_folder(folder, name);
    if (below >= 0) walk_folder(walk, below, depth + 1);
    else if (errno == EACCES) note_hidden(walk, &about);
  }
  closedir(entries);
}

static uint64_t walk_all(const struct confine_files *files, enum purpose purpose) {
  struct walk walk = {.purpose = purpose, .files = files};
  struct stat about;
  bool closed = fstat(files->folder, &about) == 0 && (about.st_mode & 0500) != 0500;
  if (closed) fchmod(files->folder, (about.st_mode & 0777) | 0700);
  int folder = openat(files->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) walk_folder(&walk, folder, 0);
  return walk.bytes;
}

static uint64_t free_bytes(int folder) {
  struct statvfs about;
  return fstatvfs(folder, &about) == 0 ? (uint64_t)about.f_bavail * about.f_frsize : UINT64_MAX;
}

bool files_open(struct confine_files *files, const struct confine *confine) {
  struct stat about;
  *files = (struct confine_files){.uid = confine->uid, .limit = (uint64_t)confine->disk_mb * MIB};
  files->folder = open(confine->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (files->folder < 0 || fstat(files->folder, &about) != 0) return false;
  files->owner = about.st_uid, files->group = about.st_gid, files->mode = about.st_mode & 07777;
  uint64_t share = free_bytes(files->folder) / FREE_SHARE, floor = (uint64_t)FREE_MIN_MB * MIB;
  files->floor = share < floor ? share : floor;
  return true;
}

// More than allowed; or so much that the file system is nearly full, by files without a name as well.
bool files_exceed(const struct confine_files *files) {
  return free_bytes(files->folder) < files->floor || walk_all(files, MEASURE) > files->limit;
}

void files_give(const struct confine_files *files) {
  if (files->uid == 0) return;
  fchown(files->folder, files->uid, files->uid);
  walk_all(files, GIVE);
}

void files_take(const struct confine_files *files) {
  walk_all(files, TAKE);
  if (files->uid != 0) fchown(files->folder, files->owner, files->group);
  fchmod(files->folder, files->mode);
}
#endif
