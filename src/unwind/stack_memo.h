/*
 * A cache of whole stacks, whose hits are verified: a full stack at every
 * acquisition for a few ns.
 *
 * Each thread has one.  The key is the return address, sp, and the frame pointer if
 * the unwind depended on it.  An entry holds every stack word that the unwind depended
 * on, innermost first.  A hit needs all of them to be unchanged.  They are compared in
 * this order up to the first mismatch: where a word is follows from the words
 * before it, so nothing outside the live stack is read.  An unwind is a function of
 * these inputs and the unwind tables, so a hit is exact.  All entries are dropped
 * when code is loaded or unloaded (the generation).
 *
 * Memory is one block of zeroes, touched as it fills: an index of hash chains, and
 * a pool of entries of varying size, which is emptied when it is full; from then on the
 * index is longer.  Entries of one chain mostly differ in the callers of a common function.
 *
 * Not thread-safe.  A signal handler that interrupts its use must not use it (the
 * guard sees to that), but may leave by longjmp.
 */
#ifndef UNWIND_STACK_MEMO_H
#define UNWIND_STACK_MEMO_H

#include "base/types.h"
#include "unwind/unwind.h"

#define STACK_MEMO_INDEX_BITS 14
#define STACK_MEMO_INDEX_COUNT (1u << STACK_MEMO_INDEX_BITS)
#define STACK_MEMO_FIRST_COUNT (STACK_MEMO_INDEX_COUNT / 4) /* until the pool has been full */

/* The pool is in units, so that 16 bits name any entry. */
#define STACK_MEMO_UNIT_BYTES 32
#define STACK_MEMO_UNIT_COUNT 65536u

/* Interns the frames of a new unwind; 0 if it cannot. */
typedef stack_id (*stack_intern)(void *context, const struct unwind_result *result);

/* A word of the program's stack, which may have stored it with another type. */
typedef uintptr_t __attribute__((may_alias)) stack_memo_word;

/* Words are compared four at a time.  The number of loads limits the speed, so one load
 * gets two distances. */
#define STACK_MEMO_GROUP 4

struct stack_memo_group {
	uint64_t distances[STACK_MEMO_GROUP / 2]; /* from sp, two 32-bit numbers each */
	uintptr_t values[STACK_MEMO_GROUP];
};

struct stack_memo_entry {
	uintptr_t return_address;
	uintptr_t sp;
	uintptr_t frame_pointer;
	stack_id stack;
	uint16_t next; /* older entry of the chain */
	uint8_t group_count;
	bool uses_frame_pointer;
	struct stack_memo_group groups[]; /* the last one is filled up with its first word */
};

_Static_assert(sizeof(struct stack_memo_entry) == STACK_MEMO_UNIT_BYTES, "an entry begins a unit");

/* The stack that has @address on top of @outer. */
struct stack_memo_site {
	uintptr_t address;
	stack_id outer;
	stack_id stack; /* 0: none */
};

#define STACK_MEMO_SITE_COUNT 16384u

struct stack_memo {
	uintptr_t stack_start, stack_end; /* the thread's own stack; 0, 0: not known */
	uint32_t generation;
	uint32_t used_units;
	uint32_t chain_mask;
	uint64_t touched;	  /* bit n: the nth 64th of the index was written */
	uint64_t miss_count;	  /* new unwinds */
	uint64_t unmemorised_count; /* of these, those that could not be kept */
	uint64_t flush_count;
	uint16_t index[STACK_MEMO_INDEX_COUNT];
	uint32_t site_mask; /* these are of site_memo.c */
	uint32_t replaced_count;
	struct stack_memo_site sites[STACK_MEMO_SITE_COUNT];
	struct unwind_result scratch;
	_Alignas(64) unsigned char units[];
};

/* Where the thread's own stack ends, if @sp is in it, else 0. */
static inline uintptr_t stack_memo_own_end(const struct stack_memo *memo, uintptr_t sp)
{
	return sp >= memo->stack_start && sp < memo->stack_end ? memo->stack_end : 0;
}

/* Bytes of zeroed memory that a memo needs; most are never touched. */
size_t stack_memo_bytes(void);

/* The stack at @start if there is an entry of it, else 0.  Does not unwind. */
stack_id stack_memo_find_known(struct stack_memo *memo, uint32_t generation,
			       const struct unwind_start *start);

/* The stack at @start if there is an entry of it, or if rules that are in the cache lead to its
 * end; else 0. */
stack_id stack_memo_find_by_rules(struct stack_memo *memo, uint32_t generation,
				  const struct unwind_start *start, stack_intern intern,
				  void *context);

/* As stack_memo_find(), if the newest entry of the chain does not match. */
stack_id stack_memo_find_slow(struct stack_memo *memo, uint32_t generation,
			      struct unwind_start start, stack_intern intern, void *context);

static inline unsigned int stack_memo_chain(const struct stack_memo *memo,
					    const struct unwind_start *start)
{
	uint64_t mixed = start->return_address ^ start->sp << 20;

	return (unsigned int)((mixed * 0x9e3779b97f4a7c15u) >> (64 - STACK_MEMO_INDEX_BITS)) &
	       memo->chain_mask;
}

static inline struct stack_memo_entry *stack_memo_at(struct stack_memo *memo, unsigned int unit)
{
	return (struct stack_memo_entry *)(void *)(memo->units +
						   (size_t)unit * STACK_MEMO_UNIT_BYTES);
}

static inline bool stack_memo_holds(uintptr_t sp, const struct stack_memo_group *group,
				    unsigned int pair)
{
	uint64_t distances = group->distances[pair];
	const stack_memo_word *first = (const stack_memo_word *)(sp + (uint32_t)distances);
	const stack_memo_word *second = (const stack_memo_word *)(sp + (distances >> 32));

	return *first == group->values[2 * pair] && *second == group->values[2 * pair + 1];
}

/* Is @entry of the stack at @start? */
static inline bool stack_memo_matches(const struct stack_memo_entry *entry,
				      const struct unwind_start *start)
{
	if (entry->return_address != start->return_address || entry->sp != start->sp)
		return false;
	if (entry->uses_frame_pointer && entry->frame_pointer != start->frame_pointer)
		return false;
	const struct stack_memo_group *group = entry->groups;
	const struct stack_memo_group *end = group + entry->group_count;
	for (; group != end; group++)
		if (!stack_memo_holds(start->sp, group, 0) ||
		    !stack_memo_holds(start->sp, group, 1))
			return false;
	return true;
}

/* The newest entry of its chain if it is of the stack at @start; else NULL. */
static inline const struct stack_memo_entry *
stack_memo_newest_entry(struct stack_memo *memo, uint32_t generation,
			const struct unwind_start *start)
{
	unsigned int unit = memo->index[stack_memo_chain(memo, start)];
	const struct stack_memo_entry *entry = stack_memo_at(memo, unit);

	return LIKELY(unit != 0 && memo->generation == generation &&
		      stack_memo_matches(entry, start))
		       ? entry
		       : NULL;
}

/* The stack at @start, unwound if there is no entry of it; 0 if @intern returned that.
 * @generation changes whenever code is loaded or unloaded. */
static inline stack_id stack_memo_find(struct stack_memo *memo, uint32_t generation,
				       const struct unwind_start *start, stack_intern intern,
				       void *context)
{
	const struct stack_memo_entry *newest = stack_memo_newest_entry(memo, generation, start);

	return LIKELY(newest) ? newest->stack
			      : stack_memo_find_slow(memo, generation, *start, intern, context);
}

#endif
