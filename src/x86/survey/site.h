/* Sites of a plan: the accesses of a module that are checked; and what is counted meanwhile. */
#ifndef X86_SURVEY_SITE_H
#define X86_SURVEY_SITE_H

#include "base/types.h"

/* The same numbers as in enum site_flag, which explains them (detect/data/site.h). */
enum plan_site_flag {
	PLAN_SITE_READ = 1u << 0,
	PLAN_SITE_WRITE = 1u << 1,
	PLAN_SITE_UPDATE = 1u << 2,
	PLAN_SITE_PLAIN_MOVE = 1u << 3,
	PLAN_SITE_LOCKED = 1u << 4,
	PLAN_SITE_SPIN = 1u << 5,
	PLAN_SITE_MAY_BE_STALE = 1u << 6,
	PLAN_SITE_RANGE = 1u << 7,
	PLAN_SITE_CONSTANT = 1u << 8,
	PLAN_SITE_DECIDES = 1u << 9,
	PLAN_SITE_COMPARES = 1u << 11,
	PLAN_SITE_CALL = 1u << 14,
	PLAN_SITE_AWAITS = 1u << 15,
	PLAN_SITE_EXAMINED = 1u << 16,
	PLAN_SITE_EARLY = 1u << 17,
	PLAN_SITE_MAY_BE_SPLIT = 1u << 18,
	PLAN_SITE_DOUBTFUL = 1u << 19,
	PLAN_SITE_EQUATES = 1u << 20,
	PLAN_SITE_MATCHES = 1u << 26,
	PLAN_SITE_ADDRESS = 1u << 27
};

#define PLAN_SITE_LOOKS_SHIFT 21
#define PLAN_SITE_LOOKS_MOST 31u

#define SITE_FORWARDED 4u /* arguments of a call that site.arguments has room for */

struct plan_site {
	uint32_t offset; /* of the instruction in the text */
	uint32_t flags;	 /* of enum plan_site_flag */
	uint16_t size_bytes;
	uint16_t member_offset;
	uint32_t next_member; /* index + 1 in sites, 0: none */
	uint32_t update_group; /* number within the module, 0: none */
	uint16_t return_at; /* of an accessor: from rsp to the return address, plus 1 */
	uint16_t arguments; /* detect/data/site.h */
};

/* While a module is planned. */
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

#endif
