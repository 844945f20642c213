/*
 * Files of lock orders: which locks may be taken while which are held.
 *
 * A line is an order of two classes of locks, `HELD -> TAKEN`; empty lines and lines that
 * begin with # are comments.  Orders follow from each other: A -> B and B -> C allow A -> C.
 */
#ifndef REPORTS_ORDER_ORDER_FILE_H
#define REPORTS_ORDER_ORDER_FILE_H

#include <stdio.h>

#include "reports/model/pool.h"

#define ORDER_ARROW " -> "

struct order_line {
	const char *from, *to;
	size_t number; /* from 1 */
};

struct order_file {
	const char *path;
	struct order_line *lines;
	size_t count;
};

/* 0, or a negative errno and @error, which names file and line. */
int order_file_read(struct order_file *file, struct pool *pool, const char *path, char *error,
		    size_t error_bytes);

/* Adds a line; for texts that live as long as the file. */
void order_file_add(struct order_file *file, struct pool *pool, const char *from, const char *to);

/* The first line of those that lead from @from to @to, or NULL. */
const struct order_line *order_file_find(const struct order_file *file, const char *from,
					 const char *to);

#endif
