/*
 * The memory that a finding is about: what it is called and whose it is.
 *
 * All accesses of such a finding have some bytes in common: those are named, by
 * the variable and field at them, the heap block around them, or the stack that
 * they lie on; an address is no name.
 */
#ifndef REPORTS_WORDS_MEMORY_H
#define REPORTS_WORDS_MEMORY_H

#include "reports/types/data.h"
#include "reports/words/view.h"

enum memory_kind { MEMORY_GLOBAL, MEMORY_HEAP, MEMORY_STACK, MEMORY_MAPPED };

struct view_memory {
	enum memory_kind kind;
	uint64_t address; /* of the bytes that the accesses have in common */
	uint64_t size_bytes;
	const char *name;		/* "accounts[3].balance"; "the block+8" */
	const char *title;		/* as a stranger has to be told: with place or origin */
	const char *stable_name;	/* the same in every run and build */
	const char *identity;		/* memory with another one is not the same in a report */
	struct variable_place variable; /* of other than global memory: 'part' alone */
	const char *field; /* "struct conn.refs", by the types of those who access it; or NULL */
	uint64_t root_bytes; /* of what has the field; 0 if unknown */
	uint64_t offset;     /* in the variable or block */
	thread_id stack_thread;			/* whose stack it lies on, or 0 */
	const struct finding_event *allocation; /* of the heap block, or NULL */
	const struct finding_event *release;	/* its end, or NULL */
};

/* True for reads, writes and updates, and for a free that takes part in a race. */
bool memory_is_access(const struct finding *finding, const struct finding_event *event);

/* "global", "heap", "stack", "mapped". */
const char *memory_kind_name(enum memory_kind kind);

/* NULL if @finding is not about memory. */
struct view_memory *memory_describe(struct view *view, const struct view_finding *finding);

#endif
