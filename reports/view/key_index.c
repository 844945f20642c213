#include "reports/view/key_index.h"

struct key_list key_index_find(const struct key_index *index, const char *key)
{
	size_t at = text_set_find(&index->keys, key);

	return at == TEXT_SET_NONE ? (struct key_list){0} : index->lists[at];
}

void key_index_add(struct key_index *index, const char *key, size_t number)
{
	size_t at = text_set_add(&index->keys, key);
	struct key_list *list;

	if (at == index->list_count)
		index->lists = pool_grow(&index->keys.pool, index->lists, index->list_count++,
					 sizeof(*index->lists));
	list = &index->lists[at];
	list->numbers = pool_grow(&index->keys.pool, list->numbers, list->count,
				  sizeof(*list->numbers));
	list->numbers[list->count++] = number;
}

void key_index_free(struct key_index *index)
{
	text_set_free(&index->keys);
	*index = (struct key_index){0};
}
