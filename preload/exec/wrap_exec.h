/*
 * Programs that are about to be executed, for the exec family and
 * posix_spawn().
 */
#ifndef PRELOAD_EXEC_WRAP_EXEC_H
#define PRELOAD_EXEC_WRAP_EXEC_H

#include "base/types.h"

struct execution {
	const char *path;	  /* of the program, NULL if it is not known */
	char *const *environment; /* to execute it with */
	bool is_there;		  /* there is a file at least */
	bool is_expected;	  /* it will record itself */
};

/* Fills in *@execution; its environment is to be used in place of @environment.
 * Records a program that will not be observed.  @path is NULL if it is not
 * known. */
void execution_plan(struct execution *execution, const char *path, char *const *environment,
		    bool is_child);

#endif
