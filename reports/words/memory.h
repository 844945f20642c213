/*
 * The memory that a finding is about: its name and where it lies.
 *
 * The bytes that all accesses of the finding have in common are named: by their
 * variable and field, by their heap block, or by the stack that they lie on; never
 * by their address.
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
	const char *title;		/* the name with its place or origin */
	const char *stable_name;	/* the same in every run and build */
	const char *identity;		/* findings with another one are not merged */
	struct variable_place variable; /* if it is no global variable: 'part' alone */
	const char *field;   /* "struct conn.refs", by the types of the accessing code; or NULL */
	uint64_t root_bytes; /* size of the structure with the field; 0 if unknown */
	struct pointee root; /* that structure; its 'root' is NULL if it is unknown */
	uint64_t offset;     /* in the variable or block */
	thread_id stack_thread;			/* whose stack it lies on, or 0 */
	const struct finding_event *allocation; /* of the heap block, or NULL */
	const struct finding_event *release;	/* its free, or NULL */
};

/* True for reads, writes and updates, and for a free that takes part in a race. */
bool memory_is_access(const struct finding *finding, const struct finding_event *event);

/* True for the allocation of the memory, and for its free unless that takes part in
 * the race: these events are shown with the memory, not with a thread. */
bool memory_is_aside(const struct view_finding *finding, const struct finding_event *event);

/* "int", or "std::vector<int> (its end pointer)"; NULL if unknown. */
const char *memory_type_words(struct view *view, const struct type_place *part);

/* "a 24-byte block", "an 8-byte block". */
const char *memory_block_words(struct pool *pool, uint64_t size_bytes);

/* "global", "heap", "stack", "mapped". */
const char *memory_kind_name(enum memory_kind kind);

/* NULL if @finding is not about memory. */
struct view_memory *memory_describe(struct view *view, const struct view_finding *finding);

#endif
