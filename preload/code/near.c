#include "preload/code/near.h"

#include <sys/mman.h>

#include "base/kernel.h"
#include "preload/arch/arch.h"

#define STEP 0x10000ul
#define LONG_STEP 0x400000ul
#define TRIES_EACH_STEP 8u
#define LOWEST 0x10000ul /* the kernel maps nothing below */
/* A program that is not position independent lies below this; its heap grows
 * upwards behind it. */
#define LOW_END 0x80000000ul

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static void *try_at(uintptr_t address, size_t size_bytes)
{
	long got = kernel_call6(SYS_mmap, (long)address, (long)size_bytes, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (got == (long)address)
		return (void *)address;
	/* Kernels before 4.17 take the address as a hint. */
	if (got > 0)
		kernel_call2(SYS_munmap, got, size_bytes);
	return NULL;
}

/* Searches downwards from @highest for a block that begins at @lowest or above, in steps
 * that grow up to @longest_step. */
static void *search_down(uintptr_t highest, uintptr_t lowest, size_t size_bytes,
			 uintptr_t longest_step)
{
	uintptr_t step = STEP;
	unsigned int tries = 0;

	for (uintptr_t at = highest & ~(STEP - 1); at >= lowest; at -= step) {
		void *block = try_at(at, size_bytes);

		if (block)
			return block;
		if (++tries % TRIES_EACH_STEP == 0 && step < longest_step)
			step *= 2;
		if (at < step)
			break;
	}
	return NULL;
}

/* Blocks begin so far below their modules that the memory there is mostly free in each run, and so
 * far from each other that all still get the places that they had in another one: modules lie
 * a little nearer to each other, or less, as large ones are aligned. */
#define FAR_BYTES (1ul << 30)
#define BETWEEN_BYTES (4ul << 20)

/* The lowest block of each neighbourhood. */
#define NEIGHBOURHOODS 4u

static uintptr_t last_blocks[NEIGHBOURHOODS]; /* planning is serialised */

/* The row of @start's neighbourhood, or one that is free or the oldest. */
static uintptr_t *find_neighbourhood(uintptr_t start, uintptr_t lowest)
{
	static unsigned int oldest;

	for (unsigned int i = 0; i < NEIGHBOURHOODS; i++)
		if (last_blocks[i] < start && last_blocks[i] > lowest)
			return &last_blocks[i];
	last_blocks[oldest % NEIGHBOURHOODS] = 0;
	return &last_blocks[oldest++ % NEIGHBOURHOODS];
}

/* Searches below @start: first where the next block of this neighbourhood belongs, then all, where
 * each address that is tried costs a system call. */
static void *search_below(uintptr_t start, uintptr_t lowest, size_t size_bytes)
{
	uintptr_t *last = find_neighbourhood(start, lowest);
	uintptr_t end = *last ? *last - BETWEEN_BYTES : start - FAR_BYTES;
	void *block = NULL;

	if (end > lowest + size_bytes && end < start)
		block = search_down(end - size_bytes, lowest, size_bytes, LONG_STEP);
	if (!block)
		block = search_down(start - size_bytes, lowest, size_bytes, LONG_STEP);
	if (!block)
		block = search_down(start - size_bytes, lowest, size_bytes, STEP);
	if (block)
		*last = (uintptr_t)block;
	return block;
}

void *near_allocate(size_t size_bytes, uintptr_t start, uintptr_t end, uintptr_t wanted)
{
	uintptr_t lowest = end > JUMP_REACH + LOWEST ? end - JUMP_REACH : LOWEST;
	void *block = NULL;

	size_bytes = (size_bytes + 4095) & ~4095ul;
	if (size_bytes + (end - start) >= JUMP_REACH)
		return NULL;
	if (wanted >= lowest && wanted <= start + JUMP_REACH - size_bytes)
		block = try_at(wanted, size_bytes);
	if (!block && start >= LOW_END && start > size_bytes)
		block = search_below(start, lowest, size_bytes);
	return block ? block : search_down(start + JUMP_REACH - size_bytes, end, size_bytes, STEP);
}

bool near_seal(void *block, size_t size_bytes)
{
	size_bytes = (size_bytes + 4095) & ~4095ul;
	return kernel_call3(SYS_mprotect, block, size_bytes, PROT_READ | PROT_EXEC) == 0;
}

void near_free(void *block, size_t size_bytes)
{
	kernel_call2(SYS_munmap, block, (size_bytes + 4095) & ~4095ul);
}
