/*
 * Numbered values: each distinct one is kept once, and found by its content or its number.
 *
 * Shadow memory names them by numbers of 22 bits and does not say when it forgets one.  So a
 * table has a bounded count of places.  Once all are taken, a value that nobody has asked
 * for since the hand of a clock went by (second chance) gives its place to a new one.  The
 * number tells how many values the place had before: a number whose value is gone names
 * nothing.  After NUMBERED_LIVES values a place keeps its last one, so no number is ever
 * given twice; what is new then has no number.
 *
 * Adding is under 'busy', a spin lock that may be not to be had.  Looking up takes no lock:
 * it copies the value, and looks whether that is still there.
 */
#ifndef DETECT_DATA_NUMBERED_H
#define DETECT_DATA_NUMBERED_H

#include "base/arena.h"
#include "base/id_table.h"
#include "base/intern.h"
#include "base/spin_lock.h"
#include "base/types.h"

#define NUMBERED_PLACE_BITS 16
#define NUMBERED_LIVES 63u /* no number has all 22 bits */
#define NUMBERED_MOST ((1u << NUMBERED_PLACE_BITS) - 1)

/* The first member of a value. */
struct numbered {
	struct intern_link link;
	uint64_t hash;
	uint32_t number; /* 0 while it changes */
	uint16_t room;	 /* for so many bytes behind this */
	bool is_used;	 /* since the hand went by */
};

struct numbered_table {
	struct spin_lock busy;
	struct arena arena;
	struct id_table places;
	struct intern_table by_hash;
	uint32_t most; /* places */
	uint32_t hand;
	uint32_t worn_count; /* of places that have had their lives */
};

/* Two parts of a value that follow each other in memory, without its struct numbered. */
struct numbered_content {
	uint64_t hash;
	const void *parts[2];
	uint16_t bytes[2];
};

void numbered_table_init(struct numbered_table *table, page_source pages);

/* The number of the value with @content; 0 if there is none to be had. */
uint32_t numbered_intern(struct numbered_table *table, const struct numbered_content *content);

/* The same without a search if @content @is_new: who adds it at the same time has another
 * number for it. */
uint32_t numbered_add(struct numbered_table *table, const struct numbered_content *content,
		      bool is_new);

/* Has value @number this content?  It then counts as asked for. */
bool numbered_is(const struct numbered_table *table, uint32_t number,
		 const struct numbered_content *content);

/* Is value @number still there?  It then counts as asked for, once values have begun to go. */
bool numbered_use(const struct numbered_table *table, uint32_t number);

/* Copies at most @bytes of value @number, without its struct numbered, to @copy, or as many
 * as its place has room for.  False if it is gone. */
bool numbered_read(const struct numbered_table *table, uint32_t number, void *copy, size_t bytes);

#endif
