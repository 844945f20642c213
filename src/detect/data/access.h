/* One access of memory, as it is observed. */
#ifndef DETECT_DATA_ACCESS_H
#define DETECT_DATA_ACCESS_H

#include "base/types.h"
#include "detect/data/site.h"

/* Are its callers kept, with the locks held (origin.h)? */
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
	uint64_t value; /* the memory's present value, if has_value */
	enum access_callers callers;
	bool has_value;
	bool is_recorded; /* by record_fast.c: to be judged although shadow memory has it */
	bool is_late; /* it took place some time ago: what is held now says nothing */
};

#endif
