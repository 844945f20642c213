/*
 * Filters for system calls (seccomp), run as the kernel runs them: classic BPF over the
 * number, the arguments and the place of a call (Linux, Documentation/userspace-api/
 * seccomp_filter.rst).
 */
#ifndef PRELOAD_CONFINEMENT_FILTER_H
#define PRELOAD_CONFINEMENT_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/types.h"

/* What the filter of @length instructions says of @call: SECCOMP_RET_...  Of what the
 * kernel would not accept: SECCOMP_RET_KILL_PROCESS. */
uint32_t filter_run(const struct sock_filter *code, uint32_t length,
		    const struct seccomp_data *call);

#endif
