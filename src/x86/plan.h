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

#include "base/arena.h"
#include "base/types.h"
#include "x86/emit/state.h"
#include "x86/emit/thunk.h"

struct image; /* image.h: a module in memory or in a file */
struct module;
struct decoder;

/* The values of enum site_flag (detect/data/site.h explains them). */
enum plan_site_flag {
	PLAN_SITE_READ = 1u << 0,
	PLAN_SITE_WRITE = 1u << 1,
	PLAN_SITE_UPDATE = 1u << 2,
	PLAN_SITE_PLAIN_MOVE = 1u << 3,
	PLAN_SITE_LOCKED = 1u << 4,
	PLAN_SITE_SPIN = 1u << 5,
	PLAN_SITE_BASIS = 1u << 6,
	PLAN_SITE_RANGE = 1u << 7,
	PLAN_SITE_CONSTANT = 1u << 9,
	PLAN_SITE_DECIDES = 1u << 10
};

struct plan_site {
	uint32_t offset; /* of the instruction in the text */
	uint32_t flags;	 /* of enum plan_site_flag */
	uint16_t size_bytes;
	uint16_t member_offset;
	uint32_t next_member; /* index + 1 in sites, 0: none */
	uint32_t slice;	 /* number within the module, 0: none */
};

/* Bytes to write over the original text. */
struct plan_patch {
	uint32_t offset;
	uint8_t length;
	uint8_t bytes[15];
};

struct plan_statistics {
	uint64_t functions, cloned, undecodable, without_accesses, conflicting;
	uint64_t instructions, accesses; /* memory operands in usable functions */
	uint64_t on_stack, read_only, thread_local_, unchecked; /* of them skipped, by reason */
	uint64_t checked, merged; /* accesses with a check; of them sharing another's */
	uint64_t atomics, strings;
	uint64_t atomics_native; /* of the atomics, may run unobserved */
	uint64_t entries, entries_short, entries_unpatched, accesses_native;
	uint64_t text_bytes, clone_bytes, nanoseconds;
};

struct plan_options {
	struct thunk_addresses thunks;
	int32_t current_tls;	/* offset from the thread pointer of the current word */
	int32_t shared_tls;	/* ... of the last read set seen that has this epoch */
	site_number first_site;	/* number of sites[0] in the pushed ids; assigned by the caller
				 * through 'reserve' once the count is known */
	site_number (*reserve)(void *context, uint32_t count);
	void *(*place)(void *context, size_t size_bytes, uint64_t *address);
	/* Where the clone goes: memory of that size to fill, and the address that it will
	 * have, within 2 GiB of the module; NULL: no room. */
	bool places_pages;	/* these are whole pages of their own, for others to replace */
	void *context;
	bool keeps_instructions; /* the plan's functions have theirs, all at once, and where
				  * the clone of each begins */
	bool forget_targets;	/* fuzz mode: no jump tables, computed gotos, pointers */
	bool only_atomics;	/* copy functions with locked instructions alone, and small ones */
	bool counts;		/* clones count executed accesses (bench) ... */
	int32_t count_tls;	/* ... in this word of the thread, atomics and strings aside */
};

struct plan {
	unsigned char *clone;
	uint64_t clone_address;
	size_t clone_bytes;
	struct plan_site *sites;
	uint32_t site_count;
	site_number first_site; /* the number of sites[0] */
	size_t site_room; /* in bytes */
	struct plan_patch *patches;
	uint32_t patch_count;
	struct plan_states states;
	struct plan_statistics statistics;
	const struct module *module; /* for who wants to know more (module.h, checks.h) */
	const struct function *functions;
	uint32_t function_count;
};

/*
 * Plans @image.  NULL with *why if it cannot be planned at all (no unwind
 * tables, no text, no room).  Memory is @arena's, but for the clone's and what
 * plan_free() gives back.
 */
struct plan *plan_make(const struct decoder *decoder, const struct image *image,
		       const struct plan_options *options, struct arena *arena, const char **why);

/* Gives back what is not the arena's, but for the clone and what 'states' has by then. */
void plan_free(struct plan *plan);

/* The function that has text offset @offset, with its instructions, which are there
 * until the next call; NULL: none. */
const struct function *plan_function_at(const struct plan *plan, uint32_t offset);

/* The status flags that a check keeps in rax (CF PF AF ZF SF OF, as in rflags): ah has
 * them but for OF, and al is 0 or 1, or on the way back 0x7f or 0x80. */
static inline uint64_t plan_state_flags(uint64_t rax)
{
	uint64_t overflow = (rax & 0xff) == 0x01 || (rax & 0xff) == 0x80;

	return (rax >> 8 & 0xd5) | overflow << 11;
}

#endif
