/*
 * RULES, 'Happens-before': the end of memory that atomic operations access.
 */
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases.h"

/* Not what the allocator keeps of a free block. */
static void *freed_count(void *block)
{
	__atomic_fetch_add((long *)block + 4, 1, __ATOMIC_ACQ_REL);
	return NULL;
}

static void *freed_free(void *block)
{
	await_first();
	free(block);
	return NULL;
}

static void freed_case(void)
{
	long *block = calloc(8, sizeof *block);

	MUST(block);
	run_both(freed_count, freed_free, block);
}

#define PAGE_BYTES 4096

static void *map_page(void)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);

	MUST(page != MAP_FAILED);
	return page;
}

static pid_t unmapped_counter;

static void *unmapped_count(void *page)
{
	__atomic_exchange_n(&unmapped_counter, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	__atomic_fetch_add((long *)page, 1, __ATOMIC_ACQ_REL);
	return NULL;
}

/* Waits for the end of the other thread, as the kernel tells: that orders nothing. */
static void *unmapped_end(void *page)
{
	char path[64];
	pid_t id;

	while ((id = __atomic_load_n(&unmapped_counter, __ATOMIC_ACQUIRE)) == 0)
		sched_yield();
	(void)snprintf(path, sizeof path, "/proc/self/task/%d", (int)id);
	while (access(path, F_OK) == 0)
		sched_yield();
	munmap(page, PAGE_BYTES);
	return NULL;
}

static void unmapped_case(void)
{
	run_both(unmapped_count, unmapped_end, map_page());
}

static void *unmapped_later_count(void *page)
{
	__atomic_fetch_add((long *)page, 1, __ATOMIC_ACQ_REL);
	return NULL;
}

static void unmapped_later_case(void)
{
	void *page = map_page();

	run_both(unmapped_later_count, unmapped_later_count, page);
	munmap(page, PAGE_BYTES);
}

static void *counted_drop(void *block)
{
	long *count = block;

	if (__atomic_fetch_sub(count, 1, __ATOMIC_ACQ_REL) == 1)
		free(count);
	return NULL;
}

static void counted_case(void)
{
	long *block = calloc(8, sizeof *block);

	MUST(block);
	*block = 2;
	run_both(counted_drop, counted_drop, block);
}

static const struct race_case cases[] = {
	CASE(freed, "data-race:error"),
	CASE(unmapped, "data-race:error"),
	CASE(unmapped_later, "silent"),
	CASE(counted, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
