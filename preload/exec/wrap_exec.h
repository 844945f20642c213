/*
 * Programs about to be executed, for the exec family and those that spawn.
 */
#ifndef PRELOAD_EXEC_WRAP_EXEC_H
#define PRELOAD_EXEC_WRAP_EXEC_H

#include "base/types.h"

struct execution {
	const char *path;	  /* the program, NULL if there is none */
	char *const *environment; /* to execute it with */
	bool is_there;		  /* some file, at least */
	bool is_expected;	  /* to record itself */
};

/* What to execute @path with instead of @environment.  Says so in the results
 * if it will not be observed.  NULL @path: it is not known. */
void execution_plan(struct execution *execution, const char *path, char *const *environment,
		    bool is_child);

#endif
