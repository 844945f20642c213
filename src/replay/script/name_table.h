/*
 * Numbers for names: each distinct name gets the next one, from 1.
 *
 * Not thread-safe: the owner serialises access.
 */
#ifndef REPLAY_SCRIPT_NAME_TABLE_H
#define REPLAY_SCRIPT_NAME_TABLE_H

#include "base/arena.h"
#include "base/id_table.h"
#include "base/intern.h"
#include "base/types.h"

struct name_entry {
	struct intern_link link;
	uint32_t number;
	uint32_t hash;
	uint32_t length;
	char text[]; /* terminated */
};

struct name_table {
	struct arena *arena;
	struct intern_table by_text;
	struct id_table by_number;
};

void name_table_init(struct name_table *names, struct arena *arena);

/* 0 when memory is exhausted. */
uint32_t name_table_intern(struct name_table *names, const char *text, size_t length);

/* 0 if it was never interned. */
uint32_t name_table_find(const struct name_table *names, const char *text, size_t length);

/* "" for numbers that were not given out. */
const char *name_table_text(const struct name_table *names, uint32_t number);

static inline uint32_t name_table_count(const struct name_table *names)
{
	return names->by_number.last;
}

#endif
