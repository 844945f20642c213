/*
 * Mappings made and removed by several threads in turn: memory at a reused address
 * begins a new life, so nothing is a race.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <sys/mman.h>

#define PAGE 4096u
#define PAGES 200u

static char *place; /* handed over by creation and joining of threads */

static void *map_at_place(void *size)
{
	char *mapped = mmap(place, (size_t)size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | (place ? MAP_FIXED : 0), -1, 0);
	size_t i;

	CHECK(mapped != MAP_FAILED);
	CHECK(!place || mapped == place);
	place = mapped;
	for (i = 0; i < (size_t)size; i += PAGE) {
		CHECK(mapped[i] == 0);
		mapped[i] = (char)(i / PAGE);
	}
	return NULL;
}

static void *unmap_place(void *size)
{
	CHECK_IS(munmap(place, (size_t)size), 0);
	return NULL;
}

static void *forget_place(void *size)
{
	CHECK_IS(madvise(place, (size_t)size, MADV_DONTNEED), 0);
	CHECK(place[0] == 0);
	place[PAGE] = 3;
	return NULL;
}

static void move_mapping(void)
{
	char *old =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved, *smaller;

	strcpy(old, "moved");
	moved = mremap(old, 4 * PAGE, PAGES * PAGE, MREMAP_MAYMOVE);
	CHECK(moved != MAP_FAILED);
	CHECK(strcmp(moved, "moved") == 0);
	moved[PAGES * PAGE - 1] = 1;
	smaller = mremap(moved, PAGES * PAGE, PAGE, 0);
	CHECK(smaller == moved);
	errno = 0;
	CHECK(mremap(moved, PAGE, PAGE, MREMAP_FIXED) == MAP_FAILED);
	CHECK_IS(errno, EINVAL);
	CHECK_IS(munmap(moved, PAGE), 0);
	CHECK_FAILS(munmap((void *)1, PAGE), EINVAL);
	errno = 0;
	CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK_IS(errno, EINVAL);
	CHECK_FAILS(madvise((void *)1, PAGE, MADV_DONTNEED), EINVAL);
}

static void move_break(void)
{
	char *start = sbrk(0), *old;

	old = sbrk(3 * PAGE);
	CHECK(old >= start);
	old[0] = 1;
	old[3 * PAGE - 1] = 2;
	CHECK(sbrk(-(long)PAGE) == old + 3 * PAGE);
	CHECK(sbrk(0) == old + 2 * PAGE);
	CHECK_IS(brk(old + PAGE), 0);
	CHECK(sbrk(0) == old + PAGE);
}

static void *move_all(void *unused)
{
	move_mapping();
	return unused;
}

int main(void)
{
	static const size_t sizes[] = {PAGES * PAGE, 2 * PAGE};
	unsigned i, turn;

	for (i = 0; i < 2; i++) {
		void *size = (void *)sizes[i];

		place = NULL;
		for (turn = 0; turn < 3; turn++) {
			guest_run_in_thread(map_at_place, size);
			CHECK(place[PAGE] == 1);
			guest_run_in_thread(map_at_place, size);
			guest_run_in_thread(forget_place, size);
			guest_run_in_thread(unmap_place, size);
		}
	}
	move_all(NULL);
	guest_run_in_thread(move_all, NULL);
	move_break();
	return guest_passed();
}
