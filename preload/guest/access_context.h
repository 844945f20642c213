/* What struct access.context points at in the guest: where the access is made. */
#ifndef PRELOAD_GUEST_ACCESS_CONTEXT_H
#define PRELOAD_GUEST_ACCESS_CONTEXT_H

#include "unwind/unwind.h"

struct access_context {
	struct unwind_start start;
	bool is_exact; /* start.return_address is the accessing instruction (of cloned code),
			* not the return address of a call of a wrapper */
};

#endif
