/*
 * Memory with locks that nobody holds any more, or that are others': released before the free;
 * held in a block that is resized in its place; held in another mapping of the same memory; held
 * over a fork, whose child frees.
 */
#include <sys/mman.h>

#include "../guest.h"

static void init_shared(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attributes;

	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	CHECK_IS(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_mutex_init(lock, &attributes), 0);
}

static void *map(int file)
{
	void *memory = mmap(NULL, sizeof(pthread_mutex_t), PROT_READ | PROT_WRITE, MAP_SHARED, file,
			    0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

static void *lock_once(void *lock)
{
	CHECK_IS(pthread_mutex_lock(lock), 0);
	CHECK_IS(pthread_mutex_unlock(lock), 0);
	return NULL;
}

static pthread_mutex_t *make_lock(size_t size_bytes)
{
	pthread_mutex_t *lock = malloc(size_bytes);

	CHECK_IS(pthread_mutex_init(lock, NULL), 0);
	guest_run_in_thread(lock_once, lock);
	return lock;
}

static void free_released(void)
{
	pthread_mutex_t *lock = make_lock(sizeof(*lock));

	lock_once(lock);
	free(lock);
}

static void resize_locked(void)
{
	pthread_mutex_t *lock = make_lock(4 * sizeof(*lock));

	CHECK_IS(pthread_mutex_lock(lock), 0);
	CHECK(realloc(lock, 3 * sizeof(*lock)) == lock);
	CHECK_IS(pthread_mutex_unlock(lock), 0);
	free(lock);
}

static void unmap_one_of_two(void)
{
	int file = memfd_create("lock", MFD_CLOEXEC);
	pthread_mutex_t *lock, *same;

	CHECK_IS(ftruncate(file, sizeof(*lock)), 0);
	lock = map(file);
	same = map(file);
	init_shared(lock);
	CHECK_IS(pthread_mutex_lock(lock), 0);
	CHECK_IS(munmap(lock, sizeof(*lock)), 0);
	CHECK_IS(pthread_mutex_unlock(same), 0);
	CHECK_IS(munmap(same, sizeof(*same)), 0);
	CHECK_IS(close(file), 0);
}

static void free_in_child(void)
{
	pthread_mutex_t *lock = make_lock(sizeof(*lock));
	pid_t child;

	CHECK_IS(pthread_mutex_lock(lock), 0);
	child = fork();
	if (child == 0) {
		free(lock);
		_exit(0);
	}
	CHECK_IS(guest_wait_for(child), 0);
	CHECK_IS(pthread_mutex_unlock(lock), 0);
	free(lock);
}

int main(void)
{
	free_released();
	resize_locked();
	unmap_one_of_two();
	free_in_child();
	return guest_passed();
}
