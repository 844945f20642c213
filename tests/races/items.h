/* What the programs on structures without locks hand over. */
#ifndef ITEMS_H
#define ITEMS_H

#include <stdatomic.h>

#include "cases.h"

#define LOAD(place, order) atomic_load_explicit(&(place), memory_order_##order)
#define STORE(place, value, order) atomic_store_explicit(&(place), value, memory_order_##order)

#define ITEM_COUNT 40

struct item {
	long first, second;
};

static struct item make_item(long number)
{
	return (struct item){ number, number + 1 };
}

static void check_item(const struct item *item)
{
	MUST(item->second == item->first + 1);
}

#endif
