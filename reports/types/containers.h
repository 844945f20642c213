/*
 * What a hidden member of a C++ library class means to its users.
 *
 * Who reads of a race on a vector knows its begin and its end, not _M_finish.
 */
#ifndef REPORTS_TYPES_CONTAINERS_H
#define REPORTS_TYPES_CONTAINERS_H

#include "reports/model/pool.h"

struct container_member {
	const char *container; /* "std::vector<int, ...>" */
	const char *words;     /* "its end pointer"; NULL if containers.def has no such member */
};

/* What @member is of a library class by the name that debug information has: "vector<int, ...>";
 * NULL is no such class. */
struct container_member container_member(struct pool *pool, const char *class_name,
					 const char *member);

#endif
