// What a process gives up before it runs something of others.
#if defined(__linux__)
#define _GNU_SOURCE
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drop.h"
#include "supervisor.h"

void limit_resource(__rlimit_resource_t resource, rlim_t value) {
  struct rlimit now, wanted = {value, value};
  if (getrlimit(resource, &now) == 0 && now.rlim_max < value) wanted = (struct rlimit){now.rlim_max, now.rlim_max};
  if (setrlimit(resource, &wanted) != 0) child_fail("setrlimit");
}

void drop_bounding(void) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) child_fail("prctl PR_CAPBSET_DROP");
}

void drop_capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[2] = {0};
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) child_fail("prctl PR_CAP_AMBIENT");
  if (syscall(SYS_capset, &header, none) != 0) child_fail("capset");
}
#endif
