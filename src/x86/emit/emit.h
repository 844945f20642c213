/*
 * Emission: the bytes of clones.
 *
 * An emitter collects the clones of one module, function after function, in a
 * buffer that grows.  Nothing in it depends on where it will lie: what does
 * (branches out, operands relative to rip, site numbers) is noted as a fixup,
 * and settled by emitter_finish(), which asks for room of the exact size.
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

/* What the four bytes of a fixup have to become.  Until then they hold ... */
enum fixup_kind {
	FIXUP_TEXT,	/* distance to a text offset: its clone if there is one, else the
			 * original (the offset) */
	FIXUP_ORIGINAL, /* distance to a text offset, always the original: anchors, data (the
			 * distance, were the clones to begin at the text's offset 0) */
	FIXUP_SITE,	/* the pushed id: first site number << 1 is added (the rest) */
	FIXUP_KINDS
};

/* The clone of an instruction that is reached from outside. */
struct emitted_entry {
	uint32_t text_offset, clone_offset;
};

/* A branch inside the function in work. */
struct inner_branch {
	uint32_t position; /* of its four bytes */
	uint32_t to;	   /* the instruction's index */
};

#define ENCODED_BYTES_MOST 16u /* of what encode.h has, at a time */

struct emitter {
	const struct module *module;
	const struct plan_options *options;
	struct arena *arena;
	struct scratch scratch; /* for the function in work */
	struct plan_statistics *statistics;
	unsigned char *code; /* whole pages, of the kernel's */
	uint32_t code_bytes, code_room;
	struct growing sites;
	uint32_t site_count;
	/* Those of the function in work, and the last one before them. */
	struct plan_state *states;
	uint32_t state_count, state_room;
	struct state_packer packer;
	struct growing fixups[FIXUP_KINDS]; /* positions */
	struct growing entries;		    /* by text offset */
	/* Of the function in work: its clone's beginning per instruction, and branches. */
	uint32_t *offsets;
	uint32_t offset_room;
	struct inner_branch *branches;
	uint32_t branch_count, branch_room;
	uint32_t update_group_count;
	void *cold_parts; /* of the function in work: kept for the next one */
	uint32_t cold_room;
	unsigned char nowhere[ENCODED_BYTES_MOST]; /* for what follows a failure */
	bool is_too_far; /* from an operand */
	bool failed;	 /* out of memory: stays so */
};

/* False: out of memory. */
bool emitter_init(struct emitter *emitter, const struct module *module,
		  const struct plan_options *options, struct arena *arena,
		  struct plan_statistics *statistics);

/* Appends the clone of module->functions[@index].  False: out of memory. */
bool emit_function(struct emitter *emitter, uint32_t index);

/*
 * Where the clone of the instruction at @text_offset begins, checks included,
 * from the start of the clones; 0: it has none.  Of instructions that are not
 * reached from outside this is known if keeps_instructions.
 */
uint32_t emitter_clone_offset(const struct emitter *emitter, int64_t text_offset);

/*
 * Asks options->place for room and options->reserve for site numbers (or takes
 * first_site, without reserve), settles fixups, and fills @plan's clone, sites and
 * states.  False with *why: no room, no memory, or out of reach.
 */
bool emitter_finish(struct emitter *emitter, struct plan *plan, const char **why);

/* Frees what is neither the arena's nor the plan's. */
void emitter_free(struct emitter *emitter);

#endif
