// What the start has read of the program's and the libraries' files is given back: the page cache keeps it.
#if defined(__linux__)
#define _GNU_SOURCE
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "supervisor.h"

static int forget(struct dl_phdr_info *loaded, size_t size, void *unused) {
  (void)size, (void)unused;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (size_t i = 0; i < loaded->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &loaded->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || (part->p_flags & PF_W)) continue;
    uintptr_t begin = (loaded->dlpi_addr + part->p_vaddr) & ~(page - 1);
    madvise((void *)begin, part->p_memsz & ~(page - 1), MADV_DONTNEED);
  }
  return 0;
}

void files_forget(void) { dl_iterate_phdr(forget, NULL); }
#endif
