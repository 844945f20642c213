/*
 * Files that are mapped at several addresses, while threads use and unmap them: what is written
 * at one is read at the other, pieces are unmapped and mapped over, two mappings lie side by side
 * as a ring, and children have them, too.
 */
#include "../guest.h"

#include <stdatomic.h>
#include <sys/mman.h>

#define PAGE 4096
#define ROUNDS 60
#define THREADS 3

static int make_file(size_t size_bytes)
{
	int file = memfd_create("twins", MFD_CLOEXEC);

	CHECK(file >= 0);
	CHECK_IS(ftruncate(file, (off_t)size_bytes), 0);
	return file;
}

static char *map(void *wanted, size_t size_bytes, int file, off_t offset, int flags)
{
	char *mapped = mmap(wanted, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | flags, file,
			    offset);

	CHECK(mapped != MAP_FAILED);
	return mapped;
}

static void check_pieces(int round)
{
	int file = make_file(4 * PAGE);
	char *first = map(NULL, 4 * PAGE, file, 0, 0);
	char *second = map(NULL, 4 * PAGE, file, 0, 0);
	char *third = map(NULL, PAGE, file, 2 * PAGE, 0);

	memset(first, round, 4 * PAGE);
	CHECK_IS(second[3 * PAGE], (char)round);
	second[2 * PAGE + 5] = 7;
	CHECK_IS(third[5], 7);
	CHECK_IS(munmap(first + 2 * PAGE, PAGE), 0);
	third[6]++;
	CHECK_IS(second[2 * PAGE + 6], (char)(round + 1));
	CHECK_IS(first[3 * PAGE + 1], second[3 * PAGE + 1]);
	/* Other pages of the file come in its place. */
	map(first + PAGE, PAGE, file, 0, MAP_FIXED);
	__atomic_fetch_add((int *)(first + PAGE), 1, __ATOMIC_SEQ_CST);
	CHECK_IS(memcmp(first, first + PAGE, PAGE), 0);
	/* A home that cannot be read is used at the other address. */
	CHECK_IS(mprotect(first + 3 * PAGE, PAGE, PROT_NONE), 0);
	__atomic_fetch_add((int *)(second + 3 * PAGE), 1, __ATOMIC_SEQ_CST);
	__atomic_store_n((int *)(second + 3 * PAGE), round, __ATOMIC_SEQ_CST);
	CHECK_IS(munmap(first, 2 * PAGE), 0);
	CHECK_IS(munmap(first + 3 * PAGE, PAGE), 0);
	second = mremap(second, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	CHECK(second != MAP_FAILED);
	third[0] = 9;
	CHECK_IS(second[2 * PAGE], 9);
	CHECK_IS(munmap(third, PAGE), 0);
	CHECK_IS(munmap(second, 8 * PAGE), 0);
	CHECK_IS(close(file), 0);
}

static void check_ring(int round)
{
	int file = make_file(2 * PAGE);
	char *ring = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char text[64];

	CHECK(ring != MAP_FAILED);
	map(ring, 2 * PAGE, file, 0, MAP_FIXED);
	map(ring + 2 * PAGE, 2 * PAGE, file, 0, MAP_FIXED);
	/* Over the seam, by the C library and by vectors. */
	memset(text, round, sizeof(text));
	memcpy(ring + 2 * PAGE - 17, text, sizeof(text));
	CHECK_IS(memcmp(ring, text, sizeof(text) - 17), 0);
	for (int i = 0; i < 100; i++)
		ring[2 * PAGE - 50 + i] = (char)i;
	CHECK_IS(ring[49], 99);
	CHECK_IS(munmap(ring, 4 * PAGE), 0);
	CHECK_IS(close(file), 0);
}

static void *use(void *unused)
{
	for (int round = 0; round < ROUNDS; round++) {
		check_pieces(round);
		check_ring(round);
	}
	return unused;
}

static void check_child(void)
{
	int file = make_file(PAGE), status;
	atomic_int *first = (atomic_int *)map(NULL, PAGE, file, 0, 0);
	atomic_int *second = (atomic_int *)map(NULL, PAGE, file, 0, 0);
	pid_t child = fork();

	if (child == 0) {
		atomic_fetch_add(second, 2);
		_exit(atomic_load(first) != 2);
	}
	CHECK_IS(waitpid(child, &status, 0), child);
	CHECK_IS(status, 0);
	CHECK_IS(atomic_load(first), 2);
}

int main(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_create(&threads[i], NULL, use, NULL), 0);
	check_child();
	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_join(threads[i], NULL), 0);
	puts("all mappings are the file");
	return 0;
}
