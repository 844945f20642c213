/*
 * Results files in memory, for tests of their readers.
 *
 * Each function appends one record as a guest would.
 */
#ifndef UNIT_RESULTS_IMAGE_H
#define UNIT_RESULTS_IMAGE_H

#include "finding/results.h"

#define IMAGE_BYTES (RESULTS_RECORDS_OFFSET + 512u * 1024u)

/* An empty image of IMAGE_BYTES; free() it. */
unsigned char *image_new(void);

void image_process(void *image, uint32_t process, uint32_t parent, enum process_start how,
		   const char *path);
void image_module(void *image, uint32_t process, uint32_t id, uint64_t start, uint64_t end,
		  uint64_t bias, const char *path, const char *build_id);
void image_stack(void *image, uint32_t process, uint32_t id, const uint64_t *frames,
		 uint32_t count);
void image_thread(void *image, uint32_t process, uint32_t id, uint32_t creator,
		  uint32_t creation_stack, uint32_t flags, const char *name);
void image_lock(void *image, uint32_t process, uint32_t id, enum object_kind kind, uint64_t address,
		uint32_t creation_stack, uint32_t first_stack, uint32_t stack_thread,
		const char *name);
void image_finding(void *image, uint32_t process, const struct finding *finding, uint64_t count);
void image_retract(void *image, uint32_t process, uint32_t finding);
void image_counters(void *image, uint32_t process, const uint64_t *counters);
void image_end(void *image, uint32_t process, enum process_end how);
void image_text(void *image, uint32_t process, const char *text);
void image_unobserved(void *image, uint32_t process, const char *path, const char *why);

/* Its first slots are in use, to be filled by the caller. */
void image_take_slots(void *image, uint32_t count);

/* Memory that was given a name. */
void image_variable(void *image, uint32_t process, uint64_t address, uint64_t size_bytes,
		    const char *name);

/* What threads did at --timeout; ends with a NULL name.  The kernel's ids are none of
 * those of THREAD records. */
struct image_state {
	const char *name;
	uint32_t call;
	uint64_t argument;
};

void image_timeout(void *image, uint32_t process, const struct image_state *states);

/* A process-shared lock, by its @key. */
void image_shared_lock(void *image, uint32_t process, uint32_t id, uint64_t key,
		       uint32_t creation_stack);

/* Appends an event without holds. */
struct finding_event *image_event(struct finding *finding, thread_id thread,
				  enum finding_action action, lock_id lock, stack_id stack);

/* Every record of this process's modules, as the loader has them. */
void image_own_modules(void *image, uint32_t process);

/* A program with main (T1) and two workers (T2, T3) that take locks 1 and 2,
 * annotated "A" and "B", in both orders: finding 1, seen @count times. */
void image_inversion(void *image, uint32_t process, uint64_t count);

/* Bytes in use: the size of the file that it would be. */
uint64_t image_size(const void *image);

#endif
