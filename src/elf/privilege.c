#define _GNU_SOURCE
#include "elf/privilege.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/kernel.h"

const char *privilege_reason(const char *path)
{
	long user = kernel_call0(SYS_getuid);
	struct stat status; /* on x86-64 the same for the kernel and glibc */

	if (kernel_call4(SYS_newfstatat, AT_FDCWD, path, &status, 0) != 0)
		return NULL;
	if ((status.st_mode & S_ISUID) && status.st_uid != (uid_t)user)
		return "it is set-uid";
	if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    status.st_gid != (gid_t)kernel_call0(SYS_getgid))
		return "it is set-gid";
	if (user != 0 && kernel_call4(SYS_getxattr, path, "security.capability", NULL, 0) > 0)
		return "it has file capabilities";
	return NULL;
}
