/*
 * Read lines: granules that many threads read in each of their epochs.
 *
 * For such a hot one a read set (read_set.h) is a value made anew at each read.  So its
 * read word gets the form SHADOW_LINES, without bytes, and names a record with a cache
 * line for each slot, where each reader notes by itself which bytes it has read, and in
 * which epoch.  A granule that goes on making sets becomes hot (read_lines_is_hot()); what
 * was said of it until then stays in the record.
 *
 * A reader stores its line by an exchange, and then looks whether the record still is
 * that of the word; if not, the word says something else by now, and the reader begins
 * again.  Then it looks at the write word, as any reader.  Who wants anything else of the
 * word makes it busy first, and then reads all lines (read_lines_fold()), from which the
 * word becomes an ordinary one; the record is free then.  Either the reader's second look
 * sees that the word is busy, or the other one sees the line.
 * tests/unit/detect/test_read_line_orders.c runs all orders of both.
 *
 * A line says the serial of the record's life, too: that of a reader who comes too late
 * counts for no other word that has the record by then.
 */
#ifndef DETECT_SHADOW_READ_LINES_H
#define DETECT_SHADOW_READ_LINES_H

#include "base/spin_lock.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/shadow.h"

struct detector;
struct thread;

/* Protects the records: which word has which. */
extern struct spin_lock read_lines_lock;

#define READ_LINES_AFTER 4u /* new sets that a thread makes for one word */
#define READ_LINES_RECORDS 256u
#define READ_LINES_SLOTS (SHADOW_SLOT_MAX + 2u)
#define READ_LINES_SERIAL_BITS 24u
#define READ_LINES_SERIAL_MAX ((1u << READ_LINES_SERIAL_BITS) - 1)
#define READ_LINES_SERIAL_SHIFT (SHADOW_EPOCH_SHIFT + 28u)

/* The last read of just these bytes by a thread, in the record's life with that serial. */
struct read_note {
	uint64_t stamp; /* epoch 40 | serial 24 */
	uint64_t read;	/* origin, with the tag of slot and epoch, 32 | epoch 24 | bytes 8 */
};

#define READ_NOTES 4u

struct read_line {
	struct read_note notes[READ_NOTES];
};

static inline bool read_lines_are(uint64_t word)
{
	return shadow_form(word) == SHADOW_LINES;
}

/* @word while it is folded. */
static inline uint64_t read_lines_busy(uint64_t word)
{
	return word ^ (uint64_t)(SHADOW_LINES ^ SHADOW_BUSY) << SHADOW_FORM_SHIFT;
}

static inline struct read_line *read_lines_of(uint64_t word)
{
	uint32_t index = (uint32_t)shadow_number(word) % READ_LINES_RECORDS;

	return (struct read_line *)SHADOW_READ_LINES + index * READ_LINES_SLOTS;
}

static inline struct read_line *read_line_of(uint64_t word, uint64_t current)
{
	return &read_lines_of(word)[shadow_slot(current)];
}

/* What the thread whose current word is @current notes in its line of @word. */
static inline uint64_t read_line_stamp(uint64_t word, uint64_t current)
{
	return shadow_epoch(current) << READ_LINES_SERIAL_BITS | word >> READ_LINES_SERIAL_SHIFT;
}

/* Which bytes it has noted as read in its present epoch.  relaxed: the line is its own. */
static inline uint32_t read_line_bytes(uint64_t word, uint64_t current)
{
	const struct read_note *notes = read_line_of(word, current)->notes;
	uint64_t stamp = read_line_stamp(word, current);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < READ_NOTES; i++)
		if (load_relaxed(&notes[i].stamp) == stamp)
			bytes |= load_relaxed(&notes[i].read);
	return (uint32_t)bytes & SHADOW_ALL_BYTES;
}

static inline bool read_line_has(uint64_t word, uint64_t current, uint32_t bytes)
{
	return !(bytes & ~read_line_bytes(word, current));
}

/* What checks compare @word with (thread->clocks.shared): what differs has not been read. */
static inline uint64_t read_line_shared(uint64_t word, uint64_t current)
{
	return word | (SHADOW_ALL_BYTES & ~read_line_bytes(word, current));
}

/* Notes a read of @bytes of @word, found at @place.  False: it is another word by now, or the
 * line has no room, as the thread has read other bytes each time. */
bool read_line_note(struct detector *detector, const uint64_t *place, uint64_t word,
		    uint64_t current, uint32_t bytes, origin_id origin);

/* @thread has made a new set for @granule.  Is that hot? */
bool read_lines_is_hot(const struct detector *detector, struct thread *thread, uintptr_t granule);

/* Gives the read word of @granule at @place, which was @old and said @before, lines in place
 * of that.  False: no record is free, or it is not @old any more. */
bool read_lines_make(struct detector *detector, struct thread *thread, uint64_t *place,
		     uintptr_t granule, uint64_t old, const struct cell_list *before);

/* Makes @word with lines, at @place, busy, and lays out what they say.  False: it is another
 * word by now. */
bool read_lines_fold(struct detector *detector, struct thread *thread, uint64_t *place,
		     uint64_t word, struct cell_list *list);

/* Calls @each for the words that stand in records. */
void read_lines_each_word(void (*each)(void *context, uint64_t word), void *context);

#endif
