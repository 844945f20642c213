/*
 * The program brings its own malloc, which locks a pthread mutex and counts.
 * Nothing else may allocate while the program only locks, and nothing that
 * watches the lock may call malloc again.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <malloc.h>

#define HEAP_BYTES (64u << 20)

static pthread_mutex_t heap_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static char heap[HEAP_BYTES] __attribute__((aligned(4096)));
static size_t used_bytes;
static __thread int is_inside;
static unsigned call_count;

/* A block is preceded by its size; nothing is given back. */
static void *allocate_block(size_t alignment, size_t size)
{
	size_t start;

	if (is_inside)
		guest_fail(__FILE__, __LINE__, "malloc was entered again");
	CHECK_IS(pthread_mutex_lock(&heap_lock), 0);
	is_inside = 1;
	call_count++;
	start = (used_bytes + 16 + alignment - 1) & ~(alignment - 1);
	if (size > HEAP_BYTES || start + size > HEAP_BYTES) {
		is_inside = 0;
		CHECK_IS(pthread_mutex_unlock(&heap_lock), 0);
		errno = ENOMEM;
		return NULL;
	}
	used_bytes = start + size;
	memcpy(heap + start - sizeof(size), &size, sizeof(size));
	is_inside = 0;
	CHECK_IS(pthread_mutex_unlock(&heap_lock), 0);
	return heap + start;
}

void *malloc(size_t size)
{
	return allocate_block(16, size);
}

void free(void *block)
{
	(void)block;
}

void *calloc(size_t count, size_t size)
{
	/* The heap is zero and never used twice. */
	return allocate_block(16, count * size);
}

void *realloc(void *block, size_t size)
{
	size_t old_size = 0;
	void *copy = allocate_block(16, size);

	if (block && copy) {
		memcpy(&old_size, (char *)block - sizeof(old_size), sizeof(old_size));
		memcpy(copy, block, old_size < size ? old_size : size);
	}
	return copy;
}

void *memalign(size_t alignment, size_t size)
{
	return allocate_block(alignment < 16 ? 16 : alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	*block = memalign(alignment, size);
	return *block ? 0 : ENOMEM;
}

static void *lock_many_times(void *unused)
{
	struct timespec past = {1, 0};
	int i;

	for (i = 0; i < 1000; i++) {
		CHECK_IS(pthread_mutex_lock(&other), 0);
		CHECK_IS(pthread_cond_timedwait(&condition, &other, &past), ETIMEDOUT);
		CHECK_IS(pthread_mutex_unlock(&other), 0);
	}
	return unused;
}

static void *allocate_and_lock(void *unused)
{
	char *blocks[100];
	int i;

	for (i = 0; i < 100; i++) {
		blocks[i] = malloc((size_t)i * 10);
		CHECK(blocks[i] != NULL);
		memset(blocks[i], i, (size_t)i * 10);
	}
	lock_many_times(NULL);
	for (i = 0; i < 100; i++) {
		blocks[i] = realloc(blocks[i], (size_t)i * 20 + 1);
		CHECK(!i || blocks[i][i * 10 - 1] == i);
		free(blocks[i]);
	}
	return unused;
}

int main(void)
{
	pthread_t threads[4];
	unsigned before;
	int i;

	before = call_count;
	lock_many_times(NULL);
	CHECK_IS(call_count - before, 0);
	for (i = 0; i < 4; i++)
		threads[i] = guest_start(allocate_and_lock, NULL);
	for (i = 0; i < 4; i++)
		guest_join(threads[i]);
	before = call_count;
	lock_many_times(NULL);
	CHECK_IS(call_count - before, 0);
	return guest_passed();
}
