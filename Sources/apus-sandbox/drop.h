// drop.c: each ends the process where it fails.
#pragma once

#include <sys/resource.h>

void limit_resource(__rlimit_resource_t resource, rlim_t value);
void drop_bounding(void);
void drop_capabilities(void);
