/*
 * Read sets: memory that several threads have read.
 *
 * A read word of the form SHADOW_SET says that each thread of a set has read the
 * bytes of the word, at its epoch there.  Sets are kept once each, so that all
 * of an array that the same threads read in the same phase has the same word,
 * which the checks compare with thread->clocks.shared (FastTrack's inflated read state,
 * made a value).
 *
 * Members that a joining thread's clock covers are left out: an access that races with
 * them races with the joining thread as well.  Each thread remembers its last joins,
 * so that along an array a join is a look-up.
 *
 * Threads that read again and again at new epochs make new sets without end.
 * When sets have doubled in number, those that no shadow word names, and that
 * nobody joined lately, are collected.  Their words are searched in the chunks of
 * memory where words of sets were ever written.  A number has a serial, so that a
 * word which was missed is recognised and counted.
 */
#ifndef DETECT_SHADOW_READ_SET_H
#define DETECT_SHADOW_READ_SET_H

#include "base/id_table.h"
#include "base/intern.h"
#include "base/spin_lock.h"
#include "detect/shadow/shadow.h"

struct detector;
struct thread;

/* Never freed itself, only its members. */
struct read_set {
	struct intern_link link;
	uint64_t number;   /* with a serial above the index; 0: it is free */
	uint64_t *members; /* plain words without bytes, by slot */
	uint32_t count;
	uint32_t used; /* the collection before which it was last joined */
	uint32_t seen; /* the collection that last saw a word name it */
	uint64_t hash;
	uint64_t last_number;
	struct read_set *next_free;
};

/* A join: the word before, the thread's own, and the result. */
struct read_step {
	uint64_t from, mine, to; /* words without bytes */
};

#define READ_STEPS 256u /* of a thread */
#define READ_CHUNK_SHIFT 24u

/* Calls @each for the read words that stand neither in shadow memory nor in cells. */
typedef void (*read_set_word_walk)(const struct detector *detector,
				   void (*each)(void *context, uint64_t word), void *context);

struct read_set_table {
	struct spin_lock busy; /* protects the table and the members' memory */
	struct arena arena;
	struct id_table by_index;
	struct intern_table by_members;
	struct read_set *free_list;
	uint32_t collect_at;
	uint32_t collection; /* how many there have been, and 1 */
	uint32_t is_collecting;
	uint8_t *chunk_marks; /* by address: a word of a set was written there */
	uint32_t *chunks;     /* those marked */
	uint32_t chunk_count, chunk_capacity;
	read_set_word_walk each_other_word;
};

/* NULL when memory is exhausted. */
struct read_set_table *read_set_table_create(struct arena *arena, page_source pages,
					     read_set_word_walk each_other_word);

/* The word (without bytes) for bytes of read word @word, plain or of a set, that @thread
 * has read as well. */
uint64_t read_set_join(struct detector *detector, struct thread *thread, uint64_t word);

/* The read of the thread in @slot, as a plain word without bytes; 0: none. */
typedef uint64_t (*read_set_reader)(void *context, uint32_t slot);

/* The word (without bytes) for the readers that @word (0: none) names, where @reader tells of
 * no later read of the same thread, and those that it tells of. */
uint64_t read_set_merge(struct detector *detector, struct thread *thread, uint64_t word,
			read_set_reader reader, void *context);

/* The first member from number *@next on that @thread's clock does not cover (without
 * @thread: the first one), as a plain word without bytes; 0: none. */
uint64_t read_set_unordered(struct detector *detector, const struct thread *thread, uint64_t word,
			    uint32_t *next);

/* To be called after a set's word was stored in shadow memory for @address. */
void read_set_mark_slowly(struct detector *detector, uintptr_t address);

static inline void read_set_mark(struct detector *detector, const struct read_set_table *table,
				 uintptr_t address)
{
	/* relaxed: who put the word there did it by an exchange before. */
	if (UNLIKELY(!table->chunk_marks ||
		     !load_relaxed(&table->chunk_marks[address >> READ_CHUNK_SHIFT])))
		read_set_mark_slowly(detector, address);
}

/* In a fork's child. */
void read_sets_forked(struct detector *detector);

#endif
