/* Writing the records of one look: stacks and objects, each once. */
#ifndef INSPECT_RECORDER_H
#define INSPECT_RECORDER_H

#include "inspect/waits/verdict.h"

#define RECORDER_BUCKETS 4096u

struct known;

/* What is waited for. */
struct object {
	enum object_kind kind;
	uint64_t address;
	uint32_t flags;
	const char *name; /* or NULL: by its address */
};

struct recorder {
	void *image;
	struct inspection *inspection;
	struct look *look;
	struct pool *pool;
	uint32_t process;
	uint32_t first_id;   /* ids of records go on from it, and ... */
	uint32_t generation; /* ... are of this generation of the code */
	uint32_t stack_count;
	uint32_t lock_count;
	uint32_t *thread_ids; /* of the target's threads */
	struct results_slot *slots; /* what the guest library knows of those that wait */
	size_t slot_count;
	struct known *stacks[RECORDER_BUCKETS];
	struct known *locks[RECORDER_BUCKETS];
};

/* A record with room for @size_bytes, and its writer; NULL if there is no room. */
struct record_header *recorder_begin(struct recorder *recorder, enum record_type type,
				     size_t size_bytes, struct byte_writer *writer);

/* A recorder of @look; of a process that the guest library has told of, among its records. */
void recorder_init(struct recorder *recorder, void *image, struct inspection *inspection,
		   struct look *look);

/* What the guest library knows of thread @index, which waits; or NULL. */
const struct results_slot *recorder_slot(const struct recorder *recorder, uint32_t index);

/* The id of the stack of thread @index, from the function on in which it waits. */
uint32_t recorder_stack(struct recorder *recorder, uint32_t index);

/* The id of @object; 0 if it is none that has a record. */
uint32_t recorder_lock(struct recorder *recorder, const struct object *object);

/* What @wait is for, and the mutex that a waiter of a condition needs back. */
struct object recorder_object(const struct wait *wait);
struct object recorder_mutex(const struct wait *wait);

/* The id in the file of a thread of the target; 0 if it is none. */
uint32_t recorder_thread(const struct recorder *recorder, uint32_t inner_id);

#endif
