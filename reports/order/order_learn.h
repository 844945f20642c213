/* Files of lock orders that results have shown, for people to review and to keep. */
#ifndef REPORTS_ORDER_ORDER_LEARN_H
#define REPORTS_ORDER_ORDER_LEARN_H

#include <stddef.h>

struct order_lesson {
	const char *path;	  /* of the file */
	const char *const *files; /* results */
	size_t file_count;
	void (*complain)(const char *message); /* is told of each that is left out */
	size_t left_out_count, learned_count;
	char error[512];
};

/* Appends to the file, or makes it, what it does not allow yet: sets the counts.  0, or a
 * negative errno and the error: the file is as it was. */
int order_learn_files(struct order_lesson *lesson);

#endif
