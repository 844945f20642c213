/*
 * Waits for children: who learns of a child's state comes after whoever made the child.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>

#include "preload/channels/descriptors.h"
#include "preload/guest/export.h"
#include "preload/guest/real.h"
#include "preload/process/children.h"

#define CHILDREN CHANNEL_KEY(KEY_CHILDREN, 0)

void children_begin(void)
{
	channel_key_gives(CHILDREN);
}

#define WAIT(type, name, parameters, arguments, has_learnt)                                        \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		type result = REAL(name) arguments;                                                \
                                                                                                   \
		if (has_learnt)                                                                    \
			channel_key_takes(CHILDREN);                                               \
		return result;                                                                     \
	}

WAIT(pid_t, wait, (int *status), (status), result > 0)
WAIT(pid_t, waitpid, (pid_t child, int *status, int options), (child, status, options), result > 0)
WAIT(pid_t, wait3, (int *status, int options, struct rusage *usage), (status, options, usage),
	result > 0)
WAIT(pid_t, wait4, (pid_t child, int *status, int options, struct rusage *usage),
	(child, status, options, usage), result > 0)
WAIT(int, waitid, (idtype_t kind, id_t child, siginfo_t *told, int options),
	(kind, child, told, options), result == 0)

EXPORT_ALIAS(__wait, wait)
EXPORT_ALIAS(__waitpid, waitpid)
