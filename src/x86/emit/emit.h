/*
 * Emission: the bytes of clones.
 *
 * An emitter collects the clones of one module, function after function, in a
 * buffer that grows.  What depends on its final address (branches out, operands
 * relative to rip) or on site numbers is noted as a fixup and resolved by
 * emitter_finish(), which asks for room of the exact size.
 *
 *     emitter_init -> emit_function (for each) -> emitter_finish
 *
 * Layout: the table of thunk addresses (checks call through it), then each
 * function: its instructions with inline checks, then the cold parts of these.
 */
#ifndef X86_EMIT_EMIT_H
#define X86_EMIT_EMIT_H

#include "base/arena.h"
#include "x86/survey/module.h"
#include "x86/emit/plan_data.h"
#include "x86/survey/scratch.h"

/* What the four bytes of a fixup become, and in parentheses what they hold before. */
enum fixup_kind {
	FIXUP_ORIGINAL = BASE_TEXT, /* distance to a text offset, always the original: anchors,
				     * data (the distance, were the clones to begin at the
				     * text's offset 0) */
	FIXUP_SITE = BASE_SITES,    /* the pushed id (the rest, as of the next ones) */
	FIXUP_CURRENT = BASE_CURRENT,
	FIXUP_SHARED = BASE_SHARED,
	FIXUP_AHEAD = BASE_AHEAD,
	FIXUP_TEXT = PLAN_BASES, /* distance to a text offset: its clone if there is one, else
				  * the original (the offset) */
	FIXUP_KINDS
};

/* The clone of an entry. */
struct emitted_entry {
	uint32_t text_offset, clone_offset;
};

/* A branch inside the current function. */
struct inner_branch {
	uint32_t position; /* of its four bytes */
	uint32_t to;	   /* the instruction's index */
};

#define ENCODED_BYTES_MOST 16u /* of one instruction of encode.h */

struct emitter {
	const struct module *module;
	const struct plan_options *options;
	struct arena *arena;
	struct scratch scratch; /* for the current function */
	struct plan_statistics *statistics;
	unsigned char *code; /* whole pages from mmap */
	uint32_t code_bytes, code_room;
	struct growing sites;
	uint32_t site_count;
	/* Of the current function, and the last one before it. */
	struct plan_state *states;
	uint32_t state_count, state_room;
	struct state_packer packer;
	struct growing fixups[FIXUP_KINDS]; /* positions */
	struct growing entries;		    /* by text offset */
	/* Of the current function: where its instructions' clones begin, and branches. */
	uint32_t *offsets;
	uint32_t offset_room;
	struct inner_branch *branches;
	uint32_t branch_count, branch_room;
	uint32_t update_group_count;
	void *cold_parts; /* reused by the next function */
	uint32_t cold_room;
	unsigned char nowhere[ENCODED_BYTES_MOST]; /* written to after a failure */
	bool is_too_far; /* an operand is out of reach */
	bool failed;	 /* out of memory, for good */
};

/* False: out of memory. */
bool emitter_init(struct emitter *emitter, const struct module *module,
		  const struct plan_options *options, struct arena *arena,
		  struct plan_statistics *statistics);

/* Appends the clone of module->functions[@index].  False: out of memory. */
bool emit_function(struct emitter *emitter, uint32_t index);

/* Notes what @function, which has no clone, updates by accessors alone.  False: out of
 * memory. */
bool emit_calls(struct emitter *emitter, const struct function *function);

/* Where the clone of the instruction at @text_offset begins, with its checks, from the
 * start of the clones; 0: it has none.  Known of entries, and of all instructions if
 * keeps_instructions. */
uint32_t emitter_clone_offset(const struct emitter *emitter, int64_t text_offset);

/* Asks options->place for room and options->reserve for site numbers (without it takes
 * first_site), resolves fixups, and fills @plan's clone, sites and states.  False with
 * *why: no room, no memory, or out of reach. */
bool emitter_finish(struct emitter *emitter, struct plan *plan, const char **why);

/* Frees all but what belongs to the arena or the plan. */
void emitter_free(struct emitter *emitter);

#endif
