/* What a program does to its allocator, from several threads that lock. */
#ifndef HEAP_USER_H
#define HEAP_USER_H

#include "../guest.h"

#define HEAP_SLOT_COUNT 256

static pthread_mutex_t heap_slots_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *heap_slots[HEAP_SLOT_COUNT];

/* Replaces blocks that other threads allocated. */
static void *use_heap(void *seed)
{
	unsigned random = *(unsigned *)seed, slot, size;
	unsigned char *block, *old;
	int i;

	for (i = 0; i < 5000; i++) {
		random = random * 1664525u + 1013904223u;
		slot = random >> 24;
		size = (random >> 8 & 1023u) + 1u;
		block = i % 3 ? malloc(size) : calloc(1, size);
		CHECK(block != NULL);
		block[0] = block[size - 1] = (unsigned char)slot;
		CHECK_IS(pthread_mutex_lock(&heap_slots_lock), 0);
		old = heap_slots[slot];
		heap_slots[slot] = block;
		CHECK_IS(pthread_mutex_unlock(&heap_slots_lock), 0);
		CHECK(!old || old[0] == slot);
		if (i % 7 == 0)
			old = realloc(old, size + 5000u);
		free(old);
	}
	return NULL;
}

static inline int use_heap_from_threads(void)
{
	static unsigned seeds[4] = {1, 2, 3, 4};
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		threads[i] = guest_start(use_heap, &seeds[i]);
	for (i = 0; i < 4; i++)
		guest_join(threads[i]);
	for (i = 0; i < HEAP_SLOT_COUNT; i++)
		free(heap_slots[i]);
	return guest_passed();
}

#endif
