/*
 * A reader that reads again while a writer waits (deadlock, rwlock).
 *
 * What happens: show_page() holds the lock for reading and calls show_title(),
 * which read-locks again.  In between a writer has queued up.  This lock lets
 * waiting writers go first, so the second read waits for the writer, and the
 * writer waits for the first read.
 *
 * Why: a read lock of a writer-preferring rwlock is not recursive.  The same
 * code works with glibc's default kind, and on every day without a writer.
 *
 * See it: snarl run ./recursive_read
 * The reader's two stacks and the writer's; without a writer in between snarl
 * says read-recursion instead.
 *
 * Fix: read-lock once.  clean_recursive_read.c gives show_title() no lock of
 * its own, since its caller holds it.
 */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_rwlock_t page_lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int page_version = 1;
static int shown_version, shown_title;
static sem_t reader_is_in, writer_may_come, writer_waits;

static void show_title(void)
{
	pthread_rwlock_rdlock(&page_lock); /* HERE: read_again */
	shown_title = page_version;
	pthread_rwlock_unlock(&page_lock);
}

static void *show_page(void *unused)
{
	(void)unused;
	pthread_rwlock_rdlock(&page_lock); /* HERE: read_first */
	sem_post(&reader_is_in);
	sem_wait(&writer_waits);
	shown_version = page_version;
	show_title(); /* HERE: nested */
	pthread_rwlock_unlock(&page_lock);
	return NULL;
}

static void *edit_page(void *unused)
{
	(void)unused;
	sem_wait(&writer_may_come);
	pthread_rwlock_wrlock(&page_lock); /* HERE: write */
	page_version++;
	pthread_rwlock_unlock(&page_lock);
	return NULL;
}

int main(void)
{
	pthread_t reader, writer;

	sem_init(&reader_is_in, 0, 0);
	sem_init(&writer_may_come, 0, 0);
	sem_init(&writer_waits, 0, 0);
	pthread_create(&reader, NULL, show_page, NULL);
	pthread_create(&writer, NULL, edit_page, NULL);
	sem_wait(&reader_is_in);
	sem_post(&writer_may_come);
	/* A try to read is refused from the moment a writer waits. */
	while (pthread_rwlock_tryrdlock(&page_lock) == 0) {
		pthread_rwlock_unlock(&page_lock);
		sched_yield();
	}
	sem_post(&writer_waits);
	pthread_join(reader, NULL);
	pthread_join(writer, NULL);
	printf("shown %d under title %d, now %d\n", shown_version, shown_title, page_version);
	return 0;
}
