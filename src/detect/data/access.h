/* One access of memory, as it is observed. */
#ifndef DETECT_DATA_ACCESS_H
#define DETECT_DATA_ACCESS_H

#include "base/types.h"
#include "detect/data/site.h"

/* Whether its callers and the locks held are kept (origin.h). */
enum access_callers {
	CALLERS_UNDECIDED,
	CALLERS_DROPPED,
	CALLERS_KEPT,
	CALLERS_SAMPLED, /* kept: the thread's turn has come */
};

struct access {
	uintptr_t address;
	size_t size_bytes;
	site_id site;
	uint32_t flags; /* of enum site_flag: at least SITE_READ or SITE_WRITE */
	const void *context; /* what the hook access_stack needs: in the guest, registers */
	uint64_t value; /* the memory's present value, if has_value; at most 16 bytes: ... */
	uint64_t upper; /* ... those after the first eight */
	site_id caller; /* the row of the call, if an accessor makes it (SITE_CALL) */
	enum access_callers callers;
	bool has_value;
	bool is_recorded; /* shadow memory has it already (record_fast.c) */
	bool is_late; /* made some time ago: the locks held now say nothing of it */
};

#endif
