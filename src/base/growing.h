/*
 * A buffer that grows by appending, in whole pages from the kernel.
 *
 * When memory runs out 'failed' is set, and further calls do nothing.
 */
#ifndef BASE_GROWING_H
#define BASE_GROWING_H

#include <linux/mman.h>
#include <string.h>

#include "base/arena.h"
#include "base/kernel.h"

struct growing {
	unsigned char *bytes;
	size_t count, room;
	bool failed;
};

static inline bool growing_resize(struct growing *growing, size_t room)
{
	long moved;

	if (!growing->bytes) {
		growing->bytes = pages_from_kernel(room);
		growing->failed |= !growing->bytes;
	} else {
		moved = kernel_call4(SYS_mremap, growing->bytes, growing->room, room,
				     MREMAP_MAYMOVE);
		growing->failed |= moved < 0 && moved > -4096;
		if (!growing->failed)
			growing->bytes = (unsigned char *)moved;
	}
	if (!growing->failed)
		growing->room = room;
	return !growing->failed;
}

static inline bool growing_make_room(struct growing *growing, size_t count)
{
	size_t room = growing->room ? growing->room : 4096;

	while (room - growing->count < count)
		room *= 2;
	return !growing->failed && (room <= growing->room || growing_resize(growing, room));
}

/* Appends @count zero bytes and returns them; NULL if there is no memory. */
static inline void *growing_add(struct growing *growing, size_t count)
{
	bool has_room =
		growing->room - growing->count >= count && growing->room && !growing->failed;

	if (UNLIKELY(!has_room) && !growing_make_room(growing, count))
		return NULL;
	growing->count += count;
	return growing->bytes + growing->count - count;
}

static inline void growing_put(struct growing *growing, const void *bytes, size_t count)
{
	void *to = growing_add(growing, count);

	if (to)
		memcpy(to, bytes, count);
}

/* Returns the unused pages to the kernel. */
static inline void growing_finish(struct growing *growing)
{
	size_t room = (growing->count + 4095) & ~(size_t)4095;

	if (growing->bytes && room && room < growing->room)
		growing_resize(growing, room);
}

static inline void growing_free(struct growing *growing)
{
	if (growing->bytes)
		kernel_call2(SYS_munmap, growing->bytes, growing->room);
	*growing = (struct growing){0};
}

#endif
