/*
 * The plan of a module: which functions are copied, with which checks, and how
 * the original leads into the copies.  Bytes and addresses in, data out; nothing
 * here touches live code.
 *
 * A clone is the whole function once more, with checks in front of accesses and
 * its own branches retargeted into itself.  Calls stay where they were: the
 * clone jumps to the original call instruction (the anchor), so return
 * addresses, unwinding, longjmp and backtraces are the real ones.  The original's
 * entries are patched to jump into the clone.  The safe rule: no byte is
 * overwritten that any decoded path can still reach in the original.
 */
#ifndef X86_PLAN_H
#define X86_PLAN_H

#include "x86/emit/plan_data.h"

struct image; /* image.h: a module in memory or in a file */
struct decoder;

/* Plans @image.  NULL with *why if it cannot be planned at all (no unwind
 * tables, no text, no room).  Memory is @arena's, but for the clone's and what
 * plan_free() gives back. */
struct plan *plan_make(const struct decoder *decoder, const struct image *image,
		       const struct plan_options *options, struct arena *arena, const char **why);

/* Frees what is not the arena's; the clone and 'states' stay. */
void plan_free(struct plan *plan);

/* The function that has text offset @offset, or NULL.  Its instructions are valid until
 * the next call. */
const struct function *plan_function_at(const struct plan *plan, uint32_t offset);

/* The status flags, as in rflags, that a check keeps in rax: OF in al (0 or 1, while
 * they are restored 0x7f or 0x80), the others in ah. */
static inline uint64_t plan_state_flags(uint64_t rax)
{
	uint64_t overflow = (rax & 0xff) == 0x01 || (rax & 0xff) == 0x80;

	return (rax >> 8 & 0xd5) | overflow << 11;
}

#endif
