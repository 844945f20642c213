/* What is counted while a module is planned. */
#ifndef X86_SURVEY_STATISTICS_H
#define X86_SURVEY_STATISTICS_H

#include "base/types.h"

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
