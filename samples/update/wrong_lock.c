/*
 * One sum under two locks (lost-update).
 *
 * What happens: pages and downloads each count what they send, each under the
 * lock of their own table.  Both add to the same bytes_sent.
 *
 * Why it is wrong: every access is under a lock, but not under the same one.  A
 * lock keeps out only those who take it too, so these two are as good as
 * none.
 *
 * See it: snarl run ./wrong_lock
 * Both updates with their stacks: each is under a lock, but not the same one.
 *
 * Fix: one lock for one datum, named after it: clean_wrong_lock.c.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t page_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t download_lock = PTHREAD_MUTEX_INITIALIZER;
static int page_count, download_count;
static long bytes_sent;

static void *send_page(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&page_lock);
	page_count++;
	bytes_sent += 2000; /* HERE: page */
	pthread_mutex_unlock(&page_lock);
	return NULL;
}

static void *send_download(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&download_lock);
	download_count++;
	bytes_sent += 90000; /* HERE: download */
	pthread_mutex_unlock(&download_lock);
	return NULL;
}

int main(void)
{
	pthread_t pages, downloads;

	pthread_create(&pages, NULL, send_page, NULL);
	pthread_create(&downloads, NULL, send_download, NULL);
	pthread_join(pages, NULL);
	pthread_join(downloads, NULL);
	printf("%d page, %d download, %ld bytes\n", page_count, download_count, bytes_sent);
	return 0;
}
