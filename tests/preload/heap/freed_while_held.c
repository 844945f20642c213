/*
 * Memory of a mutex that is held: freed by its holder, which deletes itself; by another
 * thread; unmapped.
 *
 * snarl-expect: status=66 kinds=destroy-locked
 * guest-run: self
 * guest-run: other
 * guest-run: unmapped
 */
#include <sys/mman.h>

#include "../guest.h"

struct object {
	pthread_mutex_t lock;
	int user_count;
};

static pthread_barrier_t is_locked, is_gone;

static void begin(struct object *object)
{
	CHECK_IS(pthread_mutex_init(&object->lock, NULL), 0);
	object->user_count = 1;
}

static void *lock_for_ever(void *argument)
{
	struct object *object = argument;

	CHECK_IS(pthread_mutex_lock(&object->lock), 0);
	pthread_barrier_wait(&is_locked);
	pthread_barrier_wait(&is_gone);
	return NULL;
}

static void drop_last_user(struct object *object)
{
	CHECK_IS(pthread_mutex_lock(&object->lock), 0);
	if (--object->user_count == 0)
		free(object);
	else
		CHECK_IS(pthread_mutex_unlock(&object->lock), 0);
}

static void free_locked_by_other(struct object *object)
{
	pthread_t thread = guest_start(lock_for_ever, object);

	pthread_barrier_wait(&is_locked);
	free(object);
	pthread_barrier_wait(&is_gone);
	guest_join(thread);
}

static void unmap_locked(void)
{
	struct object *object = mmap(NULL, sizeof(*object), PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(object != MAP_FAILED);
	begin(object);
	CHECK_IS(pthread_mutex_lock(&object->lock), 0);
	CHECK_IS(munmap(object, sizeof(*object)), 0);
}

int main(int argument_count, char **arguments)
{
	struct object *object = malloc(sizeof(*object));

	CHECK_IS(argument_count, 2);
	CHECK_IS(pthread_barrier_init(&is_locked, NULL, 2), 0);
	CHECK_IS(pthread_barrier_init(&is_gone, NULL, 2), 0);
	begin(object);
	if (strcmp(arguments[1], "self") == 0) {
		drop_last_user(object);
	} else if (strcmp(arguments[1], "other") == 0) {
		free_locked_by_other(object);
	} else {
		free(object);
		unmap_locked();
	}
	return guest_passed();
}
