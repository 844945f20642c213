/*
 * What guests that confine themselves share: filters, as lists of the system calls that
 * get another answer than the others.
 */
#ifndef CONFINEMENT_H
#define CONFINEMENT_H

#include "../guest.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define LOAD_NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define ANSWER_TO(number, action)                                                                  \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), ANSWER(action)
#define ALLOW(number) ANSWER_TO(number, SECCOMP_RET_ALLOW)

#define CONFINE(filter, flags) confine_process(filter, sizeof(filter) / sizeof(*(filter)), flags)

/* True: the filter is set, for all threads if flags say so. */
static inline int confine_process(struct sock_filter *filter, size_t length, unsigned flags)
{
	struct sock_fprog program = {(unsigned short)length, filter};

	CHECK_IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	return flags ? !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program)
		     : !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#endif
