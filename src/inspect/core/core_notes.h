/* The notes of a core file: threads, mapped files, what the kernel told the program. */
#ifndef INSPECT_CORE_CORE_NOTES_H
#define INSPECT_CORE_CORE_NOTES_H

#include "inspect/core/core_memory.h"

/* Fills in the threads, the pid and the mappings. */
void core_read_notes(struct target *target, struct core *core);

#endif
