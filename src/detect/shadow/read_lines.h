/*
 * Read lines: a word that many threads read in each of their epochs.
 *
 * For such a hot word a read set (read_set.h) is a value made anew at each read.  So its
 * read word gets the form SHADOW_LINES and names a record with a cache line for each
 * slot, where each reader notes its epoch by itself.  A word that goes on making sets
 * becomes hot (read_lines_is_hot()); what was said of it until then stays in the record.
 *
 * A reader stores its line by an exchange, and then looks whether the record still is
 * that of the word; if not, the word says something else by now, and the reader begins
 * again.  Then it looks at the write word, as any reader.  Who wants anything else of the
 * word makes it busy first, and then reads all lines (read_lines_fold()): the word becomes
 * an ordinary one, and the record is free.  Either the reader's second look sees that the
 * word is busy, or the other one sees the line.
 * tests/unit/detect/test_read_line_orders.c runs all orders of both.
 *
 * A line says the serial of the record's life, too: that of a reader who comes too late
 * counts for no other word that has the record by then.
 */
#ifndef DETECT_SHADOW_READ_LINES_H
#define DETECT_SHADOW_READ_LINES_H

#include "base/spin_lock.h"
#include "detect/shadow/cache.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/shadow.h"

struct detector;
struct thread;

/* Protects the records: which word has which. */
extern struct spin_lock read_lines_lock;

#define READ_LINES_AFTER 16u /* new sets that a thread makes for one word */
#define READ_LINES_RECORDS 256u
#define READ_LINES_SLOTS (SHADOW_SLOT_MAX + 2u)
#define READ_LINES_SERIAL_BITS 24u
#define READ_LINES_SERIAL_MAX ((1u << READ_LINES_SERIAL_BITS) - 1)
#define READ_LINES_SERIAL_SHIFT (SHADOW_EPOCH_SHIFT + 28u)

struct read_line {
	uint64_t stamp;	 /* epoch 40 | serial 24 */
	uint32_t origin; /* with the tag of slot and epoch */
	uint32_t unused[13];
};

/* Where the read word of a granule is. */
struct read_place {
	uint64_t *word;
	uint32_t *origin;
	uintptr_t granule;
};

static inline bool read_lines_are(uint64_t word)
{
	return shadow_form(word) == SHADOW_LINES;
}

static inline struct read_line *read_lines_of(uint64_t word)
{
	uint32_t index = (uint32_t)shadow_number(word) % READ_LINES_RECORDS;

	return (struct read_line *)SHADOW_READ_LINES + index * READ_LINES_SLOTS;
}

/* What the thread whose current word is @current has in its line of @word. */
static inline uint64_t read_line_stamp(uint64_t word, uint64_t current)
{
	return shadow_epoch(current) << READ_LINES_SERIAL_BITS | word >> READ_LINES_SERIAL_SHIFT;
}

/* Has it noted a read of @bytes in its present epoch? */
static inline bool read_line_has(uint64_t word, uint64_t current, uint32_t bytes)
{
	const struct read_line *line = &read_lines_of(word)[shadow_slot(current)];

	/* relaxed: the line is its own. */
	return !(bytes & ~shadow_bytes(word)) &&
	       load_relaxed(&line->stamp) == read_line_stamp(word, current);
}

/* Notes a read of all bytes of @word, found at @place.  False: it is another word by now. */
static inline bool read_line_note(const uint64_t *place, uint64_t word, uint64_t current,
				  origin_id origin)
{
	struct read_line *line = &read_lines_of(word)[shadow_slot(current)];

	origin_store(&line->origin, origin, current);
	/* Orders the line before both looks at the shadow words. */
	exchange_acq_rel(&line->stamp, read_line_stamp(word, current));
	return load_acquire(place) == word;
}

/* @thread has made a new set for the read word of @granule.  Is that word hot? */
bool read_lines_is_hot(const struct detector *detector, struct thread *thread, uintptr_t granule);

/* Gives the read word at @place, which was @old with @origin, lines in place of that, with
 * the line of @thread, which reads the same bytes.  Returns the new word; 0: no record is
 * free, or it is not @old any more. */
uint64_t read_lines_make(struct thread *thread, struct read_place place, uint64_t old,
			 origin_id origin, origin_id mine);

/* The word at @place, which was @word with lines, becomes one without, if it still is @word. */
void read_lines_fold(struct detector *detector, struct thread *thread, struct read_place place,
		     uint64_t word);

/* Calls @each for the words that stand in records. */
void read_lines_each_word(void (*each)(void *context, uint64_t word), void *context);

#endif
