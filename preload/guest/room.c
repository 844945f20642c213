#include "preload/guest/room.h"

#include "base/arena.h"
#include "base/atomic.h"
#include "base/kernel.h"

#define ROOM_COUNT 1024u
#define PAGE_BYTES 4096u

struct room {
	uintptr_t key; /* thread pointer, with the use in its low bits; 0: free */
	void *pages;
	size_t size_bytes;
};

/* The room of an ended thread is reused by the next thread with that pointer. */
static struct room rooms[ROOM_COUNT];

static struct room *find_room(uintptr_t key)
{
	uint64_t start = (key * 0x9e3779b97f4a7c15ull) >> 32;

	for (uint32_t i = 0; i < ROOM_COUNT; i++) {
		struct room *room = &rooms[(start + i) % ROOM_COUNT];
		uintptr_t found = load_acquire(&room->key);

		if (found == key)
			return room;
		if (found == 0 && compare_exchange_acq_rel(&room->key, &found, key))
			return room;
		if (found == key)
			return room;
	}
	return NULL;
}

void *room_take(enum room_use use, size_t size_bytes)
{
	struct room *room = find_room(arch_thread_pointer() | use);
	size_t size = (size_bytes + PAGE_BYTES) & ~(size_t)(PAGE_BYTES - 1);
	void *pages;

	if (room && room->size_bytes >= size_bytes)
		return room->pages;
	pages = pages_from_kernel(size);
	/* Without a room the pages are never freed. */
	if (!room || !pages)
		return pages;
	if (room->pages)
		kernel_call2(SYS_munmap, room->pages, room->size_bytes);
	room->pages = pages;
	room->size_bytes = size;
	return pages;
}
