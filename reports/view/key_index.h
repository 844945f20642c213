/* Lists of numbers by a text: which findings may be of one bug. */
#ifndef REPORTS_VIEW_KEY_INDEX_H
#define REPORTS_VIEW_KEY_INDEX_H

#include "reports/model/text_set.h"

struct key_list {
	size_t *numbers; /* in the order in which they were added */
	size_t count;
};

struct key_index {
	struct text_set keys;
	struct key_list *lists; /* by key */
	size_t list_count;
};

/* Empty if there is none. */
struct key_list key_index_find(const struct key_index *index, const char *key);
void key_index_add(struct key_index *index, const char *key, size_t number);
void key_index_free(struct key_index *index);

#endif
