#include "x86/survey/scratch.h"

#include <string.h>
#include <sys/syscall.h>

#include "base/arena.h"
#include "base/kernel.h"

#define ROOM_LEAST ((size_t)256 * 1024)
#define HEAD_BYTES ((sizeof(struct scratch_chunk) + 15) & ~(size_t)15)

static bool add_chunk(struct scratch *scratch, size_t size_bytes)
{
	size_t room = scratch->last ? 2 * scratch->last->room : ROOM_LEAST;
	struct scratch_chunk *chunk;

	while (room < HEAD_BYTES + size_bytes)
		room *= 2;
	chunk = pages_from_kernel(room);
	if (!chunk)
		return false;
	*chunk = (struct scratch_chunk){scratch->last, room, HEAD_BYTES};
	scratch->last = chunk;
	return true;
}

void *scratch_take(struct scratch *scratch, size_t size_bytes)
{
	size_t rounded = (size_bytes + 15) & ~(size_t)15;
	struct scratch_chunk *chunk = scratch->last;

	if ((!chunk || chunk->room - chunk->used < rounded) && !add_chunk(scratch, rounded))
		return NULL;
	chunk = scratch->last;
	chunk->used += rounded;
	return (char *)chunk + chunk->used - rounded;
}

void *scratch_take_zeroed(struct scratch *scratch, size_t size_bytes)
{
	void *block = scratch_take(scratch, size_bytes);

	if (block)
		memset(block, 0, size_bytes);
	return block;
}

struct scratch_mark scratch_mark(const struct scratch *scratch)
{
	return (struct scratch_mark){scratch->last, scratch->last ? scratch->last->used : 0};
}

static void drop_chunk(struct scratch *scratch)
{
	struct scratch_chunk *chunk = scratch->last;

	scratch->last = chunk->before;
	kernel_call2(SYS_munmap, chunk, chunk->room);
}

/* Keeps the last chunk, which is the largest, if no other is in use. */
void scratch_release(struct scratch *scratch, struct scratch_mark mark)
{
	bool is_all = !mark.last || (!mark.last->before && mark.used == HEAD_BYTES);
	struct scratch_chunk *largest = scratch->last, *chunk;

	if (is_all && largest) {
		while ((chunk = largest->before)) {
			largest->before = chunk->before;
			kernel_call2(SYS_munmap, chunk, chunk->room);
		}
		largest->used = HEAD_BYTES;
		return;
	}
	while (scratch->last != mark.last)
		drop_chunk(scratch);
	if (scratch->last)
		scratch->last->used = mark.used;
}

void scratch_free(struct scratch *scratch)
{
	while (scratch->last)
		drop_chunk(scratch);
}
